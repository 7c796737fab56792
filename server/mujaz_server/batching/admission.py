"""What is refused because it could not be done in time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mujaz_server.batching.queue import FairQueue

HALF_LIFE_S = 10.0
"""Engine seconds after which a measurement counts half."""
MIN_RETRY_S = 0.1


class QueueFullError(Exception):
    """The work ahead is too much; it may be less later.

    Attributes:
        retry_after_s: After how many seconds the same call may be admitted.
    """

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"The queue is full; retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class Rate:
    """Source tokens per second that all threads together translate under load.

    An exponentially decayed mean over engine time, so that long batches weigh more
    than short ones. It starts at `tokens_per_s`, which the warm-up should measure
    with a full batch, with the weight of one half-life.
    """

    def __init__(self, tokens_per_s: float, threads: int) -> None:
        if tokens_per_s <= 0 or threads < 1:
            raise ValueError("A rate is positive, and there is at least one thread")
        self._threads = threads
        self._seconds = HALF_LIFE_S
        self._tokens = tokens_per_s / threads * HALF_LIFE_S

    @property
    def tokens_per_s(self) -> float:
        """The present estimate; never zero."""
        return self._threads * self._tokens / self._seconds

    def batch_s(self, tokens: int) -> float:
        """Seconds that one thread takes for a batch of so many tokens."""
        return tokens * self._threads / self.tokens_per_s

    def record(self, tokens: int, seconds: float) -> None:
        """Takes in one batch of one thread.

        Batches that ran while nothing waited should be left out: they are small,
        and would make a quiet server look slow.
        """
        decay = 0.5 ** (seconds / HALF_LIFE_S)
        self._tokens = max(self._tokens * decay + tokens, 1e-9)
        self._seconds = self._seconds * decay + seconds


class Admission:
    """Refuses early what would wait too long.

    Under a fair queue a request of `t` tokens is done when each other caller, of
    `b` waiting tokens, was served `min(b, t)`, after the `r` tokens that run: so

        wait = (r + sum(min(b, t) for each other caller)) / rate

    where its own caller has nothing else (see `FairQueue.tokens_ahead`), and long
    documents or many calls of others hardly count against a short call. A request is
    refused when

    * `wait` exceeds `max_wait_s`, or
    * `wait` and the work itself exceed the caller's time left: `t / rate`, and not less
      than its last batch takes on one thread, for a batch is answered whole, or
    * all waiting tokens and its own exceed `max_backlog_tokens`, a bound on memory; where
      its caller has a name, what waits of that counts twice: so whoever takes all it can
      leaves as much to others (the dynamic threshold of Choudhury and Hahne, 1998),

    and other work is the cause: an empty queue refuses nothing. The estimate errs to
    the safe side for a line's first job, which goes before its turn.
    """

    def __init__(self, rate: Rate, *, max_wait_s: float, max_backlog_tokens: int) -> None:
        self.rate = rate
        self._max_wait_s = max_wait_s
        self._max_backlog_tokens = max_backlog_tokens

    def check(
        self,
        queue: FairQueue[Any, Any],
        tokens: int,
        time_left: float | None,
        running: int = 0,
        caller: str | None = None,
    ) -> None:
        """Admits a request of `tokens` source tokens, or refuses it.

        Args:
            queue: What waits already.
            tokens: The source tokens of all its jobs.
            time_left: Seconds until the caller's deadline, or None without one.
            running: Source tokens in batches that run now.
            caller: Whose request it is; None for somebody who has no other.

        Raises:
            QueueFullError: It would wait too long.
        """
        rate = self.rate.tokens_per_s
        excess_s = 0.0
        if ahead := queue.tokens_ahead(tokens, caller):
            patience = self._max_wait_s
            if time_left is not None:
                last_batch_s = self.rate.batch_s(min(ahead + tokens, queue.batch_tokens))
                patience = min(patience, time_left - max(tokens / rate, last_batch_s))
            excess_s = (running + ahead) / rate - patience
        if queue.waiting_tokens:
            waiting = queue.waiting_tokens + queue.waiting_tokens_of(caller)
            excess_s = max(excess_s, (waiting + tokens - self._max_backlog_tokens) / rate)
        if excess_s > 0:
            raise QueueFullError(max(excess_s, MIN_RETRY_S))
