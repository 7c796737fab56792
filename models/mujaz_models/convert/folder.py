"""From what was found to a complete folder: read, quantize, write, describe, prove."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import ctranslate2

from mujaz_models import shelf
from mujaz_models.convert import FULL_INT8_RANGE, QUANTIZATIONS, SAFE_INT8_RANGE, ConvertError
from mujaz_models.convert.checkpoint import CONFIG, read_checkpoint
from mujaz_models.convert.golden import Golden
from mujaz_models.convert.measure import measure
from mujaz_models.convert.proof import prove
from mujaz_models.convert.ready import KIND, MODEL, copy_ready
from mujaz_models.convert.release import DECODER, read_release
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES, Source
from mujaz_models.convert.specification import build, quantize
from mujaz_models.convert.trim import Cuts, trim
from mujaz_models.manifest import FILE_NAME, FORMAT, Manifest, hash_file
from mujaz_models.verify import verify

_READERS: Mapping[str, Callable[[Path], Source]] = {
    DECODER: read_release,
    CONFIG: read_checkpoint,
}
# OPUS-MT was trained on single sentences; what is longer is better split (the embedded model loses
# chrF from about 80 pieces on).
_LONGEST_SOURCE = 128
_README = "README.md"


@dataclass(frozen=True, slots=True)
class Request:
    """What `convert_folder` was asked for; see there."""

    name: str
    source_language: str
    target_language: str
    license: str
    source_prefix: tuple[str, ...]
    quantization: str
    int8_range: int
    trim: bool
    provenance: Mapping[str, object]
    golden: Golden | None

    def __post_init__(self) -> None:
        if self.quantization not in QUANTIZATIONS:
            raise ConvertError(f"quantization must be one of {', '.join(QUANTIZATIONS)}")
        if self.int8_range not in {SAFE_INT8_RANGE, FULL_INT8_RANGE}:
            raise ConvertError(f"int8_range must be {SAFE_INT8_RANGE} or {FULL_INT8_RANGE}")


@dataclass(frozen=True, slots=True)
class _Written:
    """What was written of a model: what it was before, the files it came from, what it lost."""

    kind: str
    files: tuple[Path, ...]
    cuts: Cuts | None


def convert(source: Path, destination: Path, request: Request) -> Manifest:
    """Do what `convert_folder` says."""
    destination.mkdir()
    written = _write_model(source, destination, request)
    manifest = _describe(destination, request, written)
    vocabularies = _vocabulary(destination, "source"), _vocabulary(destination, "target")
    score = prove(destination, manifest, *vocabularies, request.golden)
    _write_card(source, destination, manifest, score)
    return verify(destination)


def _write_model(source: Path, destination: Path, request: Request) -> _Written:
    if (source / MODEL).is_file():
        return _Written(KIND, copy_ready(source, destination), None)
    for name, read in _READERS.items():
        if (source / name).is_file():
            found = read(source)
            break
    else:
        raise ConvertError(f"{source} holds none of {', '.join([*_READERS, MODEL])}: no model")
    model, cuts = found.model, None
    if request.trim:
        model, cuts = trim(model, source, request.target_language, request.source_prefix)
    spec = build(model)
    quantize(spec, request.quantization, request.int8_range)
    spec.save(str(destination))
    for name in (SOURCE_PIECES, TARGET_PIECES):
        shutil.copyfile(source / name, destination / name)
    return _Written(found.kind, found.files, cuts)


def _describe(folder: Path, request: Request, written: _Written) -> Manifest:
    measured = measure(folder / MODEL)
    room = measured.positions - len(request.source_prefix) - 1
    document = {
        "format": FORMAT,
        "name": request.name,
        "source_language": request.source_language,
        "target_language": request.target_language,
        "architecture": "marian",
        "quantization": measured.quantization,
        "int8_range": measured.int8_range,
        "license": request.license,
        "source_prefix": list(request.source_prefix),
        "max_source_tokens": min(_LONGEST_SOURCE, room),
        "max_target_tokens": min(2 * _LONGEST_SOURCE + 32, measured.positions),
        "scores": [],
        "files": {path.name: asdict(hash_file(path)) for path in sorted(folder.iterdir())},
        "provenance": {
            **request.provenance,
            "kind": written.kind,
            "trimmed": None if written.cuts is None else asdict(written.cuts),
            "source_files": {path.name: hash_file(path).sha256 for path in written.files},
            "converter": f"mujaz-models {version('mujaz-models')},"
            f" CTranslate2 {ctranslate2.__version__}",
        },
    }
    content = (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
    Manifest.parse(content)
    (folder / FILE_NAME).write_bytes(content)
    return Manifest.load(folder)


def _vocabulary(folder: Path, side: str) -> list[str]:
    for name in (f"{side}_vocabulary", "shared_vocabulary"):
        if (path := folder / f"{name}.json").is_file():
            vocabulary: list[str] = json.loads(path.read_bytes())
            return vocabulary
        if (path := folder / f"{name}.txt").is_file():
            return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    raise ConvertError(f"{folder} has no vocabulary. This is a bug")


def _trimmed(manifest: Manifest) -> str:
    cuts = manifest.provenance["trimmed"]
    if cuts is None:
        return ""
    sides = (f"{cuts[side]['kept']:,} of {cuts[side]['pieces']:,}" for side in ("source", "target"))
    return f"- Pieces: {' as source, '.join(sides)} as target; the others were trimmed.\n"


def _write_card(source: Path, folder: Path, manifest: Manifest, score: float | None) -> None:
    """Write what is known of the model, and what its makers say about it."""
    readme = source / _README
    proof = "" if score is None else f"- Golden sentences: {score:.1f} chrF2.\n"
    says = readme.read_text(encoding="utf-8", errors="replace") if readme.is_file() else ""
    card = (
        f"# {manifest.name}\n\n"
        f"- {manifest.source_language} to {manifest.target_language}.\n"
        f"- Weights: {shelf.describe_weights(manifest)}, licence {manifest.license}.\n"
        f"{_trimmed(manifest)}"
        f"- Made from: {manifest.provenance['kind']}.\n{proof}"
    )
    if says:
        card += f"\n## What its makers say\n\n{says.strip()}\n"
    (folder / shelf.CARD_NAME).write_text(card, encoding="utf-8")
