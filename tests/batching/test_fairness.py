"""Shares of lines that are all backlogged, and a queue that is known to be unfair."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz_server.batching import Batch, FairQueue, Job, Line

if TYPE_CHECKING:
    from collections.abc import Sequence


class FifoQueue(FairQueue[Any, Any]):
    """The seeded defect: first come, first served."""

    def __init__(self, **bounds: Any) -> None:
        super().__init__(**bounds)
        self._fifo: deque[Job[Any, Any]] = deque()

    def push(
        self,
        line: Line[Any, Any],
        jobs: Sequence[Job[Any, Any]],
        now: float,
        *,
        front: bool = False,
    ) -> None:
        super().push(line, jobs, now, front=front)
        self._fifo.extend(jobs)

    def next_batch(self, now: float) -> Batch[Any, Any] | None:  # noqa: ARG002 (the same signature)
        jobs = [self._fifo.popleft() for _ in range(min(self._shape.rows, len(self._fifo)))]
        for job in jobs:
            job.line.unread += 1
        return Batch(tuple(jobs), contended=bool(self._fifo)) if jobs else None


def jain(shares: Sequence[int]) -> float:
    """Jain's index: 1 for equal shares, 1/n where one has all."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares)


def served(queue: FairQueue[Any, Any], documents: list[list[int]], batches: int) -> list[int]:
    """Runs batches over documents of the given job lengths; tokens served to each."""
    shares = [0] * len(documents)
    for index, sizes in enumerate(documents):
        jobs: list[Job[int, None]] = [Job(index, size, "greedy", lambda *_: None) for size in sizes]
        queue.push(queue.open(None, 64), jobs, 0.0)
    for _ in range(batches):
        batch = queue.next_batch(0.0)
        if batch is None:
            break
        for job in batch.jobs:
            shares[job.payload] += job.tokens
            queue.consumed(job.line)
    return shares


def unequal_documents() -> list[list[int]]:
    """Fifty documents of 6,000 to 60,000 tokens, in sentences of 4 to 150 tokens."""
    rng = random.Random(20)
    documents = []
    for index in range(50):
        longest = 8 + 3 * index
        sizes: list[int] = []
        while sum(sizes[-1000:]) < 6_000 or sum(sizes) < 6_000 * (1 + index % 10):
            sizes.append(rng.randint(4, longest))
        documents.append(sizes)
    return documents


class TestFiftyUnequalBackloggedLines:
    def test_get_equal_shares(self) -> None:
        queue: FairQueue[Any, Any] = FairQueue(batch_tokens=2048, batch_rows=32, quantum=64)
        assert jain(served(queue, unequal_documents(), 300)) >= 0.95

    def test_get_unequal_shares_from_a_fifo_queue(self) -> None:
        queue = FifoQueue(batch_tokens=2048, batch_rows=32, quantum=64)
        assert jain(served(queue, unequal_documents(), 300)) < 0.5


bounds = st.fixed_dictionaries(
    {
        "batch_tokens": st.integers(50, 300),
        "batch_rows": st.integers(1, 12),
        "quantum": st.integers(1, 100),
        "look_ahead": st.integers(0, 40),
        "min_fill": st.floats(0, 1),
        "first_streak": st.just(10**9),
    }
)
ranges = st.lists(st.tuples(st.integers(1, 80), st.integers(1, 80)), min_size=2, max_size=8)


def widest_gap_over_bound(
    kind: type[FairQueue[Any, Any]],
    bounds: dict[str, Any],
    ranges: list[tuple[int, int]],
    seed: int,
    batches: int,
) -> int:
    """How far two lines' shares lie apart beyond what `FairQueue` promises."""
    rng = random.Random(seed)
    documents = [[rng.randint(min(pair), max(pair)) for _ in range(1500)] for pair in ranges]
    shares = served(kind(**bounds), documents, batches)
    longest = max(map(max, documents))
    promised: int = 2 * bounds["quantum"] + bounds["batch_tokens"] + longest
    return max(shares) - min(shares) - promised


@settings(max_examples=60)
@given(bounds=bounds, ranges=ranges, seed=st.integers(0, 10**6), batches=st.integers(1, 100))
def test_backlogged_lines_never_drift_apart_beyond_the_bound(
    bounds: dict[str, Any], ranges: list[tuple[int, int]], seed: int, batches: int
) -> None:
    assert widest_gap_over_bound(FairQueue, bounds, ranges, seed, batches) <= 0


def test_a_fifo_queue_breaks_the_bound() -> None:
    bounds = {"batch_tokens": 200, "batch_rows": 8, "quantum": 20}
    assert widest_gap_over_bound(FifoQueue, bounds, [(1, 20), (1, 20)], 1, 100) > 0


@pytest.mark.parametrize(
    ("shares", "index"),
    [
        pytest.param([5, 5, 5], 1.0, id="of equal shares is one"),
        pytest.param([9, 0, 0], 1 / 3, id="of one who has all is one in n"),
    ],
)
def test_the_index_of_jain(shares: list[int], index: float) -> None:
    assert jain(shares) == pytest.approx(index)
