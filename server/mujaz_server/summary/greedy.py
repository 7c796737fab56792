"""The loop that takes what is worth most, again and again, until the room is full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from mujaz_server.summary.budget import Room
from mujaz_server.summary.vectors import Floats, SentenceVectors

# Sentences of one story share words anyway. Up to the first cosine they only belong together;
# from the second on they say the same.
_RELATED, _SAME = 0.2, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What there is to take from; positions are those of the document.

    Attributes:
        units: The positions that are taken together, in order and without overlap.
        antecedents: For a sentence that reads on, the one that it needs.
        scores: What each sentence is worth before anything is taken.
        sizes: The words of each.
        vectors: What each is about.
        repetition: What is taken off a full repetition of a taken sentence.
        context: What is taken off a sentence whose antecedent is not taken.
    """

    units: Sequence[Sequence[int]]
    antecedents: Mapping[int, int]
    scores: Floats
    sizes: npt.NDArray[np.int64]
    vectors: SentenceVectors
    repetition: float
    context: float


def take(given: Candidates, room: Room) -> dict[int, float]:
    """Returns the positions taken, in that order, each with its redundancy, from 0 to 1.

    Each time the unit with the highest mean goes first that still fits, less what repeats
    the sentences taken before it (maximal marginal relevance: Carbonell and Goldstein, "The
    Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing Summaries",
    1998) and less what reads on from a sentence not taken. No two twins are taken (see
    `SentenceVectors.twins`).
    """
    lengths = np.array([len(unit) for unit in given.units])
    content = np.concatenate([np.array(unit) for unit in given.units])
    owners = np.full(len(given.scores), len(lengths))  # of what is in no unit: one too far
    owners[content] = np.repeat(np.arange(len(lengths)), lengths)
    words = np.bincount(owners, given.sizes)[: len(lengths)]
    dangling = np.zeros(len(given.scores))
    dangling[[p for p, before in given.antecedents.items() if owners[p] != owners[before]]] = 1.0
    followers = {before: position for position, before in given.antecedents.items()}
    redundancy = np.zeros(len(given.scores))
    closed = np.array([_repeats_itself(unit, given.vectors) for unit in given.units] + [True])
    taken: dict[int, float] = {}
    sentences_left, words_left = room.sentences, room.words
    while True:
        fits = ~closed[:-1] & (lengths <= sentences_left) & (words <= words_left)
        if not fits.any():
            return taken
        worth = given.scores - given.repetition * redundancy - given.context * dangling
        means = np.bincount(owners, worth)[: len(lengths)] / lengths
        # The first of equals: argmax keeps to document order.
        best = int(np.argmax(np.where(fits, means, -np.inf)))
        taken |= {position: float(redundancy[position]) for position in given.units[best]}
        sentences_left -= int(lengths[best])
        words_left -= int(words[best])
        for position in given.units[best]:
            cosines = given.vectors.similarities(position)
            redundancy = np.maximum(redundancy, _repetition(cosines))
            closed[owners[given.vectors.twins(position)]] = True
            dangling[followers.get(position, position)] = 0.0
        closed[best] = True


def _repeats_itself(unit: Sequence[int], vectors: SentenceVectors) -> bool:
    return any(vectors.twins(first)[second] for first, second in combinations(unit, 2))


def _repetition(cosines: Floats) -> Floats:
    """Returns how far each sentence, by its cosine to a taken one, repeats it: 0 to 1."""
    return np.clip((cosines - _RELATED) / (_SAME - _RELATED), 0.0, 1.0)
