# ruff: noqa: T201 (a command prints)
"""`mujaz-models import`: a checkpoint, a release or a folder of CTranslate2 into the store."""

import argparse
import json
from pathlib import Path

from mujaz_models import store
from mujaz_models.command import Command, CommandError
from mujaz_models.convert import (
    FULL_INT8_RANGE,
    QUANTIZATIONS,
    SAFE_INT8_RANGE,
    convert_folder,
    unpack_archive,
)
from mujaz_models.convert.golden import Golden
from mujaz_models.manifest import Manifest, hash_file
from mujaz_models.shelf import describe_weights

_RANGES = {"63": SAFE_INT8_RANGE, "full": FULL_INT8_RANGE}


def import_model(options: argparse.Namespace) -> Manifest:
    """Import what `options.path` names into the store; on any failure the store is untouched."""
    store.check_free(options.name, replace=options.replace)
    path = Path(options.path)
    if not path.exists():
        raise CommandError(f"{path} does not exist: name a folder or a .zip")
    with store.staging() as staging:
        provenance: dict[str, object] = {"imported": path.name}
        source = path
        if path.is_file():
            provenance["archive_sha256"] = hash_file(path).sha256
            source = staging / "source"
            unpack_archive(path, source)
        manifest = convert_folder(
            source,
            staging / "model",
            name=options.name,
            source_language=_language(options.source_language, source, "source"),
            target_language=_language(options.target_language, source, "target"),
            license=options.license,
            source_prefix=tuple(options.prefix),
            quantization=options.quantization,
            int8_range=_RANGES[options.int8_range],
            trim=options.trim,
            provenance=provenance,
            golden=Golden.load(options.golden, options.floor) if options.golden else None,
        )
        store.install(staging / "model", options.name, replace=options.replace)
    return manifest


def _run(options: argparse.Namespace) -> None:
    manifest = import_model(options)
    size = sum(entry.size for entry in manifest.files.values()) / 1e6
    print(f"{manifest.name}: {describe_weights(manifest)}, {size:.1f} MB, {manifest.license}")
    print(f"digest: {manifest.digest}")


def _language(given: str | None, source: Path, side: str) -> str:
    """Return the language that was given, or that the checkpoint's tokenizer names."""
    if given:
        return given
    try:
        found = json.loads((source / "tokenizer_config.json").read_bytes())[f"{side}_lang"]
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str) or not found:
        raise CommandError(f"the model does not name its {side} language: use --{side}-language")
    return found


def add_trim(parser: argparse.ArgumentParser) -> None:
    """Add `--no-trim`."""
    parser.add_argument(
        "--no-trim",
        dest="trim",
        action="store_false",
        help="keep the pieces that no source or no translation has; slower",
    )


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("path", metavar="PATH", help="a folder (transformers, CTranslate2) or an OPUS-MT .zip")
    add("--name", required=True, help="what the model is to be called")
    add("--license", required=True, metavar="SPDX", help="the licence of the weights")
    add("--source-language", metavar="BCP-47", help="by default the one the tokenizer names")
    add("--target-language", metavar="BCP-47", help="by default the one the tokenizer names")
    add("--prefix", action="append", default=[], metavar="TOKEN", help="goes before every source")
    add("--quantization", choices=QUANTIZATIONS, default="int8", help="default: int8")
    add("--int8-range", choices=_RANGES, default="63", help="full saturates without VNNI")
    add_trim(parser)
    add("--golden", type=Path, metavar="FILE.tsv", help="sentences that it must translate")
    add("--floor", type=float, default=40.0, help="their least chrF2; default: 40")
    add("--replace", action="store_true", help="replace the stored model of this name")


COMMAND = Command(
    "import",
    "convert a model from a folder or an OPUS-MT archive and store it",
    _configure,
    _run,
)
