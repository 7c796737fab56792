"""Replicas behind a balancer, and callers that come again when they are refused."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import simpy
from scale.balancing import Balancer
from scale.replica import Article, Replica, Service, Shape

from mujaz_server.batching import QueueFullError

ATTEMPTS = 4
"""Of one call, as of `mujaz_client`."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a scrape of all replicas would tell.

    Attributes:
        at: When, in seconds.
        replicas: Those that take calls.
        queued_tokens: Source tokens that wait, of all of them.
        busy_s: Seconds that threads have worked since the beginning.
    """

    at: float
    replicas: int
    queued_tokens: int
    busy_s: float


@dataclass(eq=False)
class Fleet:
    """Replicas behind one balancer, which knows the calls in progress of each.

    A call that is refused comes again when it was told to, to whichever replica is then picked. A
    replica that ends closes its connections: what it had in progress is asked again at once.

    Attributes:
        env: Has the clock.
        service: How long batches take.
        shape: What the replicas are set to.
        balancer: Who picks one.
        chance: What draws service times.
        replicas: Those that take calls.
        articles: All that came, in order.
        leaving: Those that were removed, which end what they have.
    """

    env: simpy.Environment
    service: Service
    shape: Shape
    balancer: Balancer
    chance: random.Random
    replicas: list[Replica] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    leaving: list[Replica] = field(default_factory=list)

    def add(self, count: int = 1) -> None:
        """Lets replicas take calls."""
        self.replicas += [
            Replica(self.env, self.service, self.shape, self.chance) for _ in range(count)
        ]

    def remove(self) -> None:
        """Drains the newest replica: it ends what it has, and gets no more."""
        self.leaving.append(self.replicas.pop())

    def crash(self) -> None:
        """Ends a replica; its calls are asked again."""
        for article in self.replicas.pop().crash():
            self.env.process(self._call(article))

    def scraped(self, every_s: float) -> list[Sample]:
        """Returns a list that grows by a sample every so many seconds."""
        samples: list[Sample] = []
        self.env.process(self._scrape(every_s, samples))
        return samples

    def _scrape(self, every_s: float, samples: list[Sample]) -> "simpy.events.ProcessGenerator":
        while True:
            queued = sum(replica.queued_tokens for replica in self.replicas)
            busy = sum(replica.busy_s for replica in (*self.replicas, *self.leaving))
            samples.append(Sample(self.env.now, len(self.replicas), queued, busy))
            yield self.env.timeout(every_s)

    def feed(self, moments: Iterable[float], documents: Sequence[tuple[int, ...]]) -> None:
        """Lets an article come at each moment, in order; documents are taken in turn."""
        self.env.process(self._feed(moments, documents))

    def _feed(
        self, moments: Iterable[float], documents: Sequence[tuple[int, ...]]
    ) -> "simpy.events.ProcessGenerator":
        for number, moment in enumerate(moments):
            yield self.env.timeout(moment - self.env.now)
            article = Article(documents[number % len(documents)], self.env.now)
            self.articles.append(article)
            self.env.process(self._call(article))

    def _call(self, article: Article) -> "simpy.events.ProcessGenerator":
        yield self.env.timeout(self.shape.beside_s)
        for _ in range(ATTEMPTS):
            try:
                self._picked().submit(article)
            except QueueFullError as error:
                article.refusals += 1
                yield self.env.timeout(error.retry_after_s)
            else:
                return
        article.given_up = True

    def _picked(self) -> Replica:
        return self.replicas[self.balancer([replica.calls for replica in self.replicas])]
