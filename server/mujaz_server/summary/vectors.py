"""Sentences as sparse TF-IDF vectors of length 1.

Everything asked of them is a product of the sparse matrix with a vector, so that the matrix
of all similarities (one entry for each pair of sentences) is never formed: memory grows
with the words of the document, not with the square of its sentences.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]


class SentenceVectors:
    """The TF-IDF vectors of a document's sentences, compared by cosine.

    The weight of a term in a sentence is `tf * (1 + log(n / df))`, for n sentences of which
    df hold the term: a word that is in every sentence still says that they are on one topic.
    A sentence without terms is the zero vector, similar to nothing.
    """

    def __init__(self, rows: _Integers, columns: _Integers, counts: Floats, *, height: int) -> None:
        """Takes the entries of the matrix of term counts, in row-major order, each cell once."""
        self._rows = rows
        self._columns = columns
        self._height = height
        self._frequencies = np.bincount(columns)
        self._idf = 1.0 + np.log(height / np.maximum(self._frequencies, 1))
        self._values = counts * self._idf[columns]
        norms = np.sqrt(np.bincount(rows, weights=self._values**2, minlength=height))
        self._values /= norms[rows]
        self._own = self._sum_rows(self._values**2)
        self._row_starts = np.searchsorted(rows, np.arange(height + 1))
        # The same entries by column: for each term the sentences that hold it.
        self._by_column = np.argsort(columns, kind="stable")
        self._column_starts = np.concatenate(([0], np.cumsum(self._frequencies)))
        self._vocabulary: dict[str, int] = {}

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]]) -> Self:
        """Makes the vectors of sentences that are given as lists of terms."""
        vocabulary: dict[str, int] = {}
        columns = [vocabulary.setdefault(term, len(vocabulary)) for s in sentences for term in s]
        rows = np.repeat(np.arange(len(sentences)), [len(s) for s in sentences])
        width = max(len(vocabulary), 1)
        cells, counts = np.unique(
            rows * width + np.asarray(columns, dtype=np.int64), return_counts=True
        )
        vectors = cls(
            cells // width, cells % width, counts.astype(np.float64), height=len(sentences)
        )
        vectors._vocabulary = vocabulary
        return vectors

    def __len__(self) -> int:
        return self._height

    def pull(self, weights: Floats) -> Floats:
        """Returns, for each sentence i, the sum over j other than i of `cosine(i, j) * weights[j]`.

        Takes time linear in the number of entries: with X the matrix of vectors, the sums
        over all j are `X (Xᵀ weights)`.
        """
        spread = np.bincount(
            self._columns,
            weights=self._values * weights[self._rows],
            minlength=len(self._frequencies),
        )
        total = self._sum_rows(self._values * spread[self._columns])
        return np.maximum(total - self._own * weights, 0.0)

    def similarities(self, row: int) -> Floats:
        """Returns the cosine of each sentence to the sentence `row`."""
        entries = slice(self._row_starts[row], self._row_starts[row + 1])
        return self._cosines(self._columns[entries], self._values[entries])

    def similarities_to(self, terms: Sequence[str]) -> Floats:
        """Returns the cosine of each sentence to other terms; those no sentence has are ignored."""
        known = Counter(self._vocabulary[term] for term in terms if term in self._vocabulary)
        columns = np.fromiter(known.keys(), dtype=np.int64, count=len(known))
        values = np.fromiter(known.values(), dtype=np.float64, count=len(known))
        values *= self._idf[columns]
        length = float(np.linalg.norm(values))
        return self._cosines(columns, values / length if length else values)

    def _cosines(self, columns: _Integers, values: Floats) -> Floats:
        """Multiplies with a sparse vector, visiting only the sentences that share terms."""
        cosines = np.zeros(self._height)
        for column, value in zip(columns.tolist(), values.tolist(), strict=True):
            holders = self._by_column[self._column_starts[column] : self._column_starts[column + 1]]
            cosines[self._rows[holders]] += value * self._values[holders]
        return np.clip(cosines, 0.0, 1.0)

    def _sum_rows(self, entries: Floats) -> Floats:
        sums = np.bincount(self._rows, weights=entries, minlength=self._height)
        return sums.astype(np.float64, copy=False)  # integers where there are no entries
