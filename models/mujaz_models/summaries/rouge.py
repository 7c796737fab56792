"""ROUGE (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004) by rouge-score.

English is stemmed by Porter, as usual. rouge-score knows no Arabic letter; Arabic is cut into
words in the folded spelling of `mujaz_server.summary.words`: no marks and no tatweel, one spelling
of hamza, alef, ya and ta marbuta, digits of one kind. It is not stemmed.
"""

import statistics
from collections.abc import Callable, Sequence
from functools import lru_cache

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from mujaz_server.summary.selection import Language
from mujaz_server.summary.words import words

MEASURES = ("rouge1", "rouge2", "rougeLsum")


class _Lines:
    """A tokenizer as rouge-score wants it, which remembers lines: candidates share theirs."""

    def __init__(self, split: Callable[[str], list[str]]) -> None:
        self._split = lru_cache(maxsize=1 << 14)(split)

    def tokenize(self, text: str) -> list[str]:
        return [token for line in text.split("\n") for token in self._split(line)]


class Rouge:
    """ROUGE F1 in percent for texts of one language, of one sentence a line."""

    def __init__(
        self, language: Language, *, best_reference: bool, measures: Sequence[str] = MEASURES
    ) -> None:
        """Takes what to measure, and whether the closest reference counts or the mean of all."""
        split = words if language == "ar" else DefaultTokenizer(use_stemmer=True).tokenize
        self._scorer = RougeScorer([*measures], tokenizer=_Lines(split))
        self._measures = measures
        self._of_references = max if best_reference else statistics.fmean

    def score(self, summary: str, references: Sequence[str]) -> tuple[float, ...]:
        """Returns each of the measures, from 0 to 100."""
        found = [self._scorer.score(reference, summary) for reference in references]
        return tuple(
            100 * self._of_references([each[measure].fmeasure for each in found])
            for measure in self._measures
        )
