"""The fair queue: which jobs run next, and together."""

from __future__ import annotations

from collections import OrderedDict
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, Generic, TypeVar

from mujaz_server.batching.batch import Batch, Draft, Shape
from mujaz_server.batching.caller import Caller
from mujaz_server.batching.job import Job, P, R
from mujaz_server.batching.line import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

T = TypeVar("T")
LOOKS_PER_ROW = 16
"""Jobs and lines looked at for one batch, for each row that it may have."""
_NEAREST_FILL = 0.95


class FairQueue(Generic[P, R]):
    """Deficit round robin over callers and over the lines of each, in source tokens.

    The queue is pure: it has one owner, no threads, no clock (`now` is passed in,
    in seconds of any steady clock), and it never waits for a batch to fill.

    *Turns* (Shreedhar and Varghese, 1996). Callers stand in a ring. The one at its
    head leads the next batch as long as it has credit; without credit it is given
    `quantum` tokens and goes to the tail. Nothing else gives credit, so no caller is
    given more than one quantum before its neighbours are. Whose line leads for a
    caller is decided among its lines in the same way. A line without a caller is
    one of its own.

    *First jobs* (after the new flows of FQ-CoDel, RFC 8290). A line that was never
    served leads before the ring, so that a short call is in the next batch and a
    document's first sentence comes soon. This changes when its caller is served, not
    how much: it is charged, a caller in debt of `batch_tokens` has to wait for its
    turn, and a debt is kept while its caller is idle. After `first_streak` such
    batches in a row the ring leads one, and after as many batches' worth of first jobs
    of one caller its other lines do, so that a flood of new lines starves nobody.

    *Filling.* The batch is filled with jobs of the same options and near lengths, the
    nearest first and others while there is room:
    first jobs, then jobs of callers with credit, then jobs of callers in debt of less
    than `batch_tokens`, which use room that would be lost and pay for it later; and so
    among the lines of each. A line that has nothing near keeps its place, and so leads
    soon. Within a line at most `look_ahead` jobs pass an older one. A batch led by a
    first job before its turn holds first jobs alone: on a CPU a short batch is a quick
    one, and others in it would make the short call wait for them.

    From this follows, for named callers that stay backlogged and for served lines of
    one caller that do, that what two of them are served over any time never differs by
    more than `3 * quantum + 2 * (batch_tokens + longest job)`, and from the start by
    half of that and half a quantum.

    Each call costs at most a multiple of the rows of a batch or of the jobs passed to
    it, whatever waits, save those that say otherwise. Giving credit takes a look at
    each caller of the ring for every round of `quantum` tokens.

    Args:
        batch_tokens: The budget of a batch in padded tokens.
        batch_rows: The most jobs in a batch.
        quantum: Tokens given to a caller, and to a line of it, each round.
        look_ahead: How many jobs may pass an older one of their line.
        min_fill: The least share of padded tokens that are true tokens.
        first_streak: Batches in a row led by first jobs before their turn while other
            lines wait.

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
        # A caller with a name is kept: names are those of tokens, and few.
        self._named: dict[str, Caller[P, R]] = {}
        self._ring: OrderedDict[Caller[P, R], None] = OrderedDict()
        # Callers of which a first job may be served before their turn.
        self._early: OrderedDict[Caller[P, R], None] = OrderedDict()
        self._lines: set[Line[P, R]] = set()
        self._expired: list[Job[P, R]] = []
        self._jobs = 0
        self.waiting_tokens = 0
        self.backlog_tokens = 0
        self.dropped_cancelled = 0
        self.dropped_expired = 0

    def __len__(self) -> int:
        return self._jobs

    @property
    def batch_tokens(self) -> int:
        """The budget of a batch in padded tokens."""
        return self._shape.tokens

    def open(
        self,
        deadline: float | None,
        window: int,
        *,
        request_id: str = "",
        caller: str | None = None,
    ) -> Line[P, R]:
        """Opens the line of one request.

        An empty line costs the queue nothing and need not be closed.

        Args:
            deadline: When its waiting jobs are dropped, or None for never.
            window: The most jobs taken and not consumed; see `Line`. It should
                exceed what all threads run at once, or it slows a quick reader.
            request_id: What the request is called in logs.
            caller: Whose it is; None for somebody who has no other.

        Raises:
            ValueError: `window` is less than 1.
        """
        whose = Caller[P, R](None)
        if caller is not None:
            whose = self._named.setdefault(caller, Caller(caller))
        return Line(deadline, window, request_id, whose)

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
        line, early = lead
        draft: Draft[P, R] = Draft(self._shape, LOOKS_PER_ROW * self._shape.rows)
        self._streak = self._streak + 1 if early else 0
        self._take_first(line, draft)
        for draft.fill in (max(_NEAREST_FILL, self._shape.min_fill), self._shape.min_fill):
            self._fill_with_first_jobs(draft, now)
            if not early:
                self._fill_from_ring(draft, now)
        if not early:
            line.caller.first_tokens = 0
            self._place(line.caller)
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
        arrivals = (line.oldest_arrival for line in self._lines if line.runnable)
        return max(0.0, now - min(arrivals, default=now))

    def tokens_ahead(self, tokens: int, caller: str | None = None) -> int:
        """Tokens served before a new line of `tokens` is done; a look at each line.

        While a fair queue serves the new line's tokens it serves every other line of
        its caller as many, or all that it has if that is less; and every other caller
        as many as all these together, or all that it has.
        """
        own = 0
        callers = dict.fromkeys([*self._early, *self._ring])
        if caller is not None and (mine := self._named.get(caller)) in callers:
            own = sum(min(line.tokens, tokens) for line in [*mine.new, *mine.ring])
            del callers[mine]
        return own + sum(min(other.backlog, own + tokens) for other in callers)

    def waiting_tokens_of(self, caller: str | None) -> int:
        """Source tokens of the waiting jobs of a caller, if it has a name; a look at each line."""
        if caller is None:
            return 0
        return sum(line.tokens for line in self._lines if line.caller.name == caller)

    def _lead(self, now: float) -> tuple[Line[P, R], bool] | None:
        """Finds the line that leads, and tells whether it does so before its turn."""
        while True:
            early = bool(self._early) and self._streak < self._first_streak
            if not early and (caller := self._turn()):
                line = caller.turn(self._quantum)
            elif self._early:
                early = True
                line = next(iter(next(iter(self._early)).new))
            else:
                return None
            if not line.expired(now):
                return line, early
            self._expire(line)

    def _turn(self) -> Caller[P, R] | None:
        while self._ring:
            caller = next(iter(self._ring))
            if caller.credit > 0:
                return caller
            caller.credit += self._quantum
            self._ring.move_to_end(caller)
            self._place(caller)
        return None

    def _take_first(self, line: Line[P, R], draft: Draft[P, R]) -> None:
        line.take_first(draft)
        if line.served:
            # Whoever was served goes behind the others that may be served early.
            self._early.pop(line.caller, None)
        self._settle(line)

    def _fill_with_first_jobs(self, draft: Draft[P, R], now: float) -> None:
        callers = self._first(self._early)
        for line in self._first(_one_of_each(caller.new for caller in callers)):
            if draft.closed:
                return
            if line.caller in self._early and self._may_join(line, now):
                self._take_first(line, draft)

    def _fill_from_ring(self, draft: Draft[P, R], now: float) -> None:
        callers = self._first(self._ring)
        for floor in (0, -self._shape.tokens):
            for caller in callers:
                if draft.closed:
                    return
                if caller.ring and caller.credit > floor:
                    self._fill_from_caller(caller, draft, floor, now)

    def _fill_from_caller(
        self, caller: Caller[P, R], draft: Draft[P, R], caller_floor: int, now: float
    ) -> None:
        caller.turn(self._quantum)
        lines = self._first(caller.ring)
        # Nobody is to be spared where there is one line.
        for floor in (0, -self._shape.tokens)[len(lines) == 1 :]:
            for line in lines:
                if draft.closed or caller.credit <= caller_floor:
                    return
                if self._may_join(line, now):
                    line.take_near(draft, caller_floor, floor, self._look_ahead)
                    self._settle(line)

    def _first(self, some: Iterable[T]) -> list[T]:
        return list(islice(some, LOOKS_PER_ROW * self._shape.rows))

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
        """Puts a line that changed, and its caller, where they now belong."""
        caller = line.caller
        self.backlog_tokens -= caller.backlog
        caller.settle(line)
        self.backlog_tokens += caller.backlog
        if len(line):
            self._lines.add(line)
        else:
            self._lines.discard(line)
        self._place(caller)

    def _place(self, caller: Caller[P, R]) -> None:
        """Puts a caller that changed where it now belongs."""
        if caller.new and self._may_be_early(caller):
            self._early.setdefault(caller)
        else:
            self._early.pop(caller, None)
        if caller.takes_turns:
            self._ring.setdefault(caller)
        else:
            self._ring.pop(caller, None)

    def _may_be_early(self, caller: Caller[P, R]) -> bool:
        if caller.credit <= -self._shape.tokens:
            return False
        return not caller.ring or caller.first_tokens < self._first_streak * self._shape.tokens


def _one_of_each(rows: Iterable[Iterable[Line[P, R]]]) -> Iterable[Line[P, R]]:
    """The first of each row, then the second of each, and so on."""
    return (line for column in zip_longest(*rows) for line in column if line is not None)
