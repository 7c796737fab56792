import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.tiny import marian_arrays, tiny, write_release
from mujaz_models.convert import ConvertError, unpack_archive
from mujaz_models.convert.npz import read_npz
from mujaz_models.convert.release import read_release

Build = Callable[[zipfile.ZipFile], None]


def _named(*names: str) -> Build:
    def build(archive: zipfile.ZipFile) -> None:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"x")

    return build


def _mode(mode: int) -> Build:
    def build(archive: zipfile.ZipFile) -> None:
        member = zipfile.ZipInfo("decoder.yml")
        member.external_attr = mode << 16
        archive.writestr(member, b"/etc/passwd")

    return build


def _bomb(archive: zipfile.ZipFile) -> None:
    archive.writestr("model.npz", bytes(64 << 20), zipfile.ZIP_DEFLATED)


def _many(archive: zipfile.ZipFile) -> None:
    for number in range(1001):
        archive.writestr(f"{number}.yml", b"")


def _bzip2(archive: zipfile.ZipFile) -> None:
    archive.writestr("decoder.yml", b"models: []", zipfile.ZIP_BZIP2)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        pytest.param(_named("../decoder.yml"), "does not stay", id="a parent folder"),
        pytest.param(_named("a/../../decoder.yml"), "does not stay", id="a parent further in"),
        pytest.param(_named("/etc/decoder.yml"), "does not stay", id="an absolute path"),
        pytest.param(_named("a\\..\\decoder.yml"), "does not stay", id="backslashes"),
        pytest.param(_named("C:decoder.yml"), "does not stay", id="a drive"),
        pytest.param(_named("a\nb.yml"), "does not stay", id="a line break in a name"),
        pytest.param(_named("source.spm:evil.spm"), "no file name", id="an alternate stream"),
        pytest.param(_mode(stat.S_IFLNK | 0o777), "is a link", id="a symbolic link"),
        pytest.param(_mode(stat.S_IFIFO | 0o666), "is a link or a device", id="a pipe"),
        pytest.param(_mode(stat.S_IFCHR | 0o666), "is a link or a device", id="a device"),
        pytest.param(_named("a.yml", "A.YML"), "one name", id="names that differ in case"),
        pytest.param(
            _named("\N{LATIN SMALL LETTER E WITH ACUTE}.yml", "e\N{COMBINING ACUTE ACCENT}.yml"),
            "one name",
            id="names that differ in normal form",
        ),
        pytest.param(_named("a/x.yml", "b/x.yml"), "one name", id="one name in two folders"),
        pytest.param(_bomb, "grows from", id="a bomb"),
        pytest.param(_many, "1001 members are more", id="a thousand and one members"),
        pytest.param(_bzip2, "unusual method", id="an unusual compression"),
    ],
)
def test_hostile_archives_are_refused_before_anything_is_unpacked(
    build: Build, message: str, tmp_path: Path
) -> None:
    archive = tmp_path / "release.zip"
    with zipfile.ZipFile(archive, "w") as written:
        build(written)
    _refused(archive, message, tmp_path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "release.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("decoder.yml", b"one")
        written.writestr("decoder.yml", b"two")
    _refused(archive, "one name", tmp_path)


def _header(offset: int, value: int, form: str = "<H") -> Callable[[bytearray], None]:
    """Change a field of the first entry of the central directory."""

    def change(content: bytearray) -> None:
        struct.pack_into(form, content, content.index(b"PK\x01\x02") + offset, value)

    return change


def _damage(content: bytearray) -> None:
    content[60] ^= 0xFF


def _truncate(content: bytearray) -> None:
    del content[-30:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(_header(8, 1), "is encrypted", id="encrypted"),
        pytest.param(_header(24, 1 << 30, "<I"), "grows from", id="a size that is a lie"),
        pytest.param(_header(24, 5000, "<I"), "is damaged", id="a size a little too large"),
        pytest.param(_damage, "is damaged", id="a flipped byte"),
        pytest.param(_truncate, "is not a ZIP archive", id="cut off"),
        pytest.param(bytearray.clear, "is not a ZIP archive", id="empty"),
    ],
)
def test_damaged_archives_are_refused(
    change: Callable[[bytearray], None], message: str, tmp_path: Path
) -> None:
    archive = tmp_path / "release.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("decoder.yml", os.urandom(4000))
    content = bytearray(archive.read_bytes())
    change(content)
    archive.write_bytes(content)
    with pytest.raises(ConvertError) as caught:
        unpack_archive(archive, tmp_path / "unpacked")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def _refused(archive: Path, message: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConvertError) as caught:
        unpack_archive(archive, tmp_path / "unpacked")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "unpacked"])


def _npz(path: Path, arrays: dict[str, NDArray[np.generic]]) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type] # numpy's stubs
    return path


class _Trap:
    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("sprung"),)


def test_a_pickle_in_the_weights_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = _npz(tmp_path / "model.npz", {"Wemb": np.array([_Trap()], object)})
    with pytest.raises(ConvertError, match=r"model\.npz: 'Wemb' is refused: it is a pickle"):
        read_npz(path)
    assert not Path("sprung").exists()


def _raw(content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("Wemb.npy", content)
    return written.getvalue()


def _npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"not numpy", "is refused", id="no array"),
        pytest.param(
            _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1 << 40,)}"),
            "is refused",
            id="a shape that is a program",
        ),
        pytest.param(
            _npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1099511627776,)}"),
            "0 bytes for its shape",
            id="a shape beyond its bytes",
        ),
        pytest.param(
            _npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", bytes(16)),
            "not numbers",
            id="texts",
        ),
    ],
)
def test_arrays_that_are_none_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    path.write_bytes(_raw(content))
    with pytest.raises(ConvertError) as caught:
        read_npz(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


Change = Callable[[Path], object]


def _arrays(change: Callable[[dict[str, NDArray[np.generic]]], object]) -> Change:
    def spoil(folder: Path) -> None:
        arrays = marian_arrays(tiny(joint=False, activation="swish"))
        change(arrays)
        _npz(folder / "model.npz", arrays)

    return spoil


def _decoder(text: str) -> Change:
    return lambda folder: (folder / "decoder.yml").write_text(text)


def _marian(old: str, new: str) -> Change:
    def change(arrays: dict[str, NDArray[np.generic]]) -> None:
        config = arrays["special:model.yml"].tobytes().decode().replace(old, new)
        arrays["special:model.yml"] = np.frombuffer(config.encode(), np.int8)

    return _arrays(change)


_PAIR = "vocabs: [source.vocab.yml, target.vocab.yml]"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(lambda f: (f / "decoder.yml").unlink(), "lacks decoder.yml", id="no decoder"),
        pytest.param(lambda f: (f / "target.spm").unlink(), "lacks target.spm", id="no pieces"),
        pytest.param(_decoder("[]"), "not a YAML mapping", id="a decoder of a list"),
        pytest.param(_decoder("a: [b"), "is not YAML", id="a decoder cut off"),
        pytest.param(
            _decoder(f"models: !!python/name:os.system\n{_PAIR}"), "is not YAML", id="a program"
        ),
        pytest.param(
            _decoder(f"models: [model.npz, model.npz]\n{_PAIR}"), "a list of 1", id="an ensemble"
        ),
        pytest.param(_decoder("models: [model.npz]"), "a list of 2", id="no vocabularies"),
        pytest.param(
            _decoder(f"models: [../../other.npz]\n{_PAIR}"), "lacks other.npz", id="elsewhere"
        ),
        pytest.param(_arrays(lambda a: a.pop("special:model.yml")), "special:", id="no settings"),
        pytest.param(_arrays(lambda a: a.pop("decoder_l2_context_Wk")), "Wk", id="no weight"),
        pytest.param(
            _arrays(lambda a: a.update(encoder_Wemb=np.zeros((3, 32), np.float32))),
            "has shape (3, 32)",
            id="a wrong shape",
        ),
        pytest.param(
            _arrays(lambda a: a.update(encoder_Wemb=np.zeros((3, 32)))),
            "float64",
            id="a wrong type",
        ),
        pytest.param(_marian('"dan"', '"da"'), "transformer-postprocess", id="no normalization"),
        pytest.param(_marian('"swish"', '"mish"'), "none of relu", id="an unknown activation"),
        pytest.param(_marian('"d"', '"nd"'), "normalized embeddings", id="normalized embeddings"),
        pytest.param(_marian('"transformer"', '"s2s"'), "type is 's2s'", id="another architecture"),
        pytest.param(_marian('heads": 4', 'heads": 5'), "5 heads do not", id="heads"),
    ],
)
def test_releases_that_cannot_be_read_are_refused_in_one_line(
    spoil: Change, message: str, tmp_path: Path
) -> None:
    write_release(tiny(joint=False, activation="swish"), tmp_path / "release.zip")
    unpack_archive(tmp_path / "release.zip", tmp_path / "release")
    spoil(tmp_path / "release")
    with pytest.raises(ConvertError) as caught:
        read_release(tmp_path / "release")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_what_is_needed_is_unpacked(tmp_path: Path) -> None:
    write_release(tiny(joint=True, activation="swish"), tmp_path / "release.zip")
    with zipfile.ZipFile(tmp_path / "release.zip", "a") as archive:
        archive.writestr("preprocess.sh", "#!/bin/sh")
        archive.writestr("old/", b"")
    unpack_archive(tmp_path / "release.zip", tmp_path / "release")
    assert {path.name for path in (tmp_path / "release").iterdir()} == {
        "README.md",
        "decoder.yml",
        "model.npz",
        "model.vocab.yml",
        "source.spm",
        "target.spm",
    }
