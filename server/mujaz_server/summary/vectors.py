"""Sentences as sparse TF-IDF vectors of length 1.

Everything asked of them is a product of the sparse matrix with a vector, so that the matrix
of all similarities (one entry for each pair of sentences) is never formed: memory grows
with the words of the document, not with the square of its sentences.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]

# From this cosine on two sentences say the same, or from this share of the terms of the
# smaller one on, if it has enough of them to say anything of its own.
_SAME = 0.7
_CONTAINED, _FEWEST_TERMS = 0.9, 5


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
        idf = 1.0 + np.log(height / np.maximum(self._frequencies, 1))
        self._values = counts * idf[columns]
        norms = np.sqrt(np.bincount(rows, weights=self._values**2, minlength=height))
        self._values /= norms[rows]
        self._own = self._sum_rows(self._values**2)
        self._widths = np.bincount(rows, minlength=height)
        self._row_starts = np.searchsorted(rows, np.arange(height + 1))
        # The same entries by column: for each term the sentences that hold it.
        self._by_column = np.argsort(columns, kind="stable")
        self._column_starts = np.concatenate(([0], np.cumsum(self._frequencies)))

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
        return cls(cells // width, cells % width, counts.astype(np.float64), height=len(sentences))

    def __len__(self) -> int:
        return self._height

    def degrees(self) -> Floats:
        """Returns, for each sentence, the sum of its cosines to all others.

        Takes time linear in the number of entries: with X the matrix of vectors, the sums of
        the rows of `X Xᵀ` are `X (Xᵀ 1)`.
        """
        sums = np.bincount(self._columns, self._values, minlength=len(self._frequencies))
        return np.maximum(self._sum_rows(self._values * sums[self._columns]) - self._own, 0.0)

    def similarities(self, row: int) -> Floats:
        """Returns the cosine of each sentence to the sentence `row`."""
        return self._compared(*self._sharing(row))

    def twins(self, row: int) -> npt.NDArray[np.bool_]:
        """Returns which sentences say the same as the sentence `row`; it is its own twin.

        Two sentences are twins where their cosine is at least 0.7, or where the one with
        fewer terms has five or more and the other holds nine in ten of them.
        """
        holders, entries = self._sharing(row)
        shared = np.bincount(self._rows[holders], minlength=self._height)
        smaller: _Integers = np.minimum(self._widths, self._widths[row])
        contained = (smaller >= _FEWEST_TERMS) & (shared >= _CONTAINED * smaller)
        return (self._compared(holders, entries) >= _SAME) | contained

    def _compared(self, holders: _Integers, entries: _Integers) -> Floats:
        products = self._values[holders] * self._values[entries]
        cosines = np.bincount(self._rows[holders], products, minlength=self._height)
        return np.clip(cosines, 0.0, 1.0)

    def _sharing(self, row: int) -> tuple[_Integers, _Integers]:
        """Returns the entries of all sentences for the terms of one, each with the one's own.

        Only sentences that share a term are visited.
        """
        own = np.arange(self._row_starts[row], self._row_starts[row + 1])
        terms = self._columns[own]
        counts = self._frequencies[terms]
        ends = np.cumsum(counts)
        # The ranges of these terms in the order by column, one after the other.
        ranges = np.repeat(self._column_starts[terms] - ends + counts, counts)
        return self._by_column[ranges + np.arange(len(ranges))], np.repeat(own, counts)

    def _sum_rows(self, entries: Floats) -> Floats:
        sums = np.bincount(self._rows, weights=entries, minlength=self._height)
        return sums.astype(np.float64, copy=False)  # integers where there are no entries
