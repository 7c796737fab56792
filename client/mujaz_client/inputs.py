"""Where documents come from: files, folders, standard input, lines of JSON.

Text is decoded as UTF-8 and otherwise left alone: line ends and a byte order mark
stay, since offsets count the text as it is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mujaz_client.together import Joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader

STDIN = "-"


class InputError(Exception):
    """A document that cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what it is called: a path, or the `id` of a line of JSON.

    One that was joined of several has what those are called, and where each starts in it.
    """

    id: object
    text: str
    part_ids: tuple[object, ...] = ()
    part_starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document of which there is only the name and an error."""

    id: object
    error: InputError


Source: TypeAlias = Document | Unreadable


def expand(names: Iterable[str]) -> list[str]:
    """The files behind the names: a folder stands for every `*.txt` under it, sorted.

    Raises:
        InputError: A folder holds none.
    """
    files: list[str] = []
    for name in names:
        if name == STDIN or not Path(name).is_dir():
            files.append(name)
            continue
        found = sorted(str(path) for path in Path(name).rglob("*.txt") if path.is_file())
        if not found:
            raise InputError(f"{name} holds no .txt file")
        files += found
    return files


def read_files(names: Iterable[str]) -> Iterator[Source]:
    """Each file as one document, read when it is asked for."""
    for name in names:
        try:
            yield Document(name, _decode(_read(name)))
        except InputError as error:
            yield Unreadable(name, error)


def read_jsonl(names: Iterable[str]) -> Iterator[Source]:
    """Each line `{"id": …, "text": …}` as one document; without an id, its number from 1."""
    for name in names:
        try:
            for number, line in enumerate(_lines(name), start=1):
                if line.strip():
                    yield _parse(line, number)
        except InputError as error:
            yield Unreadable(name, error)


def join(sources: Iterable[Source]) -> Iterator[Source]:
    """All documents as one, or the first of them that cannot be read."""
    documents: list[Document] = []
    for source in sources:
        if isinstance(source, Unreadable):
            yield source
            return
        documents.append(source)
    joined = Joined.of([document.text for document in documents])
    ids = tuple(document.id for document in documents)
    yield Document(" + ".join(map(str, ids)), joined.text, ids, joined.starts)


def _read(name: str) -> bytes:
    if name == STDIN:
        with _open_stdin() as file:
            return file.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def _open_stdin() -> BufferedReader:
    # Not sys.stdin: a thread may still be blocked in a read when the interpreter ends, and the
    # interpreter then waits for the lock of sys.stdin.
    return open(0, "rb", closefd=False)


def _lines(name: str) -> Iterator[bytes]:
    if name == STDIN:
        with _open_stdin() as file:
            yield from file
        return
    try:
        with Path(name).open("rb") as file:
            yield from file
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error


def _decode(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}; convert it "
            "first, for example with `iconv -f windows-1256 -t utf-8`"
        ) from error


def _parse(line: bytes, number: int) -> Source:
    try:
        record = json.loads(_decode(line))
    except InputError as error:
        return Unreadable(number, error)
    except ValueError as error:
        return Unreadable(number, InputError(f"line {number} is not JSON: {error}"))
    identity = record.get("id", number) if isinstance(record, dict) else number
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        message = f'line {number} is not an object with a string "text"'
        return Unreadable(identity, InputError(message))
    text: str = record["text"]
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return Unreadable(identity, InputError(f"line {number} holds half a surrogate pair"))
    return Document(identity, text)
