"""The waiting jobs of one request."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic

from mujaz_server.batching.job import Job, P, R

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mujaz_server.batching.batch import Draft
    from mujaz_server.batching.caller import Caller


class Line(Generic[P, R]):
    """The waiting jobs of one request, oldest first.

    A line belongs to its `FairQueue`: others read `cancelled` and `deadline`, and
    leave the rest to it.

    The *window* bounds how far the engine runs ahead of a slow reader: so many
    first tries may be taken whose results were not consumed. The last place in it
    is kept for the oldest waiting job, and a second try uses the place that its
    first try holds: otherwise a reader that takes results in order could wait for
    a job that itself waits for the reader.

    Attributes:
        deadline: When the line's waiting jobs lose their worth, in seconds of the
            owner's clock, or None for never.
        window: The most jobs taken and not consumed.
        request_id: What the request is called in logs.
        caller: Whose request it is.
        cancelled: Whether the caller has gone; may be read from any thread.
        tokens: Source tokens of the waiting jobs.
        credit: Source tokens the line may still be served in this round; below
            zero where it rode along in the batches of others.
        counted: What the queue counts for this line as backlog.
        served: Whether any of its jobs has been taken.
        unread: Jobs taken and not consumed.
    """

    def __init__(
        self, deadline: float | None, window: int, request_id: str, caller: Caller[P, R]
    ) -> None:
        if window < 1:
            raise ValueError(f"A window holds at least one job, not {window}")
        self.deadline = deadline
        self.window = window
        self.request_id = request_id
        self.caller = caller
        self.cancelled = False
        self.tokens = 0
        self.credit = 0
        self.counted = 0
        self.served = False
        self.unread = 0
        self._jobs: deque[Job[P, R]] = deque()
        self._end = 0

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def runnable(self) -> bool:
        """Whether its oldest job may be taken."""
        return bool(self._jobs) and self._has_place(self._jobs[0], passing=False)

    @property
    def oldest_arrival(self) -> float:
        """When the job at the front arrived; the line must not be empty."""
        return self._jobs[0].arrival

    def expired(self, now: float) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and self.deadline <= now

    def append(self, jobs: Sequence[Job[P, R]]) -> None:
        """Puts jobs behind those that wait."""
        for place, job in enumerate(jobs, self._end):
            job.place = place
        self._end += len(jobs)
        self._jobs.extend(jobs)
        self.tokens += sum(job.tokens for job in jobs)

    def prepend(self, jobs: Sequence[Job[P, R]]) -> None:
        """Puts second tries before all that wait, in their order."""
        front = self._jobs[0].place if self._jobs else self._end
        for place, job in enumerate(jobs, front - len(jobs)):
            job.place = place
            job.second_try = True
        self._jobs.extendleft(reversed(jobs))
        self.tokens += sum(job.tokens for job in jobs)

    def clear(self) -> list[Job[P, R]]:
        """Drops all waiting jobs and returns them."""
        jobs = list(self._jobs)
        self._jobs.clear()
        self.tokens = 0
        return jobs

    def take_first(self, draft: Draft[P, R]) -> None:
        """Moves the oldest job into the draft if the draft accepts it."""
        draft.look()
        if draft.accepts(self._jobs[0]):
            self._move(self._jobs.popleft(), draft)

    def take_near(self, draft: Draft[P, R], caller_floor: int, floor: int, look_ahead: int) -> None:
        """Moves jobs that the draft accepts into it, oldest first.

        Args:
            draft: The batch being formed.
            caller_floor: Jobs are taken while the caller's credit is above it.
            floor: Jobs are taken while the line's own credit is above it.
            look_ahead: How many places before the oldest waiting job may be looked
                at; so no job is passed by more than that many.
        """
        passed: list[Job[P, R]] = []
        draft.look()
        while self._jobs and not draft.closed:
            if self.caller.credit <= caller_floor or self.credit <= floor:
                break
            job = self._jobs[0]
            if not self._has_place(job, passing=bool(passed)):
                break
            if passed and job.place > passed[0].place + look_ahead:
                break
            draft.look()
            self._jobs.popleft()
            if draft.accepts(job):
                self._move(job, draft)
            else:
                passed.append(job)
        self._jobs.extendleft(reversed(passed))

    def _has_place(self, job: Job[P, R], *, passing: bool) -> bool:
        return job.second_try or self.unread + passing < self.window

    def _move(self, job: Job[P, R], draft: Draft[P, R]) -> None:
        draft.add(job)
        if not self.served:
            self.served = True
            self.caller.first_tokens += job.tokens
        self.caller.credit -= job.tokens
        self.credit -= job.tokens
        self.tokens -= job.tokens
        self.unread += not job.second_try
