"""The best that whole sentences can do, nearly."""

from mujaz_models.summaries.rouge import Rouge
from mujaz_models.summaries.sets import Article
from mujaz_models.summaries.systems import System, text_of
from mujaz_server.summary.selection import count_words


def oracle(rouge: Rouge) -> System:
    """Reads the references: takes what raises the sum of `rouge`'s measures most, while any does.

    Greedy, as in Nallapati, Zhai and Zhou, "SummaRuNNer" (2017), and so no proven bound.
    """

    def system(article: Article) -> tuple[int, ...]:
        def worth(picks: tuple[int, ...]) -> float:
            return sum(rouge.score(text_of(article, picks), article.references))

        sizes = [count_words(text) for text in article.body]
        taken: tuple[int, ...] = ()
        best = 0.0
        while True:
            left = article.budget - sum(sizes[position] for position in taken)
            longer = [
                tuple(sorted((*taken, position)))
                for position, size in enumerate(sizes)
                if size <= left and position not in taken
            ]
            values = [worth(picks) for picks in longer]
            if max(values, default=0.0) <= best:
                return taken
            best = max(values)
            taken = longer[values.index(best)]

    return system
