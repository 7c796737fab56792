"""The public face of the room: from sentences and a budget to picks with reasons.

The same sentences, budget and options always give the same picks.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mujaz_server.summary.budget import Budget, Ratio, Room, SentenceCount, WordCount, room
from mujaz_server.summary.document import Sentence
from mujaz_server.summary.features import Language
from mujaz_server.summary.greedy import Candidates, take
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.scoring import ReasonKind, contributions
from mujaz_server.summary.weights import WEIGHTS, Weights
from mujaz_server.summary.words import count_words

__all__ = [
    "WEIGHTS",
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
        rank: Its rank by score among the picks, from 1; equals go in document order.
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
            there is nothing else; then the first ones are. The sentences of one quotation
            are selected together, unless nothing fits so. Of two sentences that say the
            same only one is ever selected.
        budget: How long the summary may be. Empty where no sentence is as short as a
            `WordCount` wants.
        language: The language of the sentences.
        query: What the reader asks for, in either language; sentences close to it are
            preferred. Empty for none.
        diversity: How much repeating what is already selected costs, from 0 (nothing) to 1.
        weights: What each reason weighs; those of the language where None.

    Returns:
        The picks in document order.

    Raises:
        ValueError: `diversity` is outside its range.
    """
    if not 0.0 <= diversity <= 1.0:
        raise ValueError(f"diversity is between 0 and 1, not {diversity}")
    if not sentences:
        return []
    weights = weights or WEIGHTS[language]
    reading = Reading.of(sentences, language)
    parts = contributions(reading, query, weights)
    antecedents = reading.antecedents()
    candidates = Candidates(
        units=reading.units(),
        antecedents=antecedents,
        scores=sum(parts.values(), np.zeros(len(sentences))),
        sizes=reading.sizes,
        vectors=reading.vectors,
        repetition=diversity * weights.redundancy,
        context=weights.context,
    )
    taken = _take(candidates, budget)
    missing = {p for p, before in antecedents.items() if before not in taken}
    reasons = {
        position: [
            *(Reason(kind, float(part[position])) for kind, part in parts.items()),
            Reason(ReasonKind.REDUNDANCY, -candidates.repetition * redundancy),
            Reason(ReasonKind.CONTEXT, -weights.context * (position in missing)),
        ]
        for position, redundancy in taken.items()
    }
    return _picks(sentences, reasons)


def _take(candidates: Candidates, budget: Budget) -> dict[int, float]:
    """Takes quotations whole; where none fits, sentences; for a ratio at least the best one."""
    document = Room(len(candidates.scores), int(candidates.sizes.sum()))
    allowed = room(budget, document)
    apart = replace(candidates, units=[[p] for unit in candidates.units for p in unit])
    taken = take(candidates, allowed) or take(apart, allowed)
    if not taken and isinstance(budget, Ratio):
        taken = take(apart, replace(document, sentences=1))
    return taken


def _picks(sentences: Sequence[Sentence], reasons: Mapping[int, Sequence[Reason]]) -> list[Pick]:
    """Ranks by score what was taken, and returns it in document order."""
    scores = {p: math.fsum(each.contribution for each in why) for p, why in reasons.items()}
    ranks = {p: rank for rank, p in enumerate(sorted(scores, key=lambda p: (-scores[p], p)), 1)}
    return [
        Pick(sentences[position].index, scores[position], ranks[position], _present(why))
        for position, why in sorted(reasons.items())
    ]


def _present(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    present = [reason for reason in reasons if reason.contribution]
    return tuple(sorted(present, key=lambda reason: -reason.contribution))
