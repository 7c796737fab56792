"""One sentence to translate, and what can become of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from mujaz_server.batching.line import Line

P = TypeVar("P")
"""What a job carries: the rows that the engine reads."""
R = TypeVar("R")
"""What a job comes to: one result of the engine."""


@dataclass(frozen=True, slots=True)
class Done(Generic[R]):
    """The engine answered."""

    result: R


@dataclass(frozen=True, slots=True)
class Failed:
    """The engine failed on this job even when it ran alone."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Expired:
    """The deadline of the job's line passed before the job was started."""


Outcome: TypeAlias = Done[R] | Failed | Expired


@dataclass(frozen=True, slots=True, eq=False)
class EngineRun:
    """One batch in the engine; times are seconds of the owner's clock.

    Attributes:
        began: When the engine was given it.
        ended: When the engine answered, or failed.
        rows: Its jobs.
        tokens: Their source tokens.
        padded_tokens: Longest job times rows.
    """

    began: float
    ended: float
    rows: int
    tokens: int
    padded_tokens: int


@dataclass(eq=False, slots=True)
class Job(Generic[P, R]):
    """One sentence in the queue.

    Attributes:
        payload: What the engine reads; the queue does not look at it.
        tokens: Source tokens, at least 1; what the job is charged as.
        options: Decoding options; only equal ones share a batch.
        done: Called once on the event loop with the job and its outcome, never
            after the job's line was cancelled. It must not block.
        line: The line the job was pushed to.
        arrival: When it was pushed, in seconds of the owner's clock.
        queued_s: How long it waited, in seconds; set when it joins a batch.
        run: The batch that answered it; set before `done` is called, unless it expired.
        place: Where it stands in its line; later jobs have greater places.
        second_try: It was pushed to the front, in the place of its first try.
    """

    payload: P
    tokens: int
    options: Hashable
    done: Callable[[Job[P, R], Outcome[R]], None]
    line: Line[P, R] = field(init=False, repr=False)
    arrival: float = field(init=False, default=0.0)
    queued_s: float = field(init=False, default=0.0)
    run: EngineRun | None = field(init=False, default=None, repr=False)
    place: int = field(init=False, default=0)
    second_try: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        """Refuses a job that would cost nothing: it could be pushed for ever.

        Raises:
            ValueError: `tokens` is less than 1.
        """
        if self.tokens < 1:
            raise ValueError(f"A job has at least one token, not {self.tokens}")
