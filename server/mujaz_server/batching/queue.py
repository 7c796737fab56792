"""The fair queue: which jobs run next, and together."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic

from mujaz_server.batching.batch import Batch, Draft, Shape
from mujaz_server.batching.job import Job, P, R
from mujaz_server.batching.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LOOKS_PER_ROW = 16
"""Jobs and lines looked at for one batch, for each row that it may have."""


class FairQueue(Generic[P, R]):
    """Deficit round robin over lines, counted in source tokens.

    The queue is pure: it has one owner, no threads, no clock (`now` is passed in,
    in seconds of any steady clock), and it never waits for a batch to fill.

    *Turns* (Shreedhar and Varghese, 1995). Lines that were served before stand in
    a ring. The line at its head leads the next batch with its oldest job as long
    as it has credit; without credit it is given `quantum` tokens and goes to the
    tail. Nothing else gives credit, so no line is given more than one quantum
    before its neighbours are.

    *First jobs* (after the new flows of FQ-CoDel, RFC 8290). A line that was never
    served leads before the ring, so that a short call is in the next batch and a
    document's first sentence comes soon. After `first_streak` such batches in a row
    the ring leads one, so that a flood of new lines starves nobody.

    *Filling.* The batch is filled with jobs of the same options and near lengths:
    first jobs, then jobs of lines with credit, then jobs of lines in debt of less
    than `batch_tokens`, which use room that would be lost and pay for it later. A
    line that has nothing near keeps its place, and so leads soon. Within a line at
    most `look_ahead` jobs pass an older one. A batch led by a first job holds first
    jobs alone: on a CPU a short batch is a quick one, and others in it would make
    the short call wait for them.

    From this follows, for lines that stay backlogged, that what two of them were
    served never differs by more than `2 * quantum + batch_tokens + longest job`.

    Each call costs at most a multiple of the rows of a batch or of the jobs passed to
    it, whatever waits, save those that say otherwise. Giving credit takes a look at
    each line of the ring for every round of `quantum` tokens.

    Args:
        batch_tokens: The budget of a batch in padded tokens.
        batch_rows: The most jobs in a batch.
        quantum: Tokens given to a line each round.
        look_ahead: How many jobs may pass an older one of their line.
        min_fill: The least share of padded tokens that are true tokens.
        first_streak: Batches in a row led by first jobs while other lines wait.

    Attributes:
        waiting_tokens: Source tokens of all waiting jobs.
        backlog_tokens: Source tokens of the jobs that wait in lines not held back
            by their reader.
        dropped_cancelled: Jobs dropped because their line was cancelled.
        dropped_expired: Jobs dropped because their line's deadline had passed.
    """

    def __init__(
        self,
        *,
        batch_tokens: int,
        batch_rows: int,
        quantum: int,
        look_ahead: int = 64,
        min_fill: float = 0.75,
        first_streak: int = 3,
    ) -> None:
        if min(batch_tokens, batch_rows, quantum, first_streak) < 1:
            raise ValueError("Every bound of the queue is at least 1")
        if look_ahead < 0 or not 0 <= min_fill <= 1:
            raise ValueError("look_ahead is not negative, and min_fill lies within 0 and 1")
        self._shape = Shape(batch_tokens, batch_rows, min_fill)
        self._quantum = quantum
        self._look_ahead = look_ahead
        self._first_streak = first_streak
        self._streak = 0
        self._new: OrderedDict[Line[P, R], None] = OrderedDict()
        self._ring: OrderedDict[Line[P, R], None] = OrderedDict()
        self._lines: set[Line[P, R]] = set()
        self._expired: list[Job[P, R]] = []
        self._jobs = 0
        self.waiting_tokens = 0
        self.backlog_tokens = 0
        self.dropped_cancelled = 0
        self.dropped_expired = 0

    def __len__(self) -> int:
        return self._jobs

    def open(self, deadline: float | None, window: int) -> Line[P, R]:
        """Opens the line of one request.

        An empty line costs the queue nothing and need not be closed.

        Args:
            deadline: When its waiting jobs are dropped, or None for never.
            window: The most jobs taken and not consumed; see `Line`. It should
                exceed what all threads run at once, or it slows a quick reader.

        Raises:
            ValueError: `window` is less than 1.
        """
        return Line(deadline, window)

    def push(
        self,
        line: Line[P, R],
        jobs: Sequence[Job[P, R]],
        now: float,
        *,
        front: bool = False,
    ) -> None:
        """Adds jobs to a line; to one that was cancelled, drops them.

        Args:
            line: The request's line.
            jobs: New jobs, oldest first.
            now: The time of arrival.
            front: The jobs are second tries: they go before what waits in the line
                and use the places in its window that their first tries hold.
        """
        if line.cancelled:
            self.dropped_cancelled += len(jobs)
            return
        for job in jobs:
            job.line = line
            job.arrival = now
        before = line.tokens
        if front:
            line.prepend(jobs)
        else:
            line.append(jobs)
        self._jobs += len(jobs)
        self.waiting_tokens += line.tokens - before
        self._settle(line)

    def next_batch(self, now: float) -> Batch[P, R] | None:
        """Takes the jobs that run next, or None where no line may run.

        No job of a cancelled or expired line is taken. What expired is dropped when
        it is met, and handed over by `take_expired`.
        """
        lead = self._lead(now)
        if lead is None:
            return None
        first = not lead.served
        self._streak = self._streak + 1 if first else 0
        draft: Draft[P, R] = Draft(self._shape, LOOKS_PER_ROW * self._shape.rows)
        lead.take_first(draft)
        self._settle(lead)
        self._fill_with_first_jobs(draft, now)
        if not first:
            self._fill_from_ring(draft, now)
        self._jobs -= len(draft.jobs)
        self.waiting_tokens -= draft.tokens
        for job in draft.jobs:
            job.queued_s = now - job.arrival
        return Batch(tuple(draft.jobs), contended=self.backlog_tokens > 0)

    def consumed(self, line: Line[P, R], count: int = 1) -> None:
        """Moves the line's window: the reader is done with `count` results.

        Each job that was taken is consumed once, second tries excepted. A sentence
        cut into more pieces than the window holds must give each back as it comes.

        Raises:
            ValueError: More is consumed than was taken.
        """
        if count > line.unread:
            raise ValueError(f"{count} consumed of {line.unread} taken. This is a bug")
        line.unread -= count
        self._settle(line)

    def cancel(self, line: Line[P, R]) -> int:
        """Drops what waits in a line and marks what runs, for good.

        Returns:
            How many jobs were dropped; 0 where the line was cancelled before.
        """
        line.cancelled = True
        dropped = len(self._drop(line))
        self.dropped_cancelled += dropped
        return dropped

    def take_expired(self, now: float) -> list[Job[P, R]]:
        """Drops the waiting jobs of every expired line; costs a look at each line.

        Returns:
            All jobs dropped as expired since the last call, each once.
        """
        for line in [line for line in self._lines if line.expired(now)]:
            self._expire(line)
        expired = [job for job in self._expired if not job.line.cancelled]
        self._expired = []
        return expired

    def oldest_age(self, now: float) -> float:
        """How long the front of any runnable line has waited; a look at each line."""
        arrivals = (line.oldest_arrival for line in self._runnable())
        return max(0.0, now - min(arrivals, default=now))

    def tokens_ahead(self, tokens: int) -> int:
        """Tokens served before a new line of `tokens` is done; a look at each line.

        While a fair queue serves the new line's tokens it serves every other line
        as many, or all that it has if that is less.
        """
        return sum(min(line.tokens, tokens) for line in self._runnable())

    def _runnable(self) -> Iterator[Line[P, R]]:
        return chain(self._new, self._ring)

    def _lead(self, now: float) -> Line[P, R] | None:
        while self._new or self._ring:
            if self._new and (self._streak < self._first_streak or not self._ring):
                line = next(iter(self._new))
            else:
                line = self._turn()
            if not line.expired(now):
                return line
            self._expire(line)
        return None

    def _turn(self) -> Line[P, R]:
        while (line := next(iter(self._ring))).credit <= 0:
            line.credit += self._quantum
            self._ring.move_to_end(line)
        return line

    def _fill_with_first_jobs(self, draft: Draft[P, R], now: float) -> None:
        for line in self._first(self._new):
            if draft.closed:
                return
            if self._may_join(line, now):
                line.take_first(draft)
                self._settle(line)

    def _fill_from_ring(self, draft: Draft[P, R], now: float) -> None:
        ring = self._first(self._ring)
        for floor in (0, -self._shape.tokens):
            for line in ring:
                if draft.closed:
                    return
                if self._may_join(line, now):
                    line.take_near(draft, floor, self._look_ahead)
                    self._settle(line)

    def _first(self, lines: OrderedDict[Line[P, R], None]) -> list[Line[P, R]]:
        return list(islice(lines, LOOKS_PER_ROW * self._shape.rows))

    def _may_join(self, line: Line[P, R], now: float) -> bool:
        if line.expired(now):
            self._expire(line)
        return line.runnable

    def _expire(self, line: Line[P, R]) -> None:
        jobs = self._drop(line)
        self.dropped_expired += len(jobs)
        self._expired.extend(jobs)

    def _drop(self, line: Line[P, R]) -> list[Job[P, R]]:
        self.waiting_tokens -= line.tokens
        jobs = line.clear()
        self._jobs -= len(jobs)
        self._settle(line)
        return jobs

    def _settle(self, line: Line[P, R]) -> None:
        """Puts a line that changed where it now belongs."""
        runnable = line.runnable
        backlog = line.tokens if runnable else 0
        self.backlog_tokens += backlog - line.counted
        line.counted = backlog
        if len(line):
            self._lines.add(line)
        else:
            self._lines.discard(line)
        home = self._ring if line.served else self._new
        if runnable:
            home.setdefault(line)
        else:
            home.pop(line, None)
        if home is self._ring:
            self._new.pop(line, None)
