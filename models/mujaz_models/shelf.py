# ruff: noqa: T201 (a command prints)
"""The commands about models that are here: verify, list, card, remove, and the sealing of one."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mujaz_models import store
from mujaz_models.command import Command
from mujaz_models.manifest import FILE_NAME, Manifest, ManifestError, hash_file
from mujaz_models.verify import verify

CARD_NAME = "card.md"


def describe_weights(manifest: Manifest) -> str:
    """Say how the weights of a model are stored, such as `int8 within ±63`."""
    if manifest.int8_range is None:
        return manifest.quantization
    return f"{manifest.quantization} within ±{manifest.int8_range}"


def _verify(options: argparse.Namespace) -> None:
    manifest = verify(store.find(options.model))
    size = sum(entry.size for entry in manifest.files.values()) / 1e6
    print(f"{manifest.name}: {len(manifest.files)} files, {size:.1f} MB, as its manifest says")
    print(f"weights: {describe_weights(manifest)}")
    print(f"digest: {manifest.digest}")


def _list(_options: argparse.Namespace) -> None:
    for name, folder in store.models().items():
        try:
            manifest = Manifest.load(folder)
        except ManifestError as error:
            print(f"{name}\tunusable: {error}")
            continue
        languages = f"{manifest.source_language}→{manifest.target_language}"
        print(f"{name}\t{languages}\t{describe_weights(manifest)}\t{manifest.license}\t{folder}")


def _card(options: argparse.Namespace) -> None:
    folder = store.find(options.model)
    print((folder / CARD_NAME).read_text(encoding="utf-8"), end="")


def _remove(options: argparse.Namespace) -> None:
    print(f"removed {store.remove(options.model)}")


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


def _takes_nothing(_parser: argparse.ArgumentParser) -> None:
    """Declare no arguments."""


def _takes_a_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a name or a folder")


def _takes_a_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME", help="the name of a model in the store")


def _takes_a_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="FOLDER", help="the folder of a model")


COMMANDS = (
    Command("verify", "check every file of a model against its manifest", _takes_a_model, _verify),
    Command("list", "list the models that the server can be started with", _takes_nothing, _list),
    Command("card", "print what a model is, was made from and is good for", _takes_a_model, _card),
    Command("remove", "remove a model from the store", _takes_a_name, _remove),
    Command(
        "manifest",
        f"write sizes and hashes of the files into {FILE_NAME}",
        _takes_a_folder,
        _seal,
    ),
)
