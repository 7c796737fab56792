"""Weights by nested cross-validation: none is measured on a document that it was chosen on.

The documents of each outer fold are measured by weights that were chosen on the others. Among
those, a change is an improvement where some set gains and none loses, so that no kind of article
pays for another, and where most of the inner folds gain, so that no few documents decide.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

import numpy as np
import numpy.typing as npt

from mujaz_models.summaries.ascent import ascend
from mujaz_models.summaries.folds import FOLDS, INNER_FOLDS, fold, inner_fold
from mujaz_models.summaries.sets import SummarySet
from mujaz_models.summaries.systems import lead, mujaz, text_of
from mujaz_models.summaries.weights import Tuned, for_article
from mujaz_models.summaries.worth import Worth, rouge_of
from mujaz_server.summary.selection import Weights

_GRID = (0.0, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5)
# A query and a doubtful translation are in none of the sets. ROUGE does not see what the others
# are for: it forgives a repetition, a fragment, and a sentence whose antecedent is missing.
_AS_THEY_ARE = {"query", "doubt", "redundancy", "length", "context"}
_MOST = INNER_FOLDS // 2 + 1
_LEAST_GAIN = 0.2  # points, the sum of the sets; for less a weight stays as it is

AXES: Mapping[str, Sequence[float]] = {
    field.name: _GRID for field in fields(Weights) if field.name not in _AS_THEY_ARE
}
"""The values that are tried of each weight."""


def tune(sets: Sequence[SummarySet], progress: Callable[[str], None]) -> Tuned:
    """Chooses weights for the one language of `sets`: on all, and for each fold on the others.

    `progress` is told of each part before it begins.
    """
    worth = Worth(sets)
    folds = np.array([fold(each) for each in worth.ids])
    language = sets[0].language

    def chosen(seen: npt.NDArray[np.bool_], told: str) -> Weights:
        progress(f"{language}: {told}")
        return ascend(Weights(), AXES, _improvement(worth, seen))

    unseen = tuple(chosen(folds != k, f"fold {k + 1} of {FOLDS}") for k in range(FOLDS))
    return Tuned(chosen(np.full(len(folds), fill_value=True), "all folds"), unseen)


def _improvement(worth: Worth, seen: npt.NDArray[np.bool_]) -> Callable[[Weights, Weights], bool]:
    """Returns whether the first weights are better than the second on the documents seen."""
    inner = np.array([inner_fold(each) for each in worth.ids])
    parts = [part for k in range(INNER_FOLDS) if (part := seen & (inner == k)).any()]

    def better(changed: Weights, than: Weights) -> bool:
        gains = worth.by(changed) - worth.by(than)
        by_set = worth.by_set(gains, seen)
        if min(by_set, default=0.0) < 0 or sum(by_set) < _LEAST_GAIN:
            return False
        gaining = sum(sum(worth.by_set(gains, part)) > 0 for part in parts)
        return gaining >= min(_MOST, len(parts))

    return better


def compared(given: SummarySet, tuned: Tuned) -> list[tuple[float, float]]:
    """Returns mean ROUGE-1 and ROUGE-2 of LEAD, of the weights it begins at, and unseen ones.

    As `summarize` picks: tuning's own shortcuts play no part in what is told.
    """
    rouge = rouge_of(given)
    language = given.language
    systems = [
        lead,
        mujaz(lambda _: Weights()),
        mujaz(lambda article: for_article(article, {language: tuned})),
    ]
    scores = [
        [rouge.score(text_of(a, system(a)), a.references) for a in given.articles]
        for system in systems
    ]
    return [(float(one), float(two)) for one, two in np.mean(scores, axis=1)]
