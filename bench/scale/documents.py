"""Inputs of mujaz-batch, generated from the project's own newswire."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import texts

_SEED = 8
_POISON = {100: b'{"id": "half a li', 400: b'{"id": "blank", "text": " \\n"}', 700: b"\xff\xfe"}
"""Lines that are no documents, before these documents of every thousand."""


def short(path: Path = texts.DATA) -> list[str]:
    """Returns the sentences of 12 words at most, for where many documents are wanted."""
    return texts.sentences(None, path, longest=12)


def documents(count: int, sentences: Sequence[str]) -> Iterator[str]:
    """Yields so many texts of 2 to 6 sentences, a sentence a line, the same ones in each run.

    No sentence comes again before all have come.
    """
    drawn = random.Random(_SEED)
    left: list[str] = []
    for _ in range(count):
        size = drawn.randint(2, 6)
        if len(left) < size:
            left += drawn.sample(sentences, len(sentences))
        yield "\n".join(left[:size])
        del left[:size]


def write(path: Path, count: int, sentences: Sequence[str], *, poison: bool = False) -> int:
    """Writes such documents as lines of JSON, among them lines that are none if asked to.

    Returns:
        How many sentences they have.
    """
    written = 0
    with path.open("wb") as file:
        for number, text in enumerate(documents(count, sentences), start=1):
            if poison and (bad := _POISON.get(number % 1000)):
                file.write(bad + b"\n")
            document = {"id": f"document {number}", "text": text}
            file.write(json.dumps(document, ensure_ascii=False).encode() + b"\n")
            written += text.count("\n") + 1
    return written
