"""What may be swapped in a pair: spans of both sides that are replaced together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

CLITICS: Final = r"(?<!\w)[وف]?[بلك]?"
"""What may stand before a word without article: and, so, in, to, as."""
ARTICLES: Final = r"(?<!\w)[وف]?(?:ال|بال|كال|لل)"
"""What may stand before a word in place of its article."""

_UNHAMZA: Final = str.maketrans("أإآ", "ااا")
_BARE: Final = str.maketrans("أإ", "اا")
_HAMZA: Final = re.compile("[أإ]")
_INDEFINITE: Final = re.compile(r"\ban? [$€£]?$", re.IGNORECASE)
_VOWEL: Final = re.compile(r"(?!eu|u[gkrz]|uni|one)[aeiou]|8|1[18](?:\D|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from start up to end become the text."""

    start: int
    end: int
    text: str

    def overlaps(self, other: "Edit") -> bool:
        """Whether both change the same character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that both sides of a pair name, and what it becomes on each."""

    arabic: tuple[Edit, ...]
    english: tuple[Edit, ...]

    def overlaps(self, other: "Slot") -> bool:
        """Whether both change the same character of either side."""
        sides = ((self.arabic, other.arabic), (self.english, other.english))
        return any(a.overlaps(b) for ours, theirs in sides for a in ours for b in theirs)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits made; they must not overlap."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def disjoint(slots: Sequence[Slot]) -> list[Slot]:
    """Leave out the slots that overlap: who reads one text in two ways knows neither."""
    return [a for a in slots if not any(a is not b and a.overlaps(b) for b in slots)]


def unhamza(arabic: str) -> str:
    """Write every alif plain, each in its place, for texts do and do not write its hamza."""
    return arabic.translate(_UNHAMZA)


def spell(arabic: str, like: str) -> str:
    """Write a word with hamza on its alifs, or without, as a text does."""
    return arabic if _HAMZA.search(like) else arabic.translate(_BARE)


def recase(new: str, old: str) -> str:
    """Write an English word in capitals, or its first letters, where the old one was."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    if new.islower() and old.istitle():
        return new.title()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def article_fits(english: str, edit: Edit) -> bool:
    """Whether a or an, where it stands before the span, stays right."""
    if not _INDEFINITE.search(english, 0, edit.start):
        return True
    old = english[edit.start : edit.end]
    return bool(_VOWEL.match(old)) == bool(_VOWEL.match(edit.text))
