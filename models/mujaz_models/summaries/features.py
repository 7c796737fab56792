"""What the summarizer does to an article by any weights, its features worked out only once.

The steps are those of `mujaz_server.summary.selection.summarize`, which would read the article anew
for each of the hundreds of weights that tuning tries. A test holds the two to the same picks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mujaz_models.summaries.sets import Article
from mujaz_models.summaries.systems import sentences
from mujaz_server.summary.budget import Room
from mujaz_server.summary.greedy import Candidates, take
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.scoring import contributions
from mujaz_server.summary.selection import Weights
from mujaz_server.summary.vectors import Floats, SentenceVectors
from mujaz_server.summary.words import terms_of

_DIVERSITY = 0.5  # the default of `summarize`
_FIELDS = tuple(field.name for field in fields(Weights))
_ONES = Weights(**dict.fromkeys(_FIELDS, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """An article, ready to be summarized by any weights.

    Attributes:
        indices: The index of each sentence in the article's body.
        parts: What each reason adds to each sentence where its weight is 1, by the weight's name.
        candidates: What there is to take, without scores.
        room: The article's budget.
    """

    indices: Sequence[int]
    parts: dict[str, Floats]
    candidates: Candidates
    room: Room

    @classmethod
    def of(cls, article: Article) -> "Features":
        """Reads an article."""
        given = sentences(article)
        reading = Reading.of(given, article.language)
        parts = contributions(reading, "", _ONES)
        candidates = Candidates(
            units=reading.units(),
            antecedents=reading.antecedents(),
            scores=np.zeros(len(given)),
            sizes=reading.sizes,
            vectors=_Remembered.of([terms_of(each) or each for each in reading.folded]),
            repetition=0.0,
            context=0.0,
        )
        return cls(
            indices=[sentence.index for sentence in given],
            parts={kind.name.lower(): part for kind, part in parts.items()},
            candidates=candidates,
            room=Room(len(given), article.budget),
        )

    def picks(self, weights: Weights) -> tuple[int, ...]:
        """Returns the positions in the body that `summarize` would pick."""
        weighed = [getattr(weights, name) * part for name, part in self.parts.items()]
        candidates = replace(
            self.candidates,
            scores=np.sum(weighed, axis=0),
            repetition=_DIVERSITY * weights.redundancy,
            context=weights.context,
        )
        apart = [[position] for unit in candidates.units for position in unit]
        taken = take(candidates, self.room) or take(replace(candidates, units=apart), self.room)
        return tuple(sorted(self.indices[position] for position in taken))


class _Remembered(SentenceVectors):
    """Vectors that are asked again and again for the same."""

    def __init__(self, *entries: Any, height: int) -> None:  # noqa: ANN401 (as the base)
        super().__init__(*entries, height=height)
        self._similarities: dict[int, Floats] = {}
        self._twins: dict[int, npt.NDArray[np.bool_]] = {}

    def similarities(self, row: int) -> Floats:
        if row not in self._similarities:
            self._similarities[row] = super().similarities(row)
        return self._similarities[row]

    def twins(self, row: int) -> npt.NDArray[np.bool_]:
        if row not in self._twins:
            self._twins[row] = super().twins(row)
        return self._twins[row]
