"""Jobs that run together, and the bounds on what may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from mujaz_server.batching.job import EngineRun, Job, P, R


@dataclass(frozen=True, slots=True)
class Shape:
    """The bounds of a batch.

    Attributes:
        tokens: The budget of padded tokens: longest job times rows. A longer job
            than that goes alone.
        rows: The most jobs.
        min_fill: The share of the padded tokens, from 0 to 1, that must be true
            tokens. This is what "near lengths" means: not how far two lengths lie
            apart, but what the padding between them costs.
    """

    tokens: int
    rows: int
    min_fill: float


@dataclass(frozen=True, slots=True)
class Batch(Generic[P, R]):
    """Jobs to run together; never empty, and all with the same options.

    Attributes:
        jobs: One a row.
        contended: Whether runnable jobs were left waiting when the batch was
            formed, so that it was as full as it could be. Only such a batch tells
            how fast the engine is under load.
    """

    jobs: tuple[Job[P, R], ...]
    contended: bool

    @property
    def tokens(self) -> int:
        """Source tokens without padding."""
        return sum(job.tokens for job in self.jobs)

    @property
    def padded_tokens(self) -> int:
        """Source tokens with padding: longest job times rows."""
        return max(job.tokens for job in self.jobs) * len(self.jobs)

    @property
    def queued_s(self) -> float:
        """How long the job that waited longest had waited, in seconds."""
        return max(job.queued_s for job in self.jobs)

    @property
    def request_ids(self) -> tuple[str, ...]:
        """What the requests of its jobs are called, each once."""
        return tuple(dict.fromkeys(job.line.request_id for job in self.jobs))

    def ran(self, began: float, ended: float) -> EngineRun:
        """Tells of the batch once the engine is done with it."""
        return EngineRun(began, ended, len(self.jobs), self.tokens, self.padded_tokens)

    def gone(self, row: int) -> bool:
        """Tells whether nobody waits for a row any more; for any thread."""
        return self.jobs[row].line.cancelled

    def halves(self) -> tuple[Batch[P, R], Batch[P, R]]:
        """Cuts the batch in two; neither is as full as it could be.

        Raises:
            ValueError: It has one job only.
        """
        middle = len(self.jobs) // 2
        if middle == 0:
            raise ValueError("A batch of one job has no halves. This is a bug")
        return (
            Batch(self.jobs[:middle], contended=False),
            Batch(self.jobs[middle:], contended=False),
        )


class Draft(Generic[P, R]):
    """A batch that is being formed.

    It also counts how many jobs and lines were looked at, so that forming a batch
    costs no more than a multiple of its rows however many jobs wait.
    """

    def __init__(self, shape: Shape, looks: int) -> None:
        self.jobs: list[Job[P, R]] = []
        self.tokens = 0
        self._longest = 0
        self._shape = shape
        self.fill = shape.min_fill
        self._looks = looks

    @property
    def closed(self) -> bool:
        """Nothing more can join, or enough was looked at."""
        return (
            self._looks <= 0
            or len(self.jobs) >= self._shape.rows
            or self._longest * (len(self.jobs) + 1) > self._shape.tokens
        )

    def look(self) -> None:
        """Counts one look at a job or a line."""
        self._looks -= 1

    def accepts(self, job: Job[P, R]) -> bool:
        """Tells whether the job may join; the first always may."""
        if not self.jobs:
            return True
        rows = len(self.jobs) + 1
        padded = max(self._longest, job.tokens) * rows
        return (
            job.options == self.jobs[0].options
            and rows <= self._shape.rows
            and padded <= self._shape.tokens
            and self.tokens + job.tokens >= self.fill * padded
        )

    def add(self, job: Job[P, R]) -> None:
        """Lets a job join that is accepted."""
        self.jobs.append(job)
        self.tokens += job.tokens
        self._longest = max(self._longest, job.tokens)
