"""Compares summaries selected before translation with those selected after it, and what doubt does.

    python bench/summary_orders.py FOLDER --parallel FILE [--json FILE]

FOLDER is that of `mujaz-models evaluate-summaries`; of it the set easc_ar is read. The embedded
model translates all its sentences (see `translations.py`), which takes minutes the first time.
SELECT_FIRST selects from the Arabic, TRANSLATE_FIRST from the English; its picks are led back to
the Arabic that they came from, and both are scored against the Arabic references. A summary has the
same share of its article's words in either language, that of the references in the Arabic. FILE
holds Arabic and English by people, a tab between them: it tells whether doubts are right.
"""

import argparse
import math
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path
from statistics import correlation, fmean, quantiles

import numpy as np
from rounds import Goal, Table, figure, finished
from sacrebleu.metrics.chrf import CHRF
from signature import signature
from translations import TEXTS, English, translate, translated

from mujaz_models.summaries.interval import paired_bootstrap
from mujaz_models.summaries.rouge import Rouge
from mujaz_models.summaries.sets import Article, SummarySet, read_sets
from mujaz_models.summaries.systems import lead, mujaz, text_of
from mujaz_models.summaries.weights import describe
from mujaz_server.summary.selection import (
    WEIGHTS,
    Sentence,
    Weights,
    WordCount,
    count_words,
    summarize,
)

SET = "easc_ar"
MEASURES = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2"}
BEFORE, AFTER = "SELECT_FIRST", "TRANSLATE_FIRST"
ORDERS = ("LEAD", BEFORE, AFTER, ENGLISH := "TRANSLATE_FIRST by the weights of English")
"""What is compared by what it selects."""
FLAGS_ALONE = "flags alone, weight 0.5"
DOUBTS = ("no doubt", FLAGS_ALONE, "flags alone, weight 1", "weight 0.25", AFTER, "weight 1")
"""What is compared by what is said of translations; all are TRANSLATE_FIRST."""

Picks = tuple[int, ...]
"""Positions in an article's body."""
Order = Callable[[Article, Sequence[English]], Picks]


def jaccard(one: Collection[int], other: Collection[int]) -> float:
    """Returns how much two selections have in common, from 0 to 1; two empty ones are the same."""
    either = {*one, *other}
    return len({*one} & {*other}) / len(either) if either else 1.0


def after(weights: Weights, *, flags_alone: bool = False) -> Order:
    """Selects from the English as the server does; without its confidence, if flags alone count."""

    def order(article: Article, english: Sequence[English]) -> Picks:
        considered = [
            Sentence(
                position,
                1,
                each.text,
                doubtful=each.flagged,
                confidence=1.0 if flags_alone else each.confidence,
            )
            for position, each in enumerate(english)
            if each.considered
        ]
        share = article.budget / sum(map(count_words, article.body))
        words = sum(count_words(sentence.text) for sentence in considered)
        budget = WordCount(max(1, round(share * words)))
        picks = summarize(considered, budget, language="en", weights=weights)
        return tuple(pick.index for pick in picks)

    return order


def before(article: Article, _: Sequence[English]) -> Picks:
    """Selects from the Arabic as the server does."""
    return mujaz(lambda _: None)(article)


def _doubting(weight: float, *, flags_alone: bool = False) -> Order:
    return after(replace(WEIGHTS["ar"], doubt=weight), flags_alone=flags_alone)


SYSTEMS: Mapping[str, Order] = {
    "LEAD": lambda article, _: lead(article),
    BEFORE: before,
    AFTER: after(WEIGHTS["ar"]),
    ENGLISH: after(WEIGHTS["en"]),
    "no doubt": _doubting(0.0),
    FLAGS_ALONE: _doubting(0.5, flags_alone=True),
    "flags alone, weight 1": _doubting(1.0, flags_alone=True),
    "weight 0.25": _doubting(0.25),
    "weight 1": _doubting(1.0),
}


@dataclass(frozen=True)
class Run:
    """What one system selected.

    Attributes:
        given: The set.
        english: The English of each sentence of each article.
        picks: Of each article.
    """

    given: SummarySet
    english: Sequence[Sequence[English]]
    picks: Sequence[Picks]

    @cached_property
    def rouge(self) -> dict[str, list[float]]:
        """What the Arabic of each article's picks scores, by measure."""
        scorer = Rouge("ar", best_reference=self.given.best_reference, measures=tuple(MEASURES))
        scores = [
            scorer.score(text_of(article, picks), article.references)
            for article, picks in zip(self.given.articles, self.picks, strict=True)
        ]
        return dict(zip(MEASURES, map(list, zip(*scores, strict=True)), strict=True))

    @property
    def words(self) -> float:
        """The mean length of the Arabic."""
        return fmean(
            sum(count_words(article.body[position]) for position in picks)
            for article, picks in zip(self.given.articles, self.picks, strict=True)
        )

    @property
    def selected(self) -> list[English]:
        """The English of all picks."""
        return [
            english[position]
            for english, picks in zip(self.english, self.picks, strict=True)
            for position in picks
        ]

    def less(self, other: "Run", measure: str) -> str:
        """Returns how far it scores above another, with the interval."""
        interval = paired_bootstrap(self.rouge[measure], other.rouge[measure])
        return f"{interval.mean:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"


def agreement(runs: Mapping[str, Run]) -> Table:
    """Returns what each order scores, and how much it shares with selecting first."""
    lines = []
    for name in ORDERS:
        run = runs[name]
        pairs = list(zip(run.picks, runs[BEFORE].picks, strict=True))
        shared = fmean(jaccard(*pair) for pair in pairs)
        same = fmean(one == other for one, other in pairs)
        scores = [f"{fmean(run.rouge[measure]):.2f}" for measure in MEASURES]
        lines.append([name, *scores, f"{run.words:.0f}", f"{shared:.2f}", f"{same:.0%}"])
    heads = ("system", *MEASURES.values(), "words", "Jaccard", "identical")
    return Table(
        f"Both orders, by the Arabic of their picks; the last two columns compare with {BEFORE}",
        heads,
        lines,
    )


def differences(runs: Mapping[str, Run]) -> Table:
    """Returns how far the orders are from one another."""
    pairs = [
        (BEFORE, AFTER),
        (AFTER, ENGLISH),
        (AFTER, FLAGS_ALONE),
        (AFTER, "LEAD"),
    ]
    return Table(
        "Differences in points, with the interval of 95 %",
        ("one", "less the other", *MEASURES.values()),
        [
            [one, other, *(runs[one].less(runs[other], measure) for measure in MEASURES)]
            for one, other in pairs
        ],
    )


def doubts(runs: Mapping[str, Run]) -> Table:
    """Returns what each way to doubt costs, and how sure the model is of what is selected."""
    scores = [each.score for english in runs[AFTER].english for each in english if each.considered]
    low = quantiles(scores, n=10)[0]
    lines = []
    for name in DOUBTS:
        run, picks = runs[name], runs[name].selected
        shares = [fmean(each.flagged for each in picks), fmean(each.score < low for each in picks)]
        against = [run.less(runs["no doubt"], measure) for measure in MEASURES]
        log_probability = fmean(each.score for each in picks)
        told = f"mujaz, weight {WEIGHTS['ar'].doubt}" if name == AFTER else name
        lines.append([told, *against, *(f"{x:.1%}" for x in shares), f"{log_probability:.3f}"])
    heads = (*MEASURES.values(), "flagged", "lowest tenth", "log-probability")
    return Table("Doubts, less no doubt at all, and what is selected", ("doubt", *heads), lines)


def trust(parallel: Path) -> list[Goal]:
    """Returns how good those translations are that are doubted, by chrF to those of people."""
    lines = parallel.read_text(encoding="utf-8").splitlines()
    arabic, references = zip(*(line.split("\t") for line in lines), strict=True)
    english = translate([arabic[at : at + TEXTS] for at in range(0, len(arabic), TEXTS)])
    answers = list(chain.from_iterable(english))
    chrf = [
        CHRF().sentence_score(each.text, [reference]).score
        for each, reference in zip(answers, references, strict=True)
    ]
    low = quantiles([each.score for each in answers], n=10)[0]
    lowest = [score for score, each in zip(chrf, answers, strict=True) if each.score < low]
    flagged = [score for score, each in zip(chrf, answers, strict=True) if each.flagged]
    return [
        figure(f"chrF of {len(chrf)} translations beside those of people", fmean(chrf), "{:.1f}"),
        figure("chrF of their lowest tenth by log-probability", fmean(lowest), "{:.1f}"),
        figure(f"chrF of the {len(flagged)} flagged", fmean(flagged or [math.nan]), "{:.1f}"),
        figure(
            "rank correlation of log-probability and chrF",
            correlation(_ranks([each.score for each in answers]), _ranks(chrf)),
        ),
    ]


def _ranks(values: Sequence[float]) -> list[int]:
    ranks: list[int] = np.argsort(np.argsort(values)).tolist()
    return ranks


def main() -> int:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--parallel", type=Path, metavar="FILE", required=True)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    (given,) = read_sets(options.folder, [SET])
    english = translated(given.articles)
    runs = {
        name: Run(given, english, [*map(order, given.articles, english)])
        for name, order in SYSTEMS.items()
    }
    tables = [agreement(runs), differences(runs), doubts(runs)]
    print(*tables, "", sep="\n\n")
    sentences = sum(map(len, english))
    signed = signature(
        set=f"{SET} {len(given.articles)} documents, {sentences} sentences",
        beside=options.parallel.name,
        weights=describe({}).removeprefix("weights "),
    )
    data = {"tables": [asdict(table) for table in tables]}
    return finished(options.json, "summary_orders", trust(options.parallel), data, signed)


if __name__ == "__main__":
    sys.exit(main())
