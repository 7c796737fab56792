"""Folders that CTranslate2 reads already: copied, their end-of-source setting made the engine's."""

import json
import shutil
from pathlib import Path

from mujaz_models.convert import ConvertError
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES, needed
from mujaz_models.manifest import FILE_NAME

KIND = "CTranslate2 model"
MODEL = "model.bin"
_CONFIG = "config.json"
_VOCABULARIES = (
    ("shared_vocabulary.json",),
    ("source_vocabulary.json", "target_vocabulary.json"),
    ("shared_vocabulary.txt",),
    ("source_vocabulary.txt", "target_vocabulary.txt"),
)


def copy_ready(source: Path, destination: Path) -> tuple[Path, ...]:
    """Copy a model of CTranslate2.

    Args:
        source: with `model.bin`, `config.json`, its vocabularies, and both SentencePiece models.
        destination: an empty folder.

    Returns:
        The files of the source that were copied.

    Raises:
        ConvertError: a file is missing, or the folder is a model of mujaz.
    """
    if (source / FILE_NAME).exists():
        raise ConvertError(f"{source} is a model of mujaz already: name it by its path")
    names = (MODEL, *_vocabularies(source), SOURCE_PIECES, TARGET_PIECES)
    files = tuple(needed(source, name) for name in names)
    for path in files:
        shutil.copyfile(path, destination / path.name)
    _write_config(needed(source, _CONFIG), destination / _CONFIG)
    return (*files, source / _CONFIG)


def _vocabularies(source: Path) -> tuple[str, ...]:
    for names in _VOCABULARIES:
        if all((source / name).is_file() for name in names):
            return names
    raise ConvertError(f"{source} lacks the vocabularies of a model of CTranslate2")


def _write_config(source: Path, destination: Path) -> None:
    """Copy the configuration; the engine adds `</s>` itself, and two would be one too many."""
    try:
        config = json.loads(source.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{source.name} is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise ConvertError(f"{source.name} is not a JSON object")
    config |= {"add_source_eos": False, "add_source_bos": False}
    destination.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
