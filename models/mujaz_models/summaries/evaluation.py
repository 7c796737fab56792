"""All systems on one set: mean ROUGE of each, and how far mujaz is from those it is held to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mujaz_models.summaries.interval import Interval, paired_bootstrap
from mujaz_models.summaries.oracle import oracle
from mujaz_models.summaries.peers import peers
from mujaz_models.summaries.rouge import MEASURES, Rouge
from mujaz_models.summaries.sets import Article, SummarySet
from mujaz_models.summaries.systems import System, chance, lead, mujaz, text_of
from mujaz_server.summary.selection import Weights, count_words

RANDOM_DRAWS = 5
HELD_TO = ("LEAD", "sumy LexRank", "sumy TextRank")


@dataclass(frozen=True, slots=True)
class Row:
    """What a system scores on a set.

    Attributes:
        system: Its name.
        rouge: The mean F1 by measure, from 0 to 100.
        words: The mean length of its summaries.
    """

    system: str
    rouge: Mapping[str, float]
    words: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How far mujaz is above another system by one measure, in points."""

    system: str
    measure: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class Result:
    """One set, measured.

    Attributes:
        set: Its name.
        documents: How many it has.
        references: `best` or `mean`: what counts where there are several.
        budget: The mean of the budgets, in words.
        rows: One for each system.
        differences: Of mujaz to each of `HELD_TO`, by each measure.
    """

    set: str
    documents: int
    references: str
    budget: float
    rows: Sequence[Row]
    differences: Sequence[Difference]


def evaluate(
    given: SummarySet,
    weights: Callable[[Article], Weights | None],
    progress: Callable[[str], None],
) -> Result:
    """Measures all systems; `progress` is told of each before it begins."""
    rouge = Rouge(given.language, best_reference=given.best_reference)
    scores, rows = {}, []
    for name, draws in _systems(given, weights).items():
        progress(f"{given.name}: {name}")
        summaries = [[text_of(a, draw(a)) for a in given.articles] for draw in draws]
        scores[name] = np.mean([_scores(given, rouge, each) for each in summaries], axis=0)
        means = dict(zip(MEASURES, scores[name].mean(axis=0).tolist(), strict=True))
        lengths = [count_words(text) for each in summaries for text in each]
        rows.append(Row(name, means, float(np.mean(lengths))))
    return Result(
        set=given.name,
        documents=len(given.articles),
        references="best" if given.best_reference else "mean",
        budget=float(np.mean([article.budget for article in given.articles])),
        rows=rows,
        differences=[
            Difference(other, measure, paired_bootstrap(ours, theirs))
            for other in HELD_TO
            for measure, ours, theirs in zip(
                MEASURES, scores["mujaz"].T.tolist(), scores[other].T.tolist(), strict=True
            )
        ],
    )


def _systems(
    given: SummarySet, weights: Callable[[Article], Weights | None]
) -> dict[str, Sequence[System]]:
    """Returns each system by name; what is drawn is the mean of several draws."""
    towards = Rouge(
        given.language, best_reference=given.best_reference, measures=("rouge1", "rouge2")
    )
    return {
        "mujaz": [mujaz(weights)],
        "LEAD": [lead],
        "random": [chance(seed) for seed in range(RANDOM_DRAWS)],
        **{name: [system] for name, system in peers(given.language).items()},
        "oracle": [oracle(towards)],
    }


def _scores(given: SummarySet, rouge: Rouge, summaries: Sequence[str]) -> list[tuple[float, ...]]:
    return [
        rouge.score(summary, article.references)
        for summary, article in zip(summaries, given.articles, strict=True)
    ]
