import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from cache import ARTICLE, News, Reader, candidates

SENTENCES = [f"sentence {number}" for number in range(500)]


def test_of_todays_sentences_a_share_is_of_yesterday_and_no_two_are_alike() -> None:
    news = News(SENTENCES, 100)
    streams = [news.today(5, share) for share in (0.0, 0.1, 0.3, 0.3)]
    told = [[line for article in stream for line in article.split("\n")] for stream in streams]
    assert [len(set(each)) for each in told] == [5 * ARTICLE] * 4
    assert [len(set(each) & set(news.yesterday)) for each in told] == [0, 10, 30, 30]
    new = [line for each in told for line in each if line not in news.yesterday]
    assert len(new) == len(set(new))


def test_yesterdays_sentences_stand_anywhere_in_an_article() -> None:
    news = News(SENTENCES, 100)
    [article] = news.today(1, 0.3)
    places = [line in news.yesterday for line in article.split("\n")]
    assert sum(places) == 6
    assert places not in ([True] * 6 + [False] * 14, [False] * 14 + [True] * 6)


class Noted(Reader):
    """A reader that notes what it is given."""

    def __init__(self) -> None:
        self.read: list[Sequence[str]] = []

    def speed(self, articles: Sequence[str], callers: int = 1) -> float:
        del callers
        self.read.append(articles)
        return float(len(self.read))


def test_every_server_translates_every_stream_once_in_the_same_order() -> None:
    noted = [Noted(), Noted()]
    readers: dict[str, Reader] = dict(zip(("off", "on"), noted, strict=True))
    streams = [["a"], ["b"], ["c"]]
    asked = candidates(readers, streams)
    assert [[measure() for measure in asked.values()] for _ in streams] == [[1, 1], [2, 2], [3, 3]]
    assert [reader.read for reader in noted] == [streams, streams]
