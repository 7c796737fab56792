from pathlib import Path

import pytest

from models.pull.workbench import write_registry
from mujaz_models.pull import registry
from mujaz_models.pull.errors import RegistryError

BUILT_IN = registry.load()


def test_the_built_in_registry_knows_both_directions() -> None:
    assert {name: (e.source_language, e.target_language) for name, e in BUILT_IN.items()} == {
        "opus-mt-ar-en": ("ar", "en"),
        "opus-mt-tc-big-ar-en": ("ar", "en"),
        "opus-mt-en-ar": ("en", "ar"),
    }
    assert BUILT_IN["opus-mt-en-ar"].source_prefix == (">>ara<<",)


@pytest.mark.parametrize("entry", BUILT_IN.values(), ids=BUILT_IN)
def test_every_built_in_model_is_pinned_safe_and_proved(entry: registry.Entry) -> None:
    assert entry.pinned
    assert "model.safetensors" in entry.files
    assert "pytorch_model.bin" not in entry.files
    assert entry.golden is not None
    assert len(entry.golden.pairs) >= 8
    assert all(score.source for score in entry.scores)


def test_a_name_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(RegistryError, match="no model 'opus': choose opus-mt-ar-en, opus-mt-tc"):
        registry.find("opus")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="name a registry with --registry"):
        registry.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("format = 1", "format = 2", "format 2 is unknown"),
        ("format = 1", "", "the registry lacks format"),
        ("format = 1", "format = ", "Invalid value"),
        ("tiny-ar-en]", "Tiny]", "model 'Tiny' does not have the form"),
        ('"Apache-2.0"', '""', "models.tiny-ar-en.license must be a text that is not empty"),
        ('license = "Apache-2.0"', "", "models.tiny-ar-en lacks license"),
        ("license =", "licence =", "models.tiny-ar-en lacks license"),
        ("chrf_floor = 12", "size = 12", "has keys of no meaning: size"),
        ("chrf_floor = 12", 'chrf_floor = "high"', "chrf_floor must be a number"),
        ("ar-en = [[", "ar-fr = [[", "a chrf_floor but there is no golden.ar-en"),
        ('["نعم", "Yes"]', '["نعم"]', "golden.ar-en must hold pairs"),
        ("Someone/opus", "../opus", "models.tiny-ar-en.repository '../opus"),
        ('revision = "', 'revision = "../', "models.tiny-ar-en.revision '../"),
        ('[">>eng<<"]', '">>eng<<"', "source_prefix must be a list"),
        ("49.4", "nan", "scores[0].value must be a number"),
        (', source = "model card"', "", "scores[0] lacks source"),
        ('"config.json"', '"../config.json"', "files '../config.json' does not have the form"),
        ('"config.json" = {}', '"config.json" = { sha256 = "12" }', "files[config.json] '12'"),
        ('"config.json" = {}', '"config.json" = { size = 1 }', "has keys of no meaning: size"),
        ('"config.json" = {}', '"config.json" = 1', "files[config.json] must be a table"),
        ('"model.safetensors"', '"weights"', "files must have model.safetensors or"),
    ],
)
def test_a_wrong_registry_names_the_field(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    path = write_registry(tmp_path / "registry.toml")
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    if new == "Tiny]":
        path.write_text(text.replace("tiny-ar-en", "Tiny"), encoding="utf-8")
    with pytest.raises(RegistryError) as caught:
        registry.load(path)
    message = str(caught.value)
    assert complaint in message
    assert "\n" not in message
    assert message.endswith("correct the registry")
