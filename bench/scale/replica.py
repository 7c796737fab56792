"""One replica as it serves: the server's own queue and admission, with a clock that is simulated.

`FairQueue`, `Admission` and `Rate` are those of `mujaz_server.batching`, unchanged: they know no
clock and no threads. What is simulated is the threads that take batches, and how long these take.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import simpy

from mujaz_server.batching import Admission, Batch, FairQueue, Job, Line, Rate
from mujaz_server.calibration import WIDTHS
from mujaz_server.settings import Settings

_DEFAULTS = Settings()


class Service(Protocol):
    """How long a batch takes."""

    def seconds(self, rows: int, longest: int, crowd: float, chance: random.Random) -> float:
        """Returns the seconds of a batch on one thread, drawn anew each time.

        Args:
            rows: Its sentences.
            longest: Source tokens of the longest.
            crowd: The share of the replica's other threads that work too, from 0 to 1.
            chance: What draws.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What a replica is set to; the server's defaults where nothing is said.

    Attributes:
        threads: Batches at once.
        tokens_per_s: Source tokens a second that it begins to believe it can do.
        batch_tokens: Padded tokens of a batch.
        batch_rows: Sentences of a batch.
        max_queue_wait: Seconds; what is estimated to wait longer is refused.
        beside_s: Of a call, from its caller and back, that it spends outside the queue.
    """

    threads: int
    tokens_per_s: float
    batch_tokens: int = WIDTHS[0]
    batch_rows: int = _DEFAULTS.batch_rows
    max_queue_wait: float = _DEFAULTS.max_queue_wait
    beside_s: float = 0.0


@dataclass(eq=False, slots=True)
class Article:
    """A document, and what becomes of it; moments are seconds of the simulated clock.

    Attributes:
        tokens: Of its sentences.
        arrived: When its caller asked first.
        started: When its first sentence was taken into a batch.
        first: When its first sentence came; None before.
        ended: When its last sentence came; None before.
        refusals: How often it was told to come back.
        given_up: Whether its caller has been refused as often as it asks.
    """

    tokens: tuple[int, ...]
    arrived: float
    started: float | None = None
    first: float | None = None
    ended: float | None = None
    refusals: int = 0
    given_up: bool = False


@dataclass(eq=False, slots=True)
class _Call:
    """An article at one replica."""

    article: Article
    left: int
    line: Line["_Call", None] = field(init=False)


def _ignore(*_: object) -> None:
    """Takes what nobody needs to know."""


class Replica:
    """Threads that take from one fair queue.

    Args:
        env: Has the clock.
        service: How long batches take.
        shape: What it is set to.
        chance: What draws.
        ended: Called with each article that is complete.

    Attributes:
        busy_s: Seconds that its threads have worked, all together.
    """

    def __init__(
        self,
        env: simpy.Environment,
        service: Service,
        shape: Shape,
        chance: random.Random,
        ended: Callable[[Article], None] = _ignore,
    ) -> None:
        self._env = env
        self._service = service
        self._chance = chance
        self._ended = ended
        self._queue = FairQueue[_Call, None](
            batch_tokens=shape.batch_tokens,
            batch_rows=shape.batch_rows,
            quantum=shape.batch_tokens,
        )
        self._admission = Admission(
            Rate(shape.tokens_per_s, shape.threads),
            max_wait_s=shape.max_queue_wait,
            max_backlog_tokens=_DEFAULTS.max_backlog_tokens,
        )
        self._running = [0] * shape.threads
        self._calls: dict[_Call, None] = {}
        self._work = env.event()
        self.busy_s = 0.0
        for slot in range(shape.threads):
            env.process(self._thread(slot))

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return len(self._calls)

    @property
    def queued_tokens(self) -> int:
        """Source tokens that wait: `mujaz_queue_tokens`."""
        return self._queue.waiting_tokens

    def submit(self, article: Article) -> None:
        """Takes an article in.

        Raises:
            QueueFullError: It would wait too long; says when to come back.
        """
        self._admission.check(self._queue, sum(article.tokens), None, sum(self._running))
        call = _Call(article, len(article.tokens))
        call.line = self._queue.open(None, _DEFAULTS.stream_window)
        self._calls[call] = None
        jobs = [Job[_Call, None](call, tokens, None, _ignore) for tokens in article.tokens]
        self._queue.push(call.line, jobs, self._env.now)
        self._work.succeed()
        self._work = self._env.event()

    def crash(self) -> list[Article]:
        """Ends at once; returns the articles that were in progress, which are lost here."""
        lost = [call.article for call in self._calls]
        for call in self._calls:
            self._queue.cancel(call.line)
        self._calls.clear()
        return lost

    def _thread(self, slot: int) -> "simpy.events.ProcessGenerator":
        while True:
            while (batch := self._queue.next_batch(self._env.now)) is None:
                yield self._work
            self._running[slot] = batch.tokens
            for job in batch.jobs:
                if job.place == 0:
                    job.payload.article.started = self._env.now
            longest = max(job.tokens for job in batch.jobs)
            crowd = self._crowd()
            seconds = self._service.seconds(len(batch.jobs), longest, crowd, self._chance)
            yield self._env.timeout(seconds)
            self._running[slot] = 0
            self.busy_s += seconds
            self._finished(batch, seconds)

    def _crowd(self) -> float:
        """Returns the share of the other threads that work, asked by one that begins to."""
        others = len(self._running) - 1
        return (sum(map(bool, self._running)) - 1) / others if others else 0.0

    def _finished(self, batch: Batch[_Call, None], seconds: float) -> None:
        for job in batch.jobs:
            if not job.line.cancelled:
                self._answered(job)
        if batch.contended:
            self._admission.rate.record(batch.tokens, seconds)

    def _answered(self, job: Job[_Call, None]) -> None:
        call = job.payload
        article = call.article
        self._queue.consumed(job.line)
        call.left -= 1
        if job.place == 0 and article.first is None:
            article.first = self._env.now
        if call.left == 0:
            article.ended = self._env.now
            del self._calls[call]
            self._ended(article)
