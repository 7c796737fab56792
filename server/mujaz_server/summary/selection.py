"""The public face of the room: from sentences and a budget to picks with reasons.

Sentences are taken one by one, each time the one with the highest score that still fits the
budget, less what repeats those taken before it (maximal marginal relevance: Carbonell and
Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing
Summaries", 1998). The same sentences, budget and options always give the same picks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mujaz_server.summary.document import Sentence, read_layout
from mujaz_server.summary.features import Language
from mujaz_server.summary.scoring import ReasonKind, Weights, contributions
from mujaz_server.summary.vectors import Floats, SentenceVectors
from mujaz_server.summary.words import count_words, terms_of, words

__all__ = [
    "Budget",
    "Language",
    "Pick",
    "Ratio",
    "Reason",
    "ReasonKind",
    "Sentence",
    "SentenceCount",
    "Weights",
    "WordCount",
    "count_words",
    "summarize",
]

_ROUNDING = 1e-9
# Sentences of one story share words anyway. Up to the first cosine they only belong together;
# from the second on they say the same.
_RELATED, _SAME = 0.2, 0.6


@dataclass(frozen=True, slots=True)
class SentenceCount:
    """At most `value` sentences; at least 1."""

    value: int

    def __post_init__(self) -> None:
        if self.value < 1:
            raise ValueError(f"a summary has at least 1 sentence, not {self.value}")


@dataclass(frozen=True, slots=True)
class WordCount:
    """At most `value` words, as `count_words` counts them; at least 1."""

    value: int

    def __post_init__(self) -> None:
        if self.value < 1:
            raise ValueError(f"a summary has at least 1 word, not {self.value}")


@dataclass(frozen=True, slots=True)
class Ratio:
    """At most this share of the document's words, over 0 to 1, but always one sentence."""

    value: float

    def __post_init__(self) -> None:
        if not 0.0 < self.value <= 1.0:
            raise ValueError(f"a summary is a share of its document over 0 to 1, not {self.value}")


Budget = SentenceCount | WordCount | Ratio


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a pick's score: what it adds, or takes off where negative."""

    kind: ReasonKind
    contribution: float


@dataclass(frozen=True, slots=True)
class Pick:
    """A selected sentence.

    Attributes:
        index: The index of its `Sentence`.
        score: The sum of the contributions of its reasons.
        rank: Its rank by score among the picks, from 1.
        reasons: What the score consists of, the largest first; those of zero are left out.
    """

    index: int
    score: float
    rank: int
    reasons: tuple[Reason, ...]


def summarize(
    sentences: Sequence[Sentence],
    budget: Budget,
    *,
    language: Language,
    query: str = "",
    diversity: float = 0.5,
    weights: Weights | None = None,
) -> list[Pick]:
    """Selects the sentences that say most of a document within a budget.

    Args:
        sentences: The sentences in document order. Headlines, datelines, agency signatures,
            lines of symbols and sentences that are not `eligible` are never selected, unless
            there is nothing else; then the first ones are.
        budget: How long the summary may be. Empty where no sentence is as short as a
            `WordCount` wants.
        language: The language of the sentences.
        query: What the summary should be about, in the language of the sentences; one in
            another language is matched by the names and numbers they share.
        diversity: How strongly a sentence that repeats selected ones is held back, 0 to 1.
        weights: What each feature counts; mujaz's own by default.

    Returns:
        The picks in document order, each sentence at most once.

    Raises:
        ValueError: `diversity` is not between 0 and 1.
    """
    if not 0.0 <= diversity <= 1.0:
        raise ValueError(f"diversity is between 0 and 1, not {diversity}")
    if not sentences:
        return []
    weights = weights or Weights()
    counts = [count_words(sentence.text) for sentence in sentences]
    folded = [words(sentence.text) for sentence in sentences]
    layout = read_layout(sentences, counts)
    vectors = SentenceVectors.of([*map(terms_of, folded)])
    parts = contributions(
        sentences, layout, vectors, counts, folded, language=language, query=query, weights=weights
    )
    eligible = np.array(layout.eligible)
    if not eligible.any():
        eligible = np.ones(len(sentences), dtype=np.bool_)
        diversity = 0.0
        parts = {ReasonKind.POSITION: 1.0 / np.arange(1.0, len(sentences) + 1.0)}
    taken = _take(
        sum(parts.values(), np.zeros(len(sentences))),
        vectors,
        np.array(counts),
        eligible,
        penalty=diversity * weights.redundancy,
        budget=budget,
    )
    ranked = enumerate(taken.items(), start=1)
    return [
        _pick(sentences[position].index, rank, _reasons(parts, position, redundancy))
        for rank, (position, redundancy) in sorted(ranked, key=lambda entry: entry[1][0])
    ]


def _take(
    scores: Floats,
    vectors: SentenceVectors,
    sizes: npt.NDArray[np.int64],
    eligible: npt.NDArray[np.bool_],
    *,
    penalty: float,
    budget: Budget,
) -> dict[int, float]:
    """Returns the positions taken, best first, each with its redundancy when it was taken."""
    most_sentences, words_left = _limits(budget, sizes)
    fits = eligible & (sizes <= words_left)
    if isinstance(budget, Ratio) and not fits.any():
        most_sentences, words_left, fits = 1, int(sizes.max()), eligible
    redundancy = np.zeros(len(scores))
    taken: dict[int, float] = {}
    while len(taken) < most_sentences and fits.any():
        # The first of equals: argmax keeps to document order.
        best = int(np.argmax(np.where(fits, scores - penalty * redundancy, -np.inf)))
        taken[best] = -penalty * float(redundancy[best])
        words_left -= int(sizes[best])
        fits = fits & (sizes <= words_left)
        fits[best] = False
        redundancy = np.maximum(redundancy, _repetition(vectors.similarities(best)))
    return taken


def _repetition(cosines: Floats) -> Floats:
    """Returns how far each sentence, by its cosine to a taken one, repeats it: 0 to 1."""
    return np.clip((cosines - _RELATED) / (_SAME - _RELATED), 0.0, 1.0)


def _limits(budget: Budget, sizes: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Returns the most sentences and the most words that a budget allows."""
    total = int(sizes.sum())
    match budget:
        case SentenceCount(value):
            return value, total
        case WordCount(value):
            return len(sizes), value
        case Ratio(value):
            return len(sizes), math.floor(value * total + _ROUNDING)


def _reasons(
    parts: dict[ReasonKind, Floats], position: int, redundancy: float
) -> tuple[Reason, ...]:
    reasons = [Reason(kind, float(part[position])) for kind, part in parts.items()]
    reasons.append(Reason(ReasonKind.REDUNDANCY, redundancy))
    present = [reason for reason in reasons if reason.contribution]
    return tuple(sorted(present, key=lambda reason: -reason.contribution))


def _pick(index: int, rank: int, reasons: tuple[Reason, ...]) -> Pick:
    score = math.fsum(reason.contribution for reason in reasons)
    return Pick(index, score, rank, reasons)
