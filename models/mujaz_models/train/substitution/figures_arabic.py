"""Figures in Arabic text: reading them, and drawing others with which all around still agrees.

What is counted, and the gender of the numeral, follow the last part of a number. So a part is
replaced only by one of its kind: 3 to 10 by 3 to 10, tens by tens, hundreds by hundreds; 1 and 2,
which are adjectives or the ending of a noun, stay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Final

from mujaz_models.train.substitution import digits
from mujaz_models.train.substitution.digits import Digits
from mujaz_models.train.substitution.numerals import LEXICON, PLURALS, Numeral
from mujaz_models.train.substitution.slots import Edit, spell, unhamza

_TOKEN: Final = re.compile(r"[^\W\d_]+|\d+(?:[.,٬٫]\d+)*")
_PROCLITICS: Final = (
    "",
    *["و", "ف", "ب", "ل", "ك", "وب", "ول", "ال", "وال", "بال", "لل", "الـ", "لـ", "بـ"],
)
_ORDINAL: Final = re.compile(
    r"(?<!\w)[وفبلك]?(?:ال|لل)?(?:حادي|ثاني|ثالث|رابع|خامس|سادس|سابع|ثامن|تاسع)ة? $"
)
_FRACTION: Final = re.compile(r" و?(?:نصف|ربع|ثلث|بضع)")
_GLUED_BEFORE: Final = frozenset("-/:.,+_")
_GLUED_AFTER: Final = re.compile(r"[-/:+]|[.,]\d|[^\W\d_]| ?[-x] ?\d| \d")
_TEN: Final = 10
_HUNDRED: Final = 100


@dataclass(frozen=True, slots=True)
class _Part:
    start: int
    end: int
    proclitic: str
    numeral: Numeral | None
    digits: Digits | None = None

    @property
    def kind(self) -> str:
        return self.numeral.kind if self.numeral else "digits"

    @property
    def value(self) -> Decimal:
        if self.digits:
            return self.digits.value
        return Decimal(self.numeral.value if self.numeral else 0)


@dataclass(frozen=True, slots=True)
class ArabicFigure:
    """A number of one or several parts, as `ثلاثة آلاف و500`; `value` is None if unsure."""

    parts: tuple[_Part, ...]
    value: Decimal | None

    @property
    def start(self) -> int:
        """Where it starts."""
        return self.parts[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.parts[-1].end

    @property
    def is_digits(self) -> bool:
        """Whether it is written in digits alone."""
        return len(self.parts) == 1 and self.parts[0].digits is not None

    def write(self, value: Decimal) -> Edit:
        """Write another value in its digits."""
        part = self.parts[0]
        if part.digits is None:
            raise RuntimeError("a value is written for a figure in words. This is a bug")
        return Edit(part.start, part.end, part.digits.write(value))

    def draw(self, rng: Random, arabic: str) -> tuple[Decimal, tuple[Edit, ...]]:
        """Return another value and how it is written; the same value where none agrees."""
        edits: list[Edit] = []
        values: list[Decimal] = []
        for place, part in enumerate(self.parts):
            value, text = _drawn(self.parts, place, rng)
            values.append(value)
            if value != part.value:
                edits.append(Edit(part.start, part.end, spell(text, arabic)))
        return _total(self.parts, values), tuple(edits)


def read(arabic: str) -> Iterator[ArabicFigure]:
    """Yield all figures in digits and in words, those too that cannot be changed."""
    plain = unhamza(arabic)
    run: list[_Part] = []
    for found in _TOKEN.finditer(plain):
        part = _part(found, plain)
        if part is None:
            continue
        if run and not _joins(run[-1], part, plain):
            yield _figure(run, plain)
            run = []
        run.append(part)
    if run:
        yield _figure(run, plain)


def _part(found: re.Match[str], plain: str) -> _Part | None:
    start, end = found.span()
    if found[0][0].isdecimal():
        before = re.search(r"[^\W\d_]*$", plain[max(start - 8, 0) : start])
        proclitic = before[0] if before else ""
        number = digits.read(found[0]) if proclitic in _PROCLITICS else None
        return _Part(start, end, proclitic, None, number)
    for proclitic in _PROCLITICS:
        word = found[0].removeprefix(proclitic)
        if found[0].startswith(proclitic) and (numeral := LEXICON.get(word)):
            if found[0] == "لست":
                continue  # I am not
            return _Part(start + len(proclitic), end, proclitic, numeral)
    return None


def _joins(a: _Part, b: _Part, plain: str) -> bool:
    """Whether the second part goes on the number of the first."""
    if plain[a.end : b.start] != f" {b.proclitic}":
        return False
    if not b.proclitic:
        teen = a.kind == b.kind == "unit" and a.value < b.value == _TEN
        hundreds = b.kind == "hundred" and a.kind == "unit" and a.value > 2  # noqa: PLR2004
        return teen or hundreds or (b.kind == "scale" and a.kind not in {"scale", "double"})
    if b.proclitic != "و":
        return False
    if a.kind in {"scale", "double"}:
        return b.kind != "scale" or b.value < a.value
    if a.kind == "hundred":
        return b.kind in {"unit", "tens"} or (b.kind == "digits" and b.value < _HUNDRED)
    return a.kind == "unit" and b.kind == "tens" and a.value < _TEN


def _figure(run: Sequence[_Part], plain: str) -> ArabicFigure:
    parts = tuple(run)
    unsure = _is_odd(parts, plain) or _stands_in_more(parts, plain)
    return ArabicFigure(parts, None if unsure else _total(parts, [part.value for part in parts]))


def _is_odd(parts: Sequence[_Part], plain: str) -> bool:
    """Whether it is not read to its end: `ثلاث مئة` in two words, or a plural, `آلاف`, alone."""
    first = parts[0]
    if len(parts) == 1 and first.kind == "scale":
        return plain[first.start : first.end] in PLURALS
    kinds = [part.kind for part in parts]
    return ("unit", "hundred") in pairwise(kinds) or any(
        part.digits is None and part.numeral is None for part in parts
    )


def _stands_in_more(parts: Sequence[_Part], plain: str) -> bool:
    """Whether it is part of something else: an ordinal, a score, a fraction, a name (`إس-300`)."""
    first, last = parts[0], parts[-1]
    start = first.start - len(first.proclitic)
    before = plain[max(start - 1, 0) : start]
    return bool(
        before.isalnum()
        or before in _GLUED_BEFORE
        or _GLUED_AFTER.match(plain, last.end)
        or _FRACTION.match(plain, last.end)
        or (first.kind in {"unit", "tens"} and _ORDINAL.search(plain, 0, start))
    )


def _total(parts: Sequence[_Part], values: Sequence[Decimal]) -> Decimal:
    total = below = Decimal(0)  # of what a scale has been said, and not yet
    for part, value in zip(parts, values, strict=True):
        if part.kind == "scale":
            total, below = total + (below or 1) * value, Decimal(0)
        else:
            below += value
    return total + below


def _drawn(parts: Sequence[_Part], place: int, rng: Random) -> tuple[Decimal, str]:
    part = parts[place]
    if part.digits:
        value = digits.draw(part.digits.value, part.digits.decimals, rng)
        return value, part.digits.write(value)
    others = [n for n in _others(parts, place) if n != part.value]
    if part.numeral is None or not others:
        return part.value, ""
    chosen = rng.choice(others)
    return Decimal(chosen), part.numeral.others[chosen]


def _others(parts: Sequence[_Part], place: int) -> list[int]:
    """Return what the word may become; beside ten or tens only 3 to 9 can stand."""
    part = parts[place]
    if part.numeral is None:
        return []
    if part.kind != "unit":
        return list(part.numeral.others)
    before = parts[place - 1].kind if place else ""
    after = parts[place + 1].kind if place + 1 < len(parts) else ""
    if part.value == _TEN and before == "unit":
        return []
    most = _TEN - 1 if after in {"unit", "tens"} else _TEN
    return [n for n in part.numeral.others if n <= most]
