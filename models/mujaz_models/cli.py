# ruff: noqa: T201 (a command prints)
"""The command `mujaz-models`: verify, list, card, and seal a folder into a model."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mujaz_models import store
from mujaz_models.manifest import FILE_NAME, Manifest, ManifestError, hash_file
from mujaz_models.verify import VerifyError, verify

CARD_NAME = "card.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those after the program's name; those of the process by default.

    Returns:
        The exit status: 0, or 1 after one line on the standard error that says what is wrong.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ManifestError, VerifyError, store.ModelNotFoundError, OSError) as error:
        print(f"mujaz-models: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mujaz-models", description="The models of mujaz.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, subject, summary in (
        ("verify", _verify, "MODEL", "check every file of a model against its manifest"),
        ("list", _list, None, "list the models that the server can be started with"),
        ("card", _card, "MODEL", "print what a model is, was made from and is good for"),
        ("manifest", _seal, "FOLDER", f"write sizes and hashes of the files into {FILE_NAME}"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        if subject:
            command.add_argument("model", metavar=subject, help="a name or a folder")
        command.set_defaults(run=run)
    return parser


def _verify(options: argparse.Namespace) -> None:
    manifest = verify(store.find(options.model))
    size = sum(entry.size for entry in manifest.files.values()) / 1e6
    print(f"{manifest.name}: {len(manifest.files)} files, {size:.1f} MB, as its manifest says")
    print(f"weights: {_weights(manifest)}")
    print(f"digest: {manifest.digest}")


def _weights(manifest: Manifest) -> str:
    if manifest.int8_range is None:
        return manifest.quantization
    return f"{manifest.quantization} within ±{manifest.int8_range}"


def _list(_options: argparse.Namespace) -> None:
    for name, folder in store.models().items():
        try:
            manifest = Manifest.load(folder)
        except ManifestError as error:
            print(f"{name}\tunusable: {error}")
            continue
        languages = f"{manifest.source_language}→{manifest.target_language}"
        print(f"{name}\t{languages}\t{_weights(manifest)}\t{manifest.license}\t{folder}")


def _card(options: argparse.Namespace) -> None:
    folder = store.find(options.model)
    print((folder / CARD_NAME).read_text(encoding="utf-8"), end="")


def _seal(options: argparse.Namespace) -> None:
    folder = Path(options.model)
    document = _description(folder / FILE_NAME)
    document["files"] = {
        name: asdict(hash_file(folder / name)) for name in sorted(document["files"])
    }
    content = (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()
    Manifest.parse(content)
    written = folder / f".{FILE_NAME}"
    written.write_bytes(content)
    written.replace(folder / FILE_NAME)


def _description(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise ManifestError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("files"), dict):
        raise ManifestError(f"{path} must be an object that names the model's files in `files`")
    return document


if __name__ == "__main__":
    sys.exit(main())
