"""The summarizers of sumy, each given its own stemmer and stop words and the words of mujaz.

sumy's tokenizers fetch data of NLTK (English) or need another package (Arabic). Sentences are
known here, so only words are to be told apart; those of both languages come from the function that
ROUGE has the Arabic ones from, and stop words are folded as the words are.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
from sumy.nlp.stemmers import Stemmer
from sumy.summarizers.lex_rank import LexRankSummarizer
from sumy.summarizers.lsa import LsaSummarizer
from sumy.summarizers.text_rank import TextRankSummarizer
from sumy.utils import get_stop_words

from mujaz_models.summaries.sets import Article
from mujaz_models.summaries.systems import System, filled
from mujaz_server.summary.selection import Language
from mujaz_server.summary.words import fold, words

_CALLED = {"ar": "arabic", "en": "english"}


class _Words:
    """A tokenizer as sumy's sentences want it."""

    def to_words(self, text: str) -> Sequence[str]:
        return words(text)


class _Lsa(LsaSummarizer):  # type: ignore[misc] # sumy has no types
    """With its words in a fixed order: how it rounds, which breaks ties, depends on it."""

    def _create_dictionary(self, document: ObjectDocumentModel) -> dict[str, int]:
        found = super()._create_dictionary(document)
        return {word: row for row, word in enumerate(sorted(found))}


def peers(language: Language) -> dict[str, System]:
    """Returns sumy's summarizers of texts in a language."""
    kinds = {"LexRank": LexRankSummarizer, "TextRank": TextRankSummarizer, "LSA": _Lsa}
    return {f"sumy {name}": _system(kind, language) for name, kind in kinds.items()}


def _system(kind: Any, language: Language) -> System:  # noqa: ANN401 (sumy has no types)
    summarizer = kind(Stemmer(_CALLED[language]))
    summarizer.stop_words = [fold(word) for word in get_stop_words(_CALLED[language])]

    def system(article: Article) -> tuple[int, ...]:
        taken: list[int] = []

        def fill(ranked: Iterable[Any]) -> tuple[()]:
            """Stands for sumy's count of sentences, which is given all, the best first."""
            taken.extend(filled(article, [info.order for info in ranked]))
            return ()

        tokenizer = _Words()
        body = Paragraph([Sentence(text, tokenizer) for text in article.body])
        summarizer(ObjectDocumentModel([body]), fill)
        return tuple(taken)

    return system
