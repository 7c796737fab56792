import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_models.verify import VerifyError, read, verify


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def link_to_a_copy(path: Path) -> None:
    path.rename(path.with_name("copy"))
    path.symlink_to("copy")


def make_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def make_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = [
    pytest.param(Path.unlink, "missing", id="file-missing"),
    pytest.param(lambda path: path.write_bytes(b"weight"), "bytes instead of", id="file-cut"),
    pytest.param(lambda path: path.write_bytes(b"weights!"), "bytes instead of", id="file-longer"),
    pytest.param(flip_a_bit, "SHA-256", id="one-bit-flipped"),
    pytest.param(link_to_a_copy, "regular file", id="link-to-the-right-content"),
    pytest.param(make_a_folder, "regular file", id="folder-in-its-place"),
    pytest.param(make_a_pipe, "regular file", id="pipe-in-its-place"),
]


def test_a_whole_model_passes(model: Path) -> None:
    assert verify(model) == Manifest.load(model)


def test_a_file_that_no_manifest_names_is_not_looked_at(model: Path) -> None:
    (model / "card.md").write_text("# tiny")
    assert verify(model).name == "tiny"


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_a_damaged_file_is_refused_in_one_line_with_the_remedy(
    model: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(model / "model.bin")
    with pytest.raises(VerifyError) as caught:
        verify(model)
    message = str(caught.value)
    assert said in message
    assert "model.bin" in message
    assert "\n" not in message
    assert message.endswith("fetch or convert the model again")


@pytest.mark.parametrize(("damage", "said"), DAMAGES)
def test_what_is_damaged_is_not_read(
    model: Path, damage: Callable[[Path], None], said: str
) -> None:
    manifest = Manifest.load(model)
    damage(model / "model.bin")
    with pytest.raises(VerifyError, match=said):
        read(model, manifest, ["source.spm", "model.bin"])


def test_two_files_swapped_are_refused(model: Path) -> None:
    (model / "model.bin").write_bytes(b"pieces")
    (model / "source.spm").write_bytes(b"weights")
    with pytest.raises(VerifyError):
        verify(model)


def test_reading_gives_the_bytes_by_name(model: Path) -> None:
    names = ["empty.json", "model.bin"]
    assert read(model, Manifest.load(model), names) == {"empty.json": b"", "model.bin": b"weights"}


def test_a_file_outside_the_manifest_is_never_read(model: Path) -> None:
    (model / "target.spm").write_bytes(b"pieces")
    with pytest.raises(VerifyError, match=r"does not name target\.spm"):
        read(model, Manifest.load(model), ["target.spm"])


def test_the_embedded_model_is_what_its_manifest_says() -> None:
    manifest = verify(store.embedded())
    assert manifest.name == store.EMBEDDED_NAME
    assert manifest.int8_range == 63
    assert {score.metric for score in manifest.scores} == {"BLEU", "chrF2"}
