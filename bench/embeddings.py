"""Sentence embeddings in place of TF-IDF in the summarizer: tried, and not offered.

    python bench/embeddings.py FOLDER --weights FILE [--json FILE] [--quick]

FOLDER holds the English sets, FILE the weights of `mujaz-models tune-summaries`; `minilm.py` says
what is to be installed. For each fold the weight of centrality is chosen anew on the others, by the
rule of `mujaz_models.summaries.tuning`, which leaves mujaz as it is. Where cosines stand for
redundancy, those of embeddings, which are higher, are moved so that 0.6 and 0.85 are what 0.2 and
0.6 are to words; in news about as few pairs of sentences reach them.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from minilm import Floats, MiniLM
from rounds import ROUNDS, Goal, Spread, figure, finished, interleaved, parser

from mujaz_models.summaries.ascent import ascend
from mujaz_models.summaries.features import Features
from mujaz_models.summaries.folds import INNER_FOLDS, fold, inner_fold
from mujaz_models.summaries.interval import paired_bootstrap
from mujaz_models.summaries.sets import Article, SummarySet, read_sets
from mujaz_models.summaries.signature import signature
from mujaz_models.summaries.systems import sentences, text_of
from mujaz_models.summaries.tuning import AXES
from mujaz_models.summaries.weights import Tuned, load
from mujaz_models.summaries.worth import rouge_of
from mujaz_server.summary.selection import SentenceCount, Weights, summarize
from mujaz_server.summary.vectors import SentenceVectors

SETS = ("bbc_en", "cnndm_en", "opinosis_en", "scitldr_en")
VARIANTS = ("centrality", "redundancy", "both", "mean with words")
AS_IT_IS = "as it is"
SLOPE, SHIFT = 1.6, -0.76  # 0.6 becomes 0.2, 0.85 becomes 0.6
TWINS = 0.7  # as in `mujaz_server.summary.vectors`
LEAST_GAIN = 0.2  # as in `mujaz_models.summaries.tuning`
TIMED = 100


class Cosines(SentenceVectors):
    """Sentences compared by given cosines of each pair; twins by their words remain twins."""

    def __init__(self, words: SentenceVectors, cosines: Floats) -> None:
        """Takes the place of the vectors of words."""
        self._words, self._cosines = words, cosines

    def similarities(self, row: int) -> Floats:
        """Returns the cosine of each sentence to the sentence `row`."""
        return np.asarray(self._cosines[row])

    def twins(self, row: int) -> npt.NDArray[np.bool_]:
        """Returns which sentences say the same as the sentence `row`."""
        return np.asarray(self._words.twins(row) | (self._cosines[row] >= TWINS))


def variants(article: Article, rows: Floats) -> dict[str, Features]:
    """Returns an article as mujaz reads it, and as it would with embeddings."""
    given = Features.of(article)
    vectors = given.candidates.vectors
    words = np.array([vectors.similarities(row) for row in range(len(rows))])
    meanings = np.clip(rows @ rows.T, 0.0, 1.0)
    moved = np.clip(SLOPE * meanings + SHIFT, 0.0, 1.0)

    def central(cosines: Floats) -> Features:
        degrees = cosines.sum(axis=1) - cosines.diagonal()
        shares = degrees / max(float(degrees.max()), 1e-9)
        return replace(given, parts=given.parts | {"centrality": shares})

    def apart(features: Features, cosines: Floats) -> Features:
        candidates = replace(given.candidates, vectors=Cosines(vectors, cosines))
        return replace(features, candidates=candidates)

    found = (
        central(meanings),
        apart(given, moved),
        apart(central(meanings), moved),
        apart(central((words + meanings) / 2), (words + moved) / 2),
    )
    return {AS_IT_IS: given, **dict(zip(VARIANTS, found, strict=True))}


class Documents:
    """The articles of some sets, and what their summaries score.

    Attributes:
        of_set: For each article, which of the sets it is of.
    """

    def __init__(self, sets: Sequence[SummarySet], model: MiniLM) -> None:
        """Reads and embeds all articles."""
        self._articles = [article for given in sets for article in given.articles]
        self._rouges = [rouge_of(given) for given in sets for _ in given.articles]
        self.of_set = np.repeat(np.arange(len(sets)), [len(given.articles) for given in sets])
        self._folds = np.array([fold(each.id) for each in self._articles])
        self._inner = np.array([inner_fold(each.id) for each in self._articles])
        self._read = [
            variants(each, model.embed([sentence.text for sentence in sentences(each)]))
            for each in self._articles
        ]
        self._scored = cache(self._score)
        self._scores = cache(self._score_all)

    def unseen(self, variant: str, tuned: Tuned) -> Floats:
        """Returns ROUGE-1 and ROUGE-2 of each, by weights that were chosen on the other folds."""
        scores = np.zeros((len(self._articles), 2))
        for k, start in enumerate(tuned.unseen):
            mine = self._folds == k
            better = self._improvement(variant, ~mine)
            weights = ascend(start, {"centrality": AXES["centrality"]}, better)
            scores[mine] = self._scores(variant, weights)[mine]
        return scores

    def _improvement(
        self, variant: str, seen: npt.NDArray[np.bool_]
    ) -> Callable[[Weights, Weights], bool]:
        parts = [seen & (self._inner == k) for k in range(INNER_FOLDS)]

        def better(changed: Weights, than: Weights) -> bool:
            gains = (self._scores(variant, changed) - self._scores(variant, than)).mean(axis=1)
            by_set = self._by_set(gains, seen)
            gaining = sum(sum(self._by_set(gains, part)) > 0 for part in parts)
            return min(by_set) >= 0 and sum(by_set) >= LEAST_GAIN and gaining > INNER_FOLDS // 2

        return better

    def _by_set(self, gains: Floats, among: npt.NDArray[np.bool_]) -> list[float]:
        numbers = self.of_set[among]
        return [float(gains[among][numbers == one].mean()) for one in np.unique(numbers)]

    def _score_all(self, variant: str, weights: Weights) -> Floats:
        picks = [features[variant].picks(weights) for features in self._read]
        return np.array([self._scored(number, each) for number, each in enumerate(picks)])

    def _score(self, number: int, picks: tuple[int, ...]) -> tuple[float, ...]:
        article = self._articles[number]
        return self._rouges[number].score(text_of(article, picks), article.references)


def gains(sets: Sequence[SummarySet], documents: Documents, tuned: Tuned) -> Iterator[Goal]:
    """Returns what each variant adds, in points, with the interval of 95 %."""
    as_it_is = documents.unseen(AS_IT_IS, tuned)
    for variant in VARIANTS:
        added = documents.unseen(variant, tuned) - as_it_is
        for number, each in enumerate(sets):
            for measure, values in enumerate(added[documents.of_set == number].T.tolist(), 1):
                found = paired_bootstrap(values, [0.0] * len(values))
                what = f"{each.name}: ROUGE-{measure}, {variant} less {AS_IT_IS}"
                yield figure(what, Spread(found.mean, found.low, found.high), "{:+.2f}")


def times(sets: Sequence[SummarySet], model: MiniLM, rounds: int) -> Iterator[Goal]:
    """Returns how long sentences take to embed, and to summarize as it is, in turn."""
    read = [sentence for given in sets for each in given.articles for sentence in sentences(each)]
    sample = read[:: len(read) // TIMED][:TIMED]
    some = [replace(each, index=index) for index, each in enumerate(sample)]
    texts = [each.text for each in some]

    def took(work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return 1000 * (time.perf_counter() - began)

    works: dict[str, Callable[[], float]] = {
        "embedded": lambda: took(lambda: model.embed(texts)),
        "summarized": lambda: took(lambda: summarize(some, SentenceCount(5), language="en")),
    }
    for what, spread in interleaved(works, rounds).items():
        yield figure(f"{TIMED} sentences {what}, ms", spread, "{:.0f}")


def main() -> int:
    """Measures; returns the exit status."""
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER")
    options.add_argument("--weights", type=Path, metavar="FILE", required=True)
    given = options.parse_args()
    sets = read_sets(given.folder, SETS)
    if given.quick:
        sets = [replace(each, articles=each.articles[:10]) for each in sets]
    tuned = load(given.weights)
    with tempfile.TemporaryDirectory() as folder:
        model = MiniLM(Path(folder))
        rows = [figure("the model on disk, MB", model.megabytes, "{:.1f}")]
        rows += times(sets, model, 1 if given.quick else ROUNDS)
        rows += gains(sets, Documents(sets, model), tuned["en"])
    return finished(given.json, "embeddings", rows, {}, signature(sets, tuned))


if __name__ == "__main__":
    sys.exit(main())
