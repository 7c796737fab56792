"""Vocabularies: pieces in the order of their ids."""

import json
from collections.abc import Iterable
from pathlib import Path

import yaml

from mujaz_models.convert import ConvertError

END, UNKNOWN, PAD = "</s>", "<unk>", "<pad>"


def read_json(path: Path) -> tuple[str, ...]:
    """Read a vocabulary of transformers: a JSON object from piece to id.

    Raises:
        ConvertError: it is not one, or its ids are not 0, 1, 2 and so on.
    """
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{path.name} is not JSON ({error})") from error
    if not isinstance(document, dict) or not all(type(id_) is int for id_ in document.values()):
        raise ConvertError(f"{path.name} must map pieces to ids")
    return _ordered(path, document.items())


def read_yaml(path: Path) -> tuple[str, ...]:
    """Read a vocabulary of Marian: lines `piece: id`, or `? piece` and `: id` for long pieces.

    It is read line by line: YAML would take pieces such as `~`, `no` and `1` for other things than
    texts. Quoted pieces alone are YAML's matter.

    Raises:
        ConvertError: it is not one, or its ids are not 0, 1, 2 and so on.
    """
    entries: list[tuple[str, int]] = []
    waiting: str | None = None
    try:
        for line in _text(path).split("\n"):
            if line.startswith("? "):
                waiting = line[2:]
            elif line.strip():
                piece, _, number = (
                    line.rpartition(":") if waiting is None else (waiting, "", line[1:])
                )
                entries.append((_unquoted(piece), int(number)))
                waiting = None
    except (ValueError, OverflowError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ConvertError(f"{path.name} is not a vocabulary of Marian ({reason})") from error
    return _ordered(path, entries)


def read_lines(path: Path) -> tuple[str, ...]:
    """Read a vocabulary of one piece a line, what stands after a tab left out."""
    pieces = [line.split("\t")[0] for line in _text(path).removesuffix("\n").split("\n")]
    return _ordered(path, ((piece, id_) for id_, piece in enumerate(pieces)))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConvertError(f"{path.name} is not UTF-8 ({error})") from error


def _unquoted(piece: str) -> str:
    if piece[:1] in {'"', "'"}:
        return str(yaml.load(piece, Loader=yaml.BaseLoader))  # nosec B506  # noqa: S506 (it makes texts alone)
    return piece


def _ordered(path: Path, entries: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    by_id = sorted((id_, piece) for piece, id_ in entries)
    pieces = tuple(piece for _, piece in by_id)
    if [id_ for id_, _ in by_id] != list(range(len(by_id))) or len(set(pieces)) != len(pieces):
        raise ConvertError(f"{path.name} must give the ids 0, 1, 2, … each to one piece")
    try:
        "".join(pieces).encode()
    except UnicodeEncodeError as error:
        raise ConvertError(f"{path.name} has a piece that is no text ({error})") from error
    if missing := {END, UNKNOWN} - set(pieces):
        raise ConvertError(f"{path.name} lacks {', '.join(sorted(missing))}")
    return pieces
