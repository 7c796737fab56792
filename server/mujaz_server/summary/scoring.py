"""What a sentence is worth: a sum of reasons, each a weight times a feature."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mujaz_server.summary.centrality import lexrank
from mujaz_server.summary.document import Layout, Sentence
from mujaz_server.summary.features import Language, awkwardness, leads, names, numbers
from mujaz_server.summary.vectors import Floats, SentenceVectors
from mujaz_server.summary.words import terms


class ReasonKind(enum.Enum):
    """Why a sentence was selected; the names are those of `mujaz.v1.ReasonKind`."""

    CENTRALITY = enum.auto()
    POSITION = enum.auto()
    NUMBERS = enum.auto()
    NAMES = enum.auto()
    QUERY = enum.auto()
    HEADLINE = enum.auto()
    REDUNDANCY = enum.auto()
    LENGTH = enum.auto()
    DOUBT = enum.auto()


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each feature counts, where a feature lies between 0 and 1.

    The last three are taken off. Those that news documents can tell were set by
    `bench/summaries.py` on Arabic and English articles; a tenth up or down changes little.
    """

    # News puts what matters first, so the place outweighs everything but a query.
    position: float = 1.0
    # What the rest of the document keeps coming back to: enough for a central sentence far
    # down to pass an idle one near the top, not to pass a lead that says what it is about.
    centrality: float = 0.4
    # The headline is the editor's own summary, but the lead mostly repeats it anyway.
    headline: float = 0.15
    # Facts rather than colour: these tell two otherwise equal sentences apart.
    numbers: float = 0.1
    names: float = 0.1
    # Whoever asks wants the answer before the lead.
    query: float = 3.0
    # At a diversity of 0.5 a literal repetition loses as much as the best place can give.
    redundancy: float = 2.0
    # A fragment, or a sentence that would fill the summary by itself.
    length: float = 1.0
    # A sound sentence of about the same weight goes first; the lead itself may still stay.
    doubt: float = 0.5


def contributions(
    sentences: Sequence[Sentence],
    layout: Layout,
    vectors: SentenceVectors,
    word_counts: Sequence[int],
    folded: Sequence[Sequence[str]],
    *,
    language: Language,
    query: str,
    weights: Weights,
) -> dict[ReasonKind, Floats]:
    """Returns, for each reason known before selection, what it adds to each sentence's score.

    `word_counts` and `folded` hold the number and the folded words of each sentence.
    """
    places = np.cumsum(layout.eligible) - np.asarray(layout.eligible, dtype=np.int64)
    doubts = np.fromiter((sentence.doubtful for sentence in sentences), dtype=np.float64)
    parts = {
        ReasonKind.CENTRALITY: weights.centrality * lexrank(vectors),
        ReasonKind.POSITION: weights.position * leads(places.tolist(), layout.opening),
        ReasonKind.NUMBERS: weights.numbers * np.array([*map(numbers, folded)]),
        ReasonKind.NAMES: weights.names * np.array([names(s.text, language) for s in sentences]),
        ReasonKind.LENGTH: -weights.length * awkwardness(word_counts),
        ReasonKind.DOUBT: -weights.doubt * doubts,
    }
    if query:
        parts[ReasonKind.QUERY] = weights.query * _relative(vectors.similarities_to(terms(query)))
    if layout.headline is not None:
        similarities = vectors.similarities(layout.headline)
        similarities[layout.headline] = 0.0
        parts[ReasonKind.HEADLINE] = weights.headline * _relative(similarities)
    return parts


def _relative(similarities: Floats) -> Floats:
    """Scales to the closest sentence: a short query is never very close to any."""
    closest = float(similarities.max(initial=0.0))
    return similarities / closest if closest else similarities
