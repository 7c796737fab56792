"""The second level: clauses of a sentence that is too long for the model."""

import bisect
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mujaz_server.text.characters import trim

_CONJUNCTIONS: Final = (
    "ثم|لكن|ولكن|بل|بينما|فيما|حيث|إذ|اذ|كما|لأن|لان|أو|او|أم|التي|الذي|الذين|مما|حتى|بعدما"
)
_NOUNS_IN_WAW: Final = "زير|زار|كال|اشنطن|قت|طن|حد|سط|فق|راء|احد|الد|فد|صول|جود|ضع|لاي|رق|جه"
_CUTS: Final = tuple(
    re.compile(rule)
    for rule in (
        r"(?<=[.؟?!…])[\"»”’)\]]*(?=\s)",  # a sentence inside a quotation
        r"؛",
        r"[،,;](?!\d)",
        rf"(?=\s(?:(?:{_CONJUNCTIONS})\s|و(?!{_NOUNS_IN_WAW})\w{{3}}))",
        r"(?=\s)",
    )
)
"""Where a clause may end, the strongest rule first; the cut stands at the end of the match."""

_MARGIN: Final = 0.25  # the shortest side of a cut, as a share of the whole
_CLUSTER: Final = 32  # the most combining marks that a forced cut steps over


def split_long(
    text: str, start: int, end: int, fits: Callable[[str], bool]
) -> list[tuple[int, int]]:
    """Cut `text[start:end]` into pieces that fit.

    The span is halved until `fits` holds for every piece, each time at the cut nearest to the
    middle of the strongest kind there is: `؛`, then `،`, then a conjunction, then white space,
    then anywhere between two characters. Pieces come in order, hold no padding at their ends,
    and only padding lies between them. `fits` is asked about twice as often as there are pieces.
    A piece of one code point is taken to fit.

    Args:
        text: The document.
        start: Where the span starts, in code points.
        end: Where it ends, exclusive.
        fits: Whether the model takes a piece whole. What fits must fit when shortened.

    Returns:
        Half-open spans in code points of `text`; none if the span holds no ink.
    """
    cuts = [[found.end() for found in rule.finditer(text, start, end)] for rule in _CUTS]
    return list(_pieces(text, trim(text, start, end), fits, cuts))


def _pieces(
    text: str,
    whole: tuple[int, int],
    fits: Callable[[str], bool],
    cuts: Sequence[Sequence[int]],
) -> Iterator[tuple[int, int]]:
    waiting = [whole]
    while waiting:
        start, end = waiting.pop()
        if start == end:
            continue
        if end - start == 1 or fits(text[start:end]):
            yield start, end
            continue
        middle = _cut(text, start, end, cuts)
        waiting += [trim(text, middle, end), trim(text, start, middle)]


def _cut(text: str, start: int, end: int, cuts: Sequence[Sequence[int]]) -> int:
    """Choose where to halve the span."""
    middle = (start + end) // 2
    margin = max(1, int((end - start) * _MARGIN))
    for candidates in cuts:
        found = bisect.bisect_left(candidates, middle)
        near = [
            cut
            for cut in candidates[max(0, found - 1) : found + 1]
            if start + margin <= cut <= end - margin
        ]
        if near:
            return min(near, key=lambda cut: abs(cut - middle))
    for cut in range(middle, min(middle + _CLUSTER, end)):
        if not unicodedata.combining(text[cut]):
            return cut
    return middle
