"""What a sentence shows by itself: its place, its numbers, its names, its length.

Each feature lies between 0 and 1, so that the weights of `scoring.Weights` compare.
"""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np

from mujaz_server.summary.lexicon import CALENDAR, NUMBER_WORDS, TITLES
from mujaz_server.summary.vectors import Floats

Language = Literal["ar", "en"]

# So many numbers or names are as good as any more.
_ENOUGH = 3
_FEWEST_WORDS = 5
_LONG_SENTENCE = 40
# The second place is worth 0.76 of the first, the tenth 0.40.
_LEAD_DECAY = 0.4
# Of what a place is worth, the share that goes to opening a paragraph.
_OPENING_SHARE = 0.1

# A capital where no sentence or quotation begins.
_CAPITALISED = re.compile(r"(?<=[\w,;)] )[A-ZÀ-Þ][\w'’-]*(?: [A-ZÀ-Þ][\w'’-]*)*")
_LATIN_RUN = re.compile(r"[A-Za-zÀ-ÿ][\w'’-]*(?: [A-Za-zÀ-ÿ][\w'’-]*)*")


def leads(places: Sequence[int], openings: Sequence[bool]) -> Floats:
    """Returns how much each sentence gains from its place.

    Args:
        places: How many sentences that could be selected stand before each.
        openings: Whether it opens a paragraph.
    """
    lead = (1.0 + np.asarray(places, dtype=np.float64)) ** -_LEAD_DECAY
    return (1.0 - _OPENING_SHARE) * lead + _OPENING_SHARE * np.asarray(openings, dtype=np.float64)


def numbers(folded: Sequence[str]) -> float:
    """Returns how rich folded words are in numbers; three are as good as more."""
    found = sum(word in NUMBER_WORDS or _has_digit(word) for word in folded)
    return min(found, _ENOUGH) / _ENOUGH


def _has_digit(word: str) -> bool:
    return not word.isalpha() and any(map(str.isdigit, word))


def names(text: str, folded: Sequence[str], language: Language) -> float:
    """Returns how rich `text` is in names; three are as good as more. `folded` are its words.

    This is a hint, not a recogniser: in English capitalised runs inside a sentence that are
    not of the calendar, in Arabic titles and runs of Latin letters.
    """
    if language == "en":
        found = sum(run not in CALENDAR for run in _CAPITALISED.findall(text))
    else:
        found = sum(word in TITLES for word in folded) + len(_LATIN_RUN.findall(text))
    return min(found, _ENOUGH) / _ENOUGH


def awkwardness(word_counts: Sequence[int]) -> Floats:
    """Returns how far each sentence is from a length that reads well in a summary.

    Below five words a fragment, the shorter the worse; beyond 40 words and twice the mean of
    the document too long, the worst from twice that on.
    """
    counts = np.asarray(word_counts, dtype=np.float64)
    limit = max(_LONG_SENTENCE, 2.0 * float(counts.mean()) if len(counts) else 0.0)
    short = np.clip((_FEWEST_WORDS - counts) / _FEWEST_WORDS, 0.0, 1.0)
    long = np.clip((counts - limit) / limit, 0.0, 1.0)
    return np.maximum(short, long)
