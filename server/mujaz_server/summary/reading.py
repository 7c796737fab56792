"""What is known of a document's sentences before any of them is weighed."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from mujaz_server.summary.document import Layout, Sentence, read_layout
from mujaz_server.summary.features import Language
from mujaz_server.summary.openers import reads_on
from mujaz_server.summary.quotes import quotations
from mujaz_server.summary.vectors import SentenceVectors
from mujaz_server.summary.words import count_folded, fold, terms_of, words_of


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A document as it was read; everything is by position in it.

    Attributes:
        sentences: Its sentences.
        language: Their language.
        sizes: The words of each, as a reader counts.
        folded: The folded words of each.
        layout: Headline, openings, and which may be selected.
        vectors: What each is about.
    """

    sentences: Sequence[Sentence]
    language: Language
    sizes: npt.NDArray[np.int64]
    folded: Sequence[Sequence[str]]
    layout: Layout
    vectors: SentenceVectors

    @classmethod
    def of(cls, sentences: Sequence[Sentence], language: Language) -> Self:
        """Reads a document."""
        texts = [fold(sentence.text) for sentence in sentences]
        sizes = [*map(count_folded, texts)]
        folded = [*map(words_of, texts)]
        # A sentence of stop words alone still resembles its own repetition.
        vectors = SentenceVectors.of([terms_of(each) or each for each in folded])
        layout = read_layout(sentences, sizes)
        return cls(sentences, language, np.array(sizes, dtype=np.int64), folded, layout, vectors)

    @property
    def has_content(self) -> bool:
        """Whether any sentence may be selected."""
        return any(self.layout.eligible)

    def content(self) -> list[int]:
        """Returns the positions that may be selected, or all where none may."""
        return [p for p, each in enumerate(self.layout.eligible) if each or not self.has_content]

    def units(self) -> list[list[int]]:
        """Returns the content cut into what is selected together: a sentence, or a quotation."""
        units: list[list[int]] = []
        for content in self._documents():
            runs = quotations([self.sentences[position].text for position in content])
            inner = {place for run in runs for place in run[1:]}
            for place, position in enumerate(content):
                if place in inner:
                    units[-1].append(position)
                else:
                    units.append([position])
        return units

    def antecedents(self) -> dict[int, int]:
        """Returns, for each sentence that reads on, the content before it that it needs."""
        return {
            position: before
            for content in self._documents()
            for before, position in pairwise(content)
            if reads_on(self.sentences[position].text, self.language)
        }

    def _documents(self) -> list[list[int]]:
        """Returns the content of each document."""
        documents = groupby(self.content(), lambda position: self.sentences[position].document)
        return [list(content) for _, content in documents]
