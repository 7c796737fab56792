"""Comparing the numbers of a source with those of its translation.

Both sides are read as multisets of numbers. A number in digits, and one over ten in words, must be
answered by the same number on the other side, in digits or in words. Smaller number words may be
paraphrased away (`شخصين`, both), so they are a doubt only where each side has one that the other
lacks: four soldiers for خمسة جنود. One and two are the articles, duals and pronouns of the other
language: a `1` need not be answered, and a `2` of the translation need not either.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from mujaz_server.translation.numerals import Numeral, numerals

_ZERO = Decimal(0)
_ONE = Decimal(1)
_TWO = Decimal(2)
_TEN = Decimal(10)


@dataclass(frozen=True, slots=True)
class NumberDifference:
    """The numbers on which two texts differ, in ASCII digits, in the order of their text.

    Attributes:
        missing: numbers of the source that the translation lacks.
        added: numbers of the translation that the source lacks.
    """

    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.added)


def compare_numbers(source: str, output: str) -> NumberDifference:
    """Compare the numbers of a source with those of its translation; falsy where they agree."""
    missing, added = _unanswered(numerals(source), numerals(output))
    missing, added = _unanswered(_apart(missing), _apart(added))
    missing = [n for n in missing if n.values[0] not in ((_ONE,) if n.digits else (_ONE, _TWO))]
    added = [n for n in added if n.values[0] not in (_ZERO, _ONE, _TWO)]
    if any(map(_counts_alone, (*missing, *added))) or (missing and added):
        return NumberDifference(_written(missing), _written(added))
    return NumberDifference()


def _counts_alone(numeral: Numeral) -> bool:
    return numeral.digits or numeral.values[0] > _TEN


def _unanswered(ours: list[Numeral], theirs: list[Numeral]) -> tuple[list[Numeral], list[Numeral]]:
    """Pair equal numbers; return what is left on each side and not vague."""
    for our_digits, their_digits in product((True, False), repeat=2):
        if not ours or not theirs:
            break
        for likeliest in (True, False):
            left = [numeral for numeral in ours if numeral.digits is our_digits]
            right = [numeral for numeral in theirs if numeral.digits is their_digits]
            paired = _pair(left, right, 1 if likeliest else None)
            ours = [numeral for numeral in ours if id(numeral) not in paired]
            theirs = [numeral for numeral in theirs if id(numeral) not in paired]
    return [n for n in ours if not n.vague], [n for n in theirs if not n.vague]


def _pair(ours: list[Numeral], theirs: list[Numeral], readings: int | None) -> set[int]:
    """Pair numbers that share one of their first readings; return the ids of the paired."""
    waiting: defaultdict[Decimal, list[Numeral]] = defaultdict(list)
    for numeral in theirs:
        for value in numeral.values[:readings]:
            waiting[value].append(numeral)
    paired: set[int] = set()
    for numeral in ours:
        if answer := _answer(numeral.values[:readings], waiting, paired):
            paired |= {id(numeral), id(answer)}
    return paired


def _answer(
    values: Iterable[Decimal], waiting: Mapping[Decimal, list[Numeral]], paired: set[int]
) -> Numeral | None:
    for value in values:
        candidates = waiting.get(value, [])
        while candidates:
            candidate = candidates.pop()
            if id(candidate) not in paired:
                return candidate
    return None


def _apart(left: Iterable[Numeral]) -> list[Numeral]:
    """Take numbers to the pieces that the other side may say: 6:45 is the sixth hour and 45."""
    return [part for numeral in left for part in numeral.parts or (numeral,)]


def _written(numerals_left: Iterable[Numeral]) -> tuple[str, ...]:
    return tuple(numeral.written for numeral in numerals_left)
