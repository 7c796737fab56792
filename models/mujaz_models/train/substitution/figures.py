"""Figures of a pair, and others that may stand in their place on both sides.

A figure is taken where its value stands exactly once on each side, in digits or in words, and each
side writes the new value as it wrote the old.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from random import Random
from typing import Final, TypeVar

from mujaz_models.train.corpora import Pair
from mujaz_models.train.substitution import figures_arabic, figures_english
from mujaz_models.train.substitution.figures_arabic import ArabicFigure
from mujaz_models.train.substitution.figures_english import EnglishFigure
from mujaz_models.train.substitution.slots import Edit, Slot, apply, article_fits

_MONTHS: Final = (
    "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_MONTH_BEFORE: Final = re.compile(rf"{_MONTHS} $")
_MONTH_AFTER: Final = re.compile(rf" {_MONTHS}")
_YEAR_BEFORE: Final = re.compile(
    rf"(?:\b(?:in|since|of|from|until|by|late|early|mid|the|during|before|after|and|to|between)"
    rf"|{_MONTHS}|\d,) $",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(r" (?!(?:was|is|as|has|his|its|this)\b)[a-z]+s\b| percent| people")
_ERAS: Final = (range(1000, 1900), range(1900, 2036))
"""Four digits without a comma are a year; one of our days stays one."""
_DAYS: Final = range(3, 29)
"""Of any month; only the first two are numerals of another kind in Arabic."""


_Drawn = tuple[Decimal, tuple[Edit, ...]]
_NOTHING: Final[_Drawn] = (Decimal(0), ())
_F = TypeVar("_F", ArabicFigure, EnglishFigure)


def slots(pair: Pair, rng: Random) -> Iterator[Slot]:
    """Yield the figures of a pair that can have another value."""
    ours = _by_value(figures_arabic.read(pair.arabic))
    theirs = _by_value(figures_english.read(pair.english))
    taken = ours.keys() | theirs.keys()
    for value in (each for each in ours if each in theirs):
        if len(ours[value]) == len(theirs[value]) == 1:
            found = _other(ours[value][0], theirs[value][0], pair, rng)
            if found and found[0] not in taken:
                taken.add(found[0])
                yield found[1]


def _by_value(figures: Iterable[_F]) -> dict[Decimal, list[_F]]:
    found: dict[Decimal, list[_F]] = {}
    for figure in figures:
        if figure.value is not None:
            found.setdefault(figure.value, []).append(figure)
    return found


def _other(
    ours: ArabicFigure, theirs: EnglishFigure, pair: Pair, rng: Random
) -> tuple[Decimal, Slot] | None:
    if theirs.fixed:
        return None
    value, edits = _draw(ours, theirs, pair, rng)
    text = theirs.write(value)
    if not edits or text is None:
        return None
    edit = Edit(theirs.start, theirs.end, text)
    slot = Slot(edits, (edit,))
    return (value, slot) if article_fits(pair.english, edit) and _says(slot, value, pair) else None


def _says(slot: Slot, value: Decimal, pair: Pair) -> bool:
    """Whether the new figure is read as what it is: after `واحد` a `عشرة` makes eleven."""
    arabic = _by_value(figures_arabic.read(apply(pair.arabic, slot.arabic)))
    english = _by_value(figures_english.read(apply(pair.english, slot.english)))
    return len(arabic.get(value, ())) == len(english.get(value, ())) == 1


def _draw(ours: ArabicFigure, theirs: EnglishFigure, pair: Pair, rng: Random) -> _Drawn:
    """Return a new value and how the Arabic writes it: no edits where there is none."""
    english = pair.english
    if _MONTH_BEFORE.search(english, 0, theirs.start) or _MONTH_AFTER.match(english, theirs.end):
        return _drawn_from(_DAYS, ours, rng)
    if theirs.is_plain:
        if _COUNTED.match(english, theirs.end) or not _YEAR_BEFORE.search(english, 0, theirs.start):
            return _NOTHING
        era = next((era for era in _ERAS if ours.value in era), range(0))
        return _drawn_from(era, ours, rng)
    if ours.value == 100:  # noqa: PLR2004 (percent, as often as not)
        return _NOTHING
    return ours.draw(rng, pair.arabic)


def _drawn_from(values: range, ours: ArabicFigure, rng: Random) -> _Drawn:
    if not ours.is_digits or ours.value not in values:
        return _NOTHING
    value = Decimal(rng.choice([n for n in values if n != ours.value]))
    return value, (ours.write(value),)
