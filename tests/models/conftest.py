import json
from pathlib import Path

import pytest

from mujaz_models.manifest import hash_file

FILES = {"model.bin": b"weights", "source.spm": b"pieces", "empty.json": b""}


def write_model(folder: Path, name: str = "tiny") -> Path:
    folder.mkdir(parents=True)
    for file, content in FILES.items():
        (folder / file).write_bytes(content)
    entries = {file: hash_file(folder / file) for file in FILES}
    document = {
        "format": 1,
        "name": name,
        "source_language": "ar",
        "target_language": "en",
        "architecture": "marian",
        "quantization": "float32",
        "int8_range": None,
        "license": "MIT",
        "source_prefix": [],
        "max_source_tokens": 10,
        "max_target_tokens": 20,
        "scores": [],
        "files": {f: {"sha256": e.sha256, "size": e.size} for f, e in entries.items()},
        "provenance": {},
    }
    (folder / "mujaz.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "tiny")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MUJAZ_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def stored(home: Path) -> Path:
    return write_model(home / "models" / "stored", "stored")
