"""Lines of JSON and folders of text files, read one document at a time.

A document that cannot be taken is told as `Rejected` at its place and the next one follows. Nothing
is held but the document that is read, and none is read that is longer than any text may be.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mujaz_server.bulk.documents import Entry, Extent, Rejected, document, named

_BLOCK = 1 << 20
_LINE_OVERHEAD = 65_536
"""Bytes that a line of JSON may have beside its text: its id, and fields that nobody reads."""


class _UnfitError(Exception):
    """A document cannot be taken; the message says why."""


class JsonLines:
    """A file with an object a line: `{"id": …, "text": …}`; empty lines are passed over.

    Args:
        path: The file.
        max_code_points: Of a text. A line of more bytes than such a text can have is not read.
    """

    def __init__(self, path: Path, max_code_points: int) -> None:
        self._path = path
        # Six ASCII bytes at most write a code point of the basic plane, twelve one beyond it.
        self._max_bytes = 12 * max_code_points + _LINE_OVERHEAD

    def extent(self) -> Extent:
        """Reads the file once."""
        digest, lines, ended = hashlib.sha256(), 0, True
        with self._path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
                lines += block.count(b"\n")
                ended = block.endswith(b"\n")
        return Extent(digest.hexdigest(), lines + (not ended))

    def entries(self) -> Iterator[Entry]:
        """Yields the documents of the lines."""
        with self._path.open("rb") as file:
            number = 0
            while line := file.readline(self._max_bytes):
                number += 1
                if not line.endswith(b"\n") and _pass_line(file):
                    reason = f"the line has more than {self._max_bytes} bytes"
                    yield Rejected(number, None, reason)
                elif line.strip():
                    yield _from_json(number, line)


class TextFolder:
    """Every `*.txt` in a folder and in those below it, a document each, in order of their paths.

    A document is called by its path in the folder.

    Args:
        path: The folder.
        max_code_points: Of a text. A file of more bytes than such a text can have is not read.
    """

    def __init__(self, path: Path, max_code_points: int) -> None:
        self._path = path
        self._max_bytes = 4 * max_code_points

    def extent(self) -> Extent:
        """Reads every file once."""
        digest, count = hashlib.sha256(), 0
        for path in _text_files(self._path):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            digest.update(os.fsencode(path.relative_to(self._path)) + b"\0" + content)
            count += 1
        return Extent(digest.hexdigest(), count)

    def entries(self) -> Iterator[Entry]:
        """Yields the documents of the files."""
        for number, path in enumerate(_text_files(self._path), start=1):
            name = os.fsencode(path.relative_to(self._path)).decode("utf-8", "backslashreplace")
            if path.stat().st_size > self._max_bytes:
                yield Rejected(number, name, f"the file has more than {self._max_bytes} bytes")
            else:
                yield document(number, name, path.read_bytes())


def _from_json(number: int, line: bytes) -> Entry:
    try:
        fields = _object(line)
    except _UnfitError as error:
        return Rejected(number, None, str(error))
    return named(number, fields.get("id"), fields.get("text"))


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode().removeprefix("\N{BYTE ORDER MARK}"))
    except UnicodeDecodeError as error:
        raise _UnfitError(f"the line is not UTF-8 (byte {error.start})") from error
    except (ValueError, RecursionError) as error:
        raise _UnfitError("the line is not JSON") from error
    if not isinstance(value, dict):
        raise _UnfitError("the line is not a JSON object")
    return value


def _pass_line(file: BinaryIO) -> bool:
    """Reads to the end of a line without holding it; returns whether there was more of it."""
    more = False
    while block := file.readline(_BLOCK):
        more = True
        if block.endswith(b"\n"):
            break
    return more


def _text_files(folder: Path) -> Iterator[Path]:
    """Yields the text files below a folder; holds the names of one folder a level, not of all."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _text_files(path)
        elif path.suffix == ".txt" and path.is_file():
            yield path
