"""What batching tells of its work."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class DropReason(Enum):
    """Why a job was never started."""

    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Observer(Protocol):
    """Counts what batching does; called on the event loop, and must not block."""

    def batch_finished(
        self, rows: int, tokens: int, padded_tokens: int, seconds: float, queue_age: float
    ) -> None:
        """The engine answered a batch.

        Args:
            rows: Its jobs.
            tokens: Their source tokens.
            padded_tokens: Longest job times rows.
            seconds: How long the engine ran.
            queue_age: How long the job that waited longest had waited, in seconds.
        """

    def batch_failed(self, rows: int, error: Exception, request_ids: Sequence[str]) -> None:
        """The engine failed on a batch, which is halved unless it is of one row."""

    def batch_hangs(self, rows: int, seconds: float, request_ids: Sequence[str]) -> None:
        """The engine has not answered a batch in so many seconds, and will not."""

    def dropped(self, reason: DropReason, count: int) -> None:
        """So many waiting jobs were dropped."""
