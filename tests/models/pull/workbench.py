"""What the tests of a pull share: a registry, a converter, and a look at the store."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.pull.hub import COMMIT, REPOSITORY
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_models.pull.download import Patience

FILES = (
    "config.json",
    "tokenizer_config.json",
    "vocab.json",
    "source.spm",
    "target.spm",
    "model.safetensors",
)
ONCE = Patience(connect_s=2, silence_s=2, window_s=0.2, window_bytes=1000, attempts=1, pause_s=0)


class Converter:
    """Makes a model of a checkpoint by taking its weights as they are."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.error: Exception | None = None

    def __call__(self, source: Path, destination: Path, **asked: Any) -> Manifest:
        self.asked = asked
        destination.mkdir()
        if self.error is not None:
            raise self.error
        weights = (source / "model.safetensors").read_bytes()
        (destination / "model.bin").write_bytes(weights)
        document = {
            "format": 1,
            "name": asked["name"],
            "source_language": asked["source_language"],
            "target_language": asked["target_language"],
            "architecture": "marian",
            "quantization": asked["quantization"],
            "int8_range": None,
            "license": asked["license"],
            "source_prefix": list(asked["source_prefix"]),
            "max_source_tokens": 10,
            "max_target_tokens": 20,
            "scores": [],
            "files": {
                "model.bin": {"sha256": hashlib.sha256(weights).hexdigest(), "size": len(weights)}
            },
            "provenance": {
                **asked["provenance"],
                "trimmed": {"by": "a test"} if asked["trim"] else None,
            },
        }
        (destination / "mujaz.json").write_text(json.dumps(document))
        return Manifest.load(destination)


@dataclass
class Outcome:
    """What one run of the command did."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Its last line, which says what is wrong."""
        return self.err.splitlines()[-1]


Pull = Callable[..., Outcome]


def write_registry(
    path: Path,
    *,
    revision: str = COMMIT,
    files: tuple[str, ...] = FILES,
    sha256: dict[str, str] | None = None,
    more: str = "",
) -> Path:
    hashes = sha256 or {}
    lines = [
        f'"{name}" = {{ sha256 = "{hashes[name]}" }}' if name in hashes else f'"{name}" = {{}}'
        for name in files
    ]
    path.write_text(
        f"""
format = 1
[golden]
ar-en = [["نعم", "Yes"]]
[models.tiny-ar-en]
repository = "{REPOSITORY}"
revision = "{revision}"
license = "Apache-2.0"
source_language = "ar"
target_language = "en"
source_prefix = [">>eng<<"]
chrf_floor = 12
architecture = "MarianMT"
scores = [{{ set = "Tatoeba", metric = "BLEU", value = 49.4, source = "model card" }}]
{more}
[models.tiny-ar-en.files]
"""
        + "\n".join(lines),
        encoding="utf-8",
    )
    return path


def in_store() -> dict[str, bytes | None]:
    """Return all that is in the store, except what is underway."""
    root = store.home() / "models"
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if ".pulling" not in path.parts
    }
