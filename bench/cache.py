"""What the cache of finished sentences gains on news that repeats itself, and what it costs.

    python bench/cache.py [--texts FILE] [--json FILE] [--quick]

Two servers as they come, one of them without its cache, translate the same streams of 20-sentence
articles in turn. Both have translated the sentences of yesterday; of today's, one in ten, three in
ten or none is of yesterday, and the others are new in every round. Then an article of yesterday is
asked for alone.
"""

import itertools
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import texts
from rounds import ROUNDS, Goal, Spread, at_least, figure, finished, paired, parser, ratio
from signature import signature
from traffic import NO_CACHE, Call, Callers, closed, generator, metric, rate

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import ServerProcess, running

ARTICLE = 20
"""Sentences of an article."""
CALLERS = 8
GOALS = {0.0: 0.98, 0.1: 1.08, 0.3: 1.35}
"""By the share that was translated before, how much faster all should be: a little less than
1 / (1 - share), for a hit is not free."""
FOUND = 0.95
"""Of those, how many should be found: what was in doubt and had no second try is not kept."""
AGAIN = 10
"""How much faster an article should come that was translated before."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is translated.

    Attributes:
        rounds: How often.
        articles: Of a stream.
        yesterday: Sentences that both servers have translated.
    """

    rounds: int
    articles: int
    yesterday: int


FULL = Size(ROUNDS, articles=25, yesterday=200)
QUICK = Size(1, articles=2, yesterday=40)


class News:
    """Articles of sentences that are new, but for a share."""

    def __init__(self, sentences: Sequence[str], yesterday: int) -> None:
        self.yesterday = list(sentences[:yesterday])
        self._new = iter(sentences[yesterday:])
        self._chance = random.Random(6)

    def today(self, articles: int, share: float) -> list[str]:
        """Returns articles of which a share of the sentences, no two alike, is of yesterday."""
        count = articles * ARTICLE
        told = self._chance.sample(self.yesterday, round(share * count))
        told += itertools.islice(self._new, count - len(told))
        self._chance.shuffle(told)
        return texts.documents(told, ARTICLE)


class Reader:
    """Who has articles translated by one server."""

    def __init__(self, server: ServerProcess, callers: Callers) -> None:
        self._server = server
        self._callers = callers

    def speed(self, articles: Sequence[str], callers: int = CALLERS) -> float:
        """Returns the sentences a second of so many callers together."""
        calls = [Call(article, ARTICLE, streamed=True) for article in articles]
        return rate(self._callers(closed, self._server.address, calls, callers))

    def found(self) -> tuple[float, float]:
        """Returns the sentences found in the cache so far, and those looked for."""
        hits, misses = (
            metric(self._server.metrics, f'cache_lookups_total{{result="{result}"}}')
            for result in ("hit", "miss")
        )
        return hits, hits + misses

    def cached_bytes(self) -> float:
        """Returns the bytes that its cache holds."""
        return metric(self._server.metrics, "cache_bytes")


Candidates = dict[str, Callable[[], float]]


def candidates(readers: dict[str, Reader], streams: Sequence[list[str]]) -> Candidates:
    """Returns what has the streams translated by each reader's server, one a round."""

    def candidate(reader: Reader) -> Callable[[], float]:
        waiting = iter(streams)
        return lambda: reader.speed(next(waiting))

    return {name: candidate(reader) for name, reader in readers.items()}


def by_share(readers: dict[str, Reader], news: News, size: Size, share: float) -> list[Goal]:
    """Returns how much faster a stream is of which a share was translated before."""
    streams = [news.today(size.articles, share) for _ in range(size.rounds)]
    before = readers["on"].found()
    speeds = paired(candidates(readers, streams), size.rounds)
    hits, lookups = (now - then for now, then in zip(readers["on"].found(), before, strict=True))
    what = f"{share:.0%} repeated"
    rows = [
        figure(f"{what}: without a cache, sentences/s", Spread.of(speeds["off"]), "{:.0f}"),
        figure(f"{what}: with it, sentences/s", Spread.of(speeds["on"]), "{:.0f}"),
        at_least(f"{what}: times as fast", GOALS[share], ratio(speeds["on"], speeds["off"])),
    ]
    if share:
        rows.append(at_least(f"{what}: found", FOUND * share, hits / lookups, "{:.1%}"))
    return rows


def again(readers: dict[str, Reader], news: News, size: Size) -> Goal:
    """Returns how much faster an article of yesterday comes."""
    article = "\n".join(news.yesterday[:ARTICLE])
    asked = {name: partial(reader.speed, [article], 1) for name, reader in readers.items()}
    speeds = paired(asked, 4 * size.rounds)
    return at_least("an article again: times as fast", AGAIN, ratio(speeds["on"], speeds["off"]))


def main() -> int:
    """Prints the table; returns 1 where a goal is missed."""
    options = parser(__doc__)
    texts.add_option(options)
    arguments = options.parse_args()
    size = QUICK if arguments.quick else FULL
    new = sum(size.rounds * size.articles * ARTICLE for _ in GOALS)
    news = News(texts.sentences(size.yesterday + new, arguments.texts), size.yesterday)
    with running() as cached, running(*NO_CACHE) as plain, generator() as callers:
        readers = {"off": Reader(plain, callers), "on": Reader(cached, callers)}
        for reader in readers.values():
            reader.speed(texts.documents(news.yesterday, ARTICLE))
        taken = readers["on"].cached_bytes() / size.yesterday
        rows = [again(readers, news, size), figure("bytes of a kept sentence", taken, "{:.0f}")]
        rows += [row for share in GOALS for row in by_share(readers, news, size, share)]
    signed = signature(
        rounds=size.rounds, callers=CALLERS, sentences_a_stream=size.articles * ARTICLE
    )
    return finished(arguments.json, "cache", rows, asdict(size), signed)


if __name__ == "__main__":
    sys.exit(main())
