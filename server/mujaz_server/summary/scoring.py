"""What a sentence is worth: a sum of reasons, each a weight times a feature."""

import enum
from collections import Counter
from collections.abc import Sequence

import numpy as np

from mujaz_server.summary.centrality import centralities
from mujaz_server.summary.document import Layout, Sentence
from mujaz_server.summary.features import awkwardness, leads, names, numbers
from mujaz_server.summary.query import relevance
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.vectors import Floats
from mujaz_server.summary.weights import Weights


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
    CONTEXT = enum.auto()


def contributions(reading: Reading, query: str, weights: Weights) -> dict[ReasonKind, Floats]:
    """Returns, for each reason known before selection, what it adds to each sentence's score.

    In a document without content only the place counts.
    """
    sentences, layout, vectors = reading.sentences, reading.layout, reading.vectors
    if not reading.has_content:
        return {ReasonKind.POSITION: 1.0 / np.arange(1.0, len(sentences) + 1.0)}
    doubts = np.array([1.0 if s.doubtful else 1.0 - s.confidence for s in sentences])
    found_names = [
        names(sentence.text, folded, reading.language)
        for sentence, folded in zip(sentences, reading.folded, strict=True)
    ]
    parts = {
        ReasonKind.CENTRALITY: weights.centrality * centralities(vectors),
        ReasonKind.POSITION: weights.position * leads(_places(sentences, layout), layout.opening),
        ReasonKind.NUMBERS: weights.numbers * np.array([*map(numbers, reading.folded)]),
        ReasonKind.NAMES: weights.names * np.array(found_names),
        ReasonKind.LENGTH: -weights.length * awkwardness(reading.sizes.tolist()),
        ReasonKind.DOUBT: -weights.doubt * doubts,
    }
    if query:
        parts[ReasonKind.QUERY] = weights.query * _relative(relevance(query, reading))
    if layout.headlines:
        headlines = [*layout.headlines]
        similarities = np.max([vectors.similarities(each) for each in headlines], axis=0)
        similarities[headlines] = 0.0
        parts[ReasonKind.HEADLINE] = weights.headline * _relative(similarities)
    return parts


def _places(sentences: Sequence[Sentence], layout: Layout) -> list[int]:
    """Returns how many sentences that may be selected stand before each in its document."""
    places = []
    before: Counter[int] = Counter()
    for sentence, eligible in zip(sentences, layout.eligible, strict=True):
        places.append(before[sentence.document])
        before[sentence.document] += eligible
    return places


def _relative(similarities: Floats) -> Floats:
    """Scales to the closest sentence: a short query is never very close to any."""
    closest = float(similarities.max(initial=0.0))
    return similarities / closest if closest else similarities
