import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.conftest import write_model
from models.tiny import Tiny, tiny, write_checkpoint, write_release
from mujaz_models import store
from mujaz_models.cli import main
from mujaz_models.convert import folder
from mujaz_models.manifest import Manifest, hash_file
from mujaz_models.verify import verify


@pytest.fixture
def model() -> Tiny:
    return tiny(joint=True, activation="swish")


@pytest.fixture
def checkpoint(model: Tiny, tmp_path: Path) -> Path:
    return write_checkpoint(model, tmp_path / "checkpoint")


def run(source: Path, *more: str, name: str = "tiny") -> int:
    return main(["import", str(source), "--name", name, "--license", "MIT", *more])


def tree(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


def test_a_checkpoint_comes_into_the_store(
    checkpoint: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(checkpoint) == 0
    manifest = verify(store.find("tiny"))
    assert (manifest.source_language, manifest.target_language) == ("ar", "en")
    assert (manifest.license, manifest.int8_range) == ("MIT", 63)
    assert manifest.provenance["imported"] == "checkpoint"
    assert "tiny: int8 within ±63" in capsys.readouterr().out
    assert [path.name for path in (home / "models").iterdir()] == ["tiny"]


def test_a_model_is_trimmed_unless_it_is_to_keep_all_its_pieces(
    checkpoint: Path, home: Path
) -> None:
    assert run(checkpoint) == 0
    assert run(checkpoint, "--no-trim", name="whole") == 0
    trimmed, whole = (verify(home / "models" / name) for name in ("tiny", "whole"))
    assert trimmed.provenance["trimmed"]["target"]["kept"] > 0
    assert "target_vocabulary.json" in trimmed.files
    assert whole.provenance["trimmed"] is None
    assert "shared_vocabulary.json" in whole.files


def test_a_release_comes_into_the_store(model: Tiny, home: Path, tmp_path: Path) -> None:
    archive = write_release(model, tmp_path / "release.zip")
    languages = ("--source-language", "ar", "--target-language", "en")
    assert run(archive, *languages, "--int8-range", "full", "--prefix", "▁") == 0
    manifest = verify(store.find("tiny"))
    assert manifest.provenance["archive_sha256"] == hash_file(archive).sha256
    assert (manifest.int8_range, manifest.source_prefix) == (127, ("▁",))
    assert [path.name for path in (home / "models").iterdir()] == ["tiny"]


def test_a_release_does_not_name_its_languages(
    model: Tiny, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = write_release(model, tmp_path / "release.zip")
    assert run(archive) == 1
    assert "use --source-language" in capsys.readouterr().err
    assert tree(home) == {}


def test_a_model_in_the_store_is_not_replaced_unasked(
    checkpoint: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_model(home / "models" / "tiny")
    before = tree(home)
    assert run(checkpoint) == 1
    assert "replace it with --replace" in capsys.readouterr().err
    assert tree(home) == before
    assert run(checkpoint, "--replace") == 0
    assert Manifest.load(store.find("tiny")).quantization == "int8"
    assert [path.name for path in (home / "models").iterdir()] == ["tiny"]


def test_the_embedded_model_is_never_replaced(
    checkpoint: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(checkpoint, "--replace", name="starter") == 1
    assert "comes with mujaz" in capsys.readouterr().err
    assert not home.exists()


def _fails(*_: object, **__: object) -> object:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("replace", [False, True], ids=["new", "replacing"])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        pytest.param(folder, "build", id="while the weights are built"),
        pytest.param(folder, "measure", id="while the manifest is made"),
        pytest.param(folder, "prove", id="while it is proved"),
        pytest.param(folder, "_write_card", id="while the card is written"),
        pytest.param(store, "_sync", id="while it is written through"),
    ],
)
def test_an_import_that_fails_leaves_the_store_as_it_was(
    *,
    owner: object,
    name: str,
    replace: bool,
    checkpoint: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_model(home / "models" / "other", "other")
    if replace:
        write_model(home / "models" / "tiny")
    before = tree(home)
    monkeypatch.setattr(owner, name, _fails)
    assert run(checkpoint, *(["--replace"] if replace else [])) == 1
    assert tree(home) == before
    assert sorted(path.name for path in (home / "models").iterdir()) == sorted(
        {Path(path).parts[1] for path in before}
    )
    assert "No space left" in capsys.readouterr().err


def test_a_rename_that_fails_puts_the_old_model_back(
    checkpoint: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(home / "models" / "tiny")
    before = tree(home)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if target == home / "models" / "tiny" and self.parent.name.startswith(".staging"):
            monkeypatch.undo()
            monkeypatch.setenv("MUJAZ_HOME", str(home))
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    assert run(checkpoint, "--replace") == 1
    assert tree(home) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        pytest.param(["--golden", "none.tsv"], "none.tsv", id="no golden sentences"),
        pytest.param(["--prefix", ">>eng<<"], ">>eng<<", id="an unknown prefix"),
        pytest.param(["--name", "../tiny"], "../tiny", id="a name that leaves the store"),
        pytest.param(["--name", "Tiny"], "Tiny", id="a name with capitals"),
        pytest.param(["--license", ""], "license", id="no licence"),
    ],
)
def test_a_wrong_wish_fails_in_one_line(
    more: list[str],
    message: str,
    checkpoint: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(checkpoint, *more) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert tree(home) == {}
    assert not list(home.parent.glob("tiny*"))


def test_golden_sentences_under_the_floor_are_told(
    checkpoint: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "golden.tsv").write_text("قال المتحدث\tThe spokesman said\n", encoding="utf-8")
    assert run(checkpoint, "--golden", str(tmp_path / "golden.tsv"), "--floor", "90") == 1
    assert "under the floor of 90" in capsys.readouterr().err
    assert tree(home) == {}


@pytest.mark.parametrize("content", ["", "one\n", "a\tb\tc\n", "a\t\n"])
def test_golden_sentences_are_pairs(
    content: str, checkpoint: Path, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "golden.tsv").write_text(content)
    assert run(checkpoint, "--golden", str(tmp_path / "golden.tsv")) == 1
    assert "source, tab and reference" in capsys.readouterr().err
    assert tree(home) == {}


def test_a_path_that_is_not_there_is_told(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path / "none") == 1
    assert "does not exist" in capsys.readouterr().err
    assert not home.exists()


def test_a_file_that_is_no_archive_is_refused(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "release.zip").write_bytes(b"none")
    assert run(tmp_path / "release.zip") == 1
    assert "is not a ZIP archive" in capsys.readouterr().err
    assert tree(home) == {}


@pytest.mark.parametrize("missing", ["ctranslate2", "yaml", "numpy"])
def test_without_the_extra_the_command_says_what_to_install(
    missing: str, checkpoint: Path, home: Path
) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from mujaz_models.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "import", str(checkpoint), "--name", "tiny"]
    done = subprocess.run(
        [*command, "--license", "MIT"],
        env=os.environ | {"MUJAZ_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        f"mujaz-models: to convert a model, {missing} is needed:"
        " pip install 'mujaz-models[convert]'\n"
    )
