"""Reading parallel corpora and the sets that must stay out of them.

A corpus is an xz-compressed file of lines, Arabic TAB English, further columns left alone.
"""

import json
import lzma
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mujaz_models.command import CommandError
from mujaz_models.train import spelling

_MOST_WORDS: Final = 90
"""Longer lines are paragraphs: the server cuts its input into sentences."""
_MOST_UNEVEN: Final = 4
"""One side of a pair at most so many times as long as the other, in characters."""
_SHORT: Final = 30
"""Below so many characters unevenness says nothing: `أ ف ب` is `Agence France-Presse`."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?\u061f])\s+")


class CorpusError(CommandError):
    """A corpus or an evaluation set is missing or is not what it should be."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence in both languages, as spelled for training."""

    arabic: str
    english: str


def find(name: str, folders: Sequence[Path]) -> Path:
    """Return the file of a corpus: the first NAME of that kind in the folders.

    Raises:
        CorpusError: it is in none of them.
    """
    for folder in folders:
        if (path := folder / name).is_file():
            return path
    where = " or ".join(map(str, folders))
    raise CorpusError(f"{name} is not in {where}: put it there or leave it out of the recipe")


def read(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the two sides of each line of a corpus, as they are written.

    Raises:
        CorpusError: it is not xz, not UTF-8, or a line has no tab.
    """
    try:
        with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                sides = line.rstrip("\r\n").split("\t")
                if len(sides) == 1:
                    raise CorpusError(f"{path}, line {number}: no tab between the two languages")
                yield sides[0], sides[1]
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is not xz-compressed UTF-8: {error}") from error


def clean(arabic: str, english: str) -> Pair | None:
    """Spell a pair for training; None if it teaches nothing or something wrong."""
    pair = Pair(spelling.arabic(arabic), spelling.english(english))
    sides = (pair.arabic, pair.english)
    if not all(sides) or any(len(side.split()) > _MOST_WORDS for side in sides):
        return None
    if not spelling.has_arabic(pair.arabic) or spelling.has_arabic(pair.english):
        return None
    shorter, longer = sorted(map(len, sides))
    if longer > _SHORT and longer > _MOST_UNEVEN * shorter:
        return None
    return pair


def held_out_files(paths: Iterable[Path]) -> list[Path]:
    """Return the evaluation files that the paths name, those in folders included.

    Raises:
        CorpusError: a path does not exist.
    """
    found: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise CorpusError(f"there is no {path} to be held out of the training text")
        inside = path.rglob("*") if path.is_dir() else [path]
        found |= {each for each in inside if each.is_file() and each.suffix != ".md"}
    return sorted(found)


def held_out_lines(path: Path) -> Iterator[str]:
    """Yield every line of an evaluation file: of a table each cell, of JSON lines each sentence."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if path.suffix == ".jsonl":
            for text in _strings(json.loads(line)):
                yield from _SENTENCE_END.split(text)
        else:
            yield from line.split("\t")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from value.splitlines()
    elif isinstance(value, list | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def parallel_sets(files: Sequence[Path]) -> dict[str, list[Pair]]:
    """Return the evaluation sets that have both languages, by name: for measuring the loss.

    They are tables of Arabic TAB English (NAME.tsv), or two files line by line, NAME.ar and
    NAME.en.

    Raises:
        CorpusError: the two files of a set differ in their number of lines.
    """
    sets: dict[str, list[Pair]] = {}
    for path in files:
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.suffix == ".tsv":
            rows = [line.split("\t") for line in lines if "\t" in line]
            sets[path.stem] = [_spelled(row[0], row[1]) for row in rows]
        elif path.suffix == ".ar" and (other := path.with_suffix(".en")) in files:
            others = other.read_text(encoding="utf-8").splitlines()
            if len(lines) != len(others):
                raise CorpusError(f"{path} and {other.name} differ in their number of lines")
            sets[path.stem] = list(map(_spelled, lines, others))
    return sets


def _spelled(arabic: str, english: str) -> Pair:
    return Pair(spelling.arabic(arabic), spelling.english(english))


def paragraphs(path: Path) -> Iterator[str]:
    """Yield the paragraphs of a text in one language, one a line, xz-compressed.

    Raises:
        CorpusError: it is not xz or not UTF-8.
    """
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            yield from (stripped for line in lines if (stripped := line.strip()))
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} is not xz-compressed UTF-8: {error}") from error
