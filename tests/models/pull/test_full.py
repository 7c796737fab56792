"""The whole way with the true converter, at the full size of opus-mt-ar-en."""

from pathlib import Path

import pytest

from models.pull.full import PIECES, full_checkpoint
from models.pull.hub import Fault, Hub
from models.pull.workbench import FILES, write_registry
from mujaz_models import cli, store
from mujaz_models.verify import verify


def test_a_model_of_the_size_of_opus_mt_is_pulled_converted_and_can_be_loaded(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = write_registry(tmp_path / "registry.toml", files=("README.md", *FILES))
    text = registry.read_text(encoding="utf-8")
    text = text.replace('source_prefix = [">>eng<<"]', "").replace("floor = 12", "floor = 0")
    registry.write_text(text, encoding="utf-8")
    with Hub(full_checkpoint()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        cuts = [50_000_000, 30_000_000]
        hub.fault = Fault(
            cut=lambda name, _: cuts.pop() if cuts and name == "model.safetensors" else None
        )
        arguments = ["pull", "tiny-ar-en", "--registry", str(registry)]
        assert cli.main(arguments) == 0, capsys.readouterr().err
        assert hub.sent("model.safetensors") == len(hub.files["model.safetensors"])
    folder = store.find("tiny-ar-en")
    manifest = verify(folder)
    assert manifest.int8_range == 63
    assert (folder / "card.md").read_text(encoding="utf-8").count("opus-mt-ar-en") == 1
    assert manifest.files["model.bin"].size < 85_000_000
    assert manifest.provenance["trimmed"] == {
        "source": {
            "pieces": PIECES,
            "kept": 31_471,
            "dropped": {"not made by source.spm": 31_363},
        },
        "target": {
            "pieces": PIECES,
            "kept": 31_419,
            "dropped": {"not made by target.spm": 31_359, "has a letter of ARABIC": 56},
        },
    }
    assert not (home / "models" / ".pulling").exists()
    assert PIECES == 62_834
