import json
import subprocess
import sys
from pathlib import Path

import pytest

from mujaz_models.cli import main
from mujaz_models.manifest import Manifest
from mujaz_models.verify import verify


def test_verify_tells_size_weights_and_digest(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(model)]) == 0
    out = capsys.readouterr().out
    assert "tiny: 3 files" in out
    assert "weights: float32" in out
    assert Manifest.load(model).digest in out


def test_verify_tells_how_far_int8_reaches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "starter"]) == 0
    assert "int8 within ±63" in capsys.readouterr().out


def test_verify_fails_in_one_line(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model / "model.bin").write_bytes(b"weighty")
    assert main(["verify", str(model)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("mujaz-models: ")


def test_list_shows_models_and_names_the_broken(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = stored.parent / "broken"
    broken.mkdir()
    (broken / "mujaz.json").write_text("{}")
    assert main(["list"]) == 0
    starter, unusable, good = capsys.readouterr().out.splitlines()
    assert starter.startswith("starter\tar→en\tint8 within ±63\tApache-2.0\t")
    assert unusable.startswith("broken\tunusable: ")
    assert good.startswith("stored\tar→en\tfloat32\tMIT\t")


def test_card_prints_the_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", "starter"]) == 0
    assert capsys.readouterr().out.startswith("# starter\n")


def test_a_model_without_a_card_says_so(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["card", str(model)]) == 1
    assert "card.md" in capsys.readouterr().err


def test_manifest_records_the_files_as_they_are(model: Path) -> None:
    (model / "model.bin").write_bytes(b"other weights")
    assert main(["manifest", str(model)]) == 0
    assert verify(model).files["model.bin"].size == len(b"other weights")
    assert not list(model.glob(".*"))


def test_manifest_leaves_the_old_one_where_the_new_would_be_wrong(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((model / "mujaz.json").read_bytes()) | {"license": ""}
    (model / "mujaz.json").write_text(json.dumps(document))
    before = (model / "mujaz.json").read_bytes()
    assert main(["manifest", str(model)]) == 1
    assert (model / "mujaz.json").read_bytes() == before
    assert "license" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "[]", '{"files": []}', '{"files": {"none.bin": {}}}'])
def test_manifest_of_a_wrong_description_fails_in_one_line(
    model: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "mujaz.json").write_text(content)
    assert main(["manifest", str(model)]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_models_package_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys, mujaz_models.cli;"
        "new = {m.partition('.')[0] for m in sys.modules} - set(sys.stdlib_module_names);"
        "print(sorted(m for m in new if m in {'numpy', 'ctranslate2', 'grpc', 'google'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_remove_tells_what_is_gone(stored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["remove", "stored"]) == 0
    assert capsys.readouterr().out == f"removed {stored}\n"
    assert not stored.exists()
    assert main(["remove", "stored"]) == 1
    assert "the store has no model 'stored'" in capsys.readouterr().err


def test_a_reader_that_leaves_ends_the_command_quietly() -> None:
    command = Path(sys.executable).with_name("mujaz-models")
    process = subprocess.Popen(
        [str(command), "card", "starter"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as said:
        assert said.read() == ""
    assert process.wait(20) == 141
