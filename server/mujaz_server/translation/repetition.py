"""Telling a decoder's loop from the repetition that language has.

Three signs: the same words again at once (`to be able to be able to be able`), one phrase coming
back too often (`of the light … of the light …`), a stutter within a word (`Masagaoooooooo`). What
counts is how often, not which words; and what the source repeats, its translation may repeat.

The limits come from 29,165 human translations: a word stands three times in a row in 3 of them, a
longer phrase twice in a row in 38, three words come back four times in 27.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+")
_STUTTER = re.compile(r"(\D{1,8}?)" + r"\1" * 7)  # counted out: a counted loop is slower
_WORD_IN_A_ROW = 3
_PHRASE_IN_A_ROW = 2
_LONGEST_PHRASE = 8
_RECURRING_PHRASE = 3
_RECURRENCES = 4


def loops(source: str, output: str) -> bool:
    """Whether a translation repeats itself as a decoder in a loop does, and its source does not.

    Args:
        source: the Arabic, folded.
        output: the English, folded.
    """
    ours, theirs = _WORD.findall(source), _WORD.findall(output)
    if _has_pairs_twice(theirs) and (_repeats_at_once(ours, theirs) or _recurs(ours, theirs)):
        return True
    return _stutters(source, output)


def _has_pairs_twice(words: Sequence[str]) -> bool:
    """Whether two words in a row come back, without which no phrase does; most texts have none."""
    return len(set(pairwise(words))) < len(words) - 1


def _repeats_at_once(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    counts = [_in_a_row(theirs, length) for length in range(1, _LONGEST_PHRASE + 1)]
    if counts[0] < _WORD_IN_A_ROW and max(counts[1:]) < _PHRASE_IN_A_ROW:
        return False
    allowed = max(_in_a_row(ours, length) for length in range(1, _LONGEST_PHRASE + 1))
    return max(counts) > allowed


def _in_a_row(words: Sequence[str], length: int) -> int:
    """How often a phrase of this length stands in a row, at most; 1 where none is repeated."""
    longest = run = 0
    for word, later in zip(words, words[length:], strict=False):
        run = run + 1 if word == later else 0
        longest = max(longest, run)
    return longest // length + 1


def _recurs(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    phrases = zip(*(theirs[start:] for start in range(_RECURRING_PHRASE)), strict=False)
    count = _most_common(Counter(phrases))
    return count >= _RECURRENCES and count > _most_common(Counter(ours))


def _most_common(counts: "Counter[str] | Counter[tuple[str, ...]]") -> int:
    return max(counts.values(), default=0)


def _stutters(source: str, output: str) -> bool:
    found = _STUTTER.search("".join(output.split()))
    return found is not None and _STUTTER.search("".join(source.split())) is None
