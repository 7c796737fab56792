"""What the documents of some sets are worth by any weights, worked out fast enough to tune."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mujaz_models.summaries.features import Features
from mujaz_models.summaries.rouge import Rouge
from mujaz_models.summaries.sets import Article, SummarySet
from mujaz_models.summaries.systems import text_of
from mujaz_server.summary.selection import Weights

Floats = npt.NDArray[np.float64]


class Worth:
    """The mean of ROUGE-1 and ROUGE-2 F1 of each document's summary, from 0 to 100.

    Attributes:
        ids: Of the documents, over all sets.
        set_numbers: For each document, which of the sets it is of.
    """

    def __init__(self, sets: Sequence[SummarySet]) -> None:
        """Reads the documents of the sets."""
        self.ids = [article.id for given in sets for article in given.articles]
        self.set_numbers = np.repeat(np.arange(len(sets)), [len(given.articles) for given in sets])
        self._documents = [
            _Document(article, rouge)
            for given in sets
            for rouge in [rouge_of(given)]
            for article in given.articles
        ]
        self._known: dict[Weights, Floats] = {}

    def by(self, weights: Weights) -> Floats:
        """Returns what each is worth by `weights`."""
        if weights not in self._known:
            worths = [document.by(weights) for document in self._documents]
            self._known[weights] = np.array(worths)
        return self._known[weights]

    def by_set(self, gains: Floats, among: npt.NDArray[np.bool_]) -> list[float]:
        """Returns the mean gain of each set that has any of the documents looked at.

        Args:
            gains: Of each document.
            among: Which documents to look at.
        """
        numbers = self.set_numbers[among]
        return [float(gains[among][numbers == one].mean()) for one in np.unique(numbers)]


class _Document:
    """One document; most weights pick what others have picked."""

    def __init__(self, article: Article, rouge: Rouge) -> None:
        self._article = article
        self._rouge = rouge
        self._features = Features.of(article)
        self._known: dict[tuple[int, ...], float] = {}

    def by(self, weights: Weights) -> float:
        picks = self._features.picks(weights)
        if picks not in self._known:
            text = text_of(self._article, picks)
            first, second = self._rouge.score(text, self._article.references)
            self._known[picks] = (first + second) / 2
        return self._known[picks]


def rouge_of(given: SummarySet) -> Rouge:
    """Returns what ROUGE-1 and ROUGE-2 of a set are measured by."""
    return Rouge(given.language, best_reference=given.best_reference, measures=("rouge1", "rouge2"))
