"""Who summarizes: mujaz, the first sentences, and chance.

A system returns the positions that it takes of an article's body, in document order. All have the
same room, the article's budget in words, and fill it with whole sentences.
"""

import random
from collections.abc import Callable, Iterable

from mujaz_models.summaries.sets import Article
from mujaz_server.summary.selection import Sentence, Weights, WordCount, count_words, summarize

System = Callable[[Article], tuple[int, ...]]


def filled(article: Article, ranked: Iterable[int]) -> tuple[int, ...]:
    """Takes positions in the order given as long as each fits into what is left of the budget."""
    left, taken = article.budget, []
    for position in ranked:
        if (size := count_words(article.body[position])) <= left:
            taken.append(position)
            left -= size
    return tuple(sorted(taken))


def lead(article: Article) -> tuple[int, ...]:
    """Takes the first sentences that fit."""
    return filled(article, range(len(article.body)))


def chance(seed: int) -> System:
    """Takes sentences in an order drawn from the seed and the article's id."""

    def system(article: Article) -> tuple[int, ...]:
        order = list(range(len(article.body)))
        random.Random(f"{seed} {article.id}").shuffle(order)  # noqa: S311 (no secret)
        return filled(article, order)

    return system


def mujaz(weights: Callable[[Article], Weights | None]) -> System:
    """The summarizer of the server, by the weights for each article; None: by its own."""

    def system(article: Article) -> tuple[int, ...]:
        picks = summarize(
            sentences(article),
            WordCount(article.budget),
            language=article.language,
            weights=weights(article),
        )
        return tuple(pick.index for pick in picks)

    return system


def sentences(article: Article) -> list[Sentence]:
    """Returns the article as the server would see it, numbered by position in its body.

    The headline stands over it in a paragraph of its own; the sets do not tell paragraphs apart.
    """
    headline = [Sentence(index=-1, paragraph=0, text=article.headline)] * bool(article.headline)
    return headline + [
        Sentence(index=position, paragraph=1, text=text)
        for position, text in enumerate(article.body)
    ]


def text_of(article: Article, positions: Iterable[int]) -> str:
    """Returns a summary, one sentence a line."""
    return "\n".join(article.body[position] for position in positions)
