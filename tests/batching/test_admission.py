from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from mujaz_server.batching import Admission, FairQueue, Job, QueueFullError, Rate
from mujaz_server.batching.admission import HALF_LIFE_S

if TYPE_CHECKING:
    from collections.abc import Callable


def backlog(job: Callable[..., Job[Any, Any]], *lines: int) -> FairQueue[Any, Any]:
    """A queue in which lines of so many tokens wait, in jobs of 10."""
    queue: FairQueue[Any, Any] = FairQueue(batch_tokens=100, batch_rows=8, quantum=20)
    for tokens in lines:
        queue.push(queue.open(None, 8), [job() for _ in range(tokens // 10)], 0.0)
    return queue


@pytest.mark.parametrize(
    ("lines", "tokens", "time_left", "retry_after_s"),
    [
        pytest.param([], 10**9, 0.001, None, id="an empty queue refuses nothing"),
        pytest.param([10_000] * 9, 10, None, None, id="big documents do not bar a short call"),
        pytest.param([10_000] * 9, 1000, None, 85.0, id="they bar another document"),
        pytest.param([10] * 40, 10, None, None, id="many short calls wait within the bound"),
        pytest.param([10] * 60, 10, None, 1.0, id="more of them wait too long"),
        pytest.param([10] * 40, 10, 4.2, None, id="a deadline leaves time for wait and work"),
        pytest.param([10] * 40, 10, 3.9, 0.2, id="a deadline leaves too little time"),
        pytest.param([10], 10, 0.0, 0.2, id="no time is left"),
        pytest.param([10], 1, 0.019, 0.1, id="nobody is told to return at once"),
        pytest.param([90_000], 10_010, None, 95.1, id="both too long a wait and too big a backlog"),
        pytest.param([99_990], 20, None, 0.1, id="too big a backlog, though the wait is short"),
    ],
)
def test_of_a_hundred_tokens_a_second_and_five_seconds_of_patience(
    lines: list[int],
    tokens: int,
    time_left: float | None,
    retry_after_s: float | None,
    job: Callable[..., Job[Any, Any]],
) -> None:
    admission = Admission(Rate(100.0, 1), max_wait_s=5.0, max_backlog_tokens=100_000)
    refused = pytest.raises(QueueFullError) if retry_after_s else nullcontext()
    with refused as caught:
        admission.check(backlog(job, *lines), tokens, time_left)
    if caught is not None:
        assert caught.value.retry_after_s == pytest.approx(retry_after_s)


def test_a_line_held_back_by_its_reader_is_no_wait(job: Callable[..., Job[Any, Any]]) -> None:
    queue = backlog(job, 10_000)
    assert queue.tokens_ahead(5_000) == 5_000
    while queue.next_batch(0.0):
        pass
    assert queue.tokens_ahead(5_000) == 0


class TestTheRate:
    def test_starts_at_what_the_warm_up_measured(self) -> None:
        assert Rate(300.0, 2).tokens_per_s == pytest.approx(300.0)

    def test_adds_up_over_threads(self) -> None:
        rate = Rate(300.0, 2)
        for _ in range(100):
            rate.record(1_000, 10.0)
        assert rate.tokens_per_s == pytest.approx(200.0)

    def test_is_half_way_there_after_a_half_life(self) -> None:
        rate = Rate(100.0, 1)
        rate.record(int(HALF_LIFE_S * 400), HALF_LIFE_S)
        assert rate.tokens_per_s == pytest.approx((100 / 2 + 400) / 1.5)

    def test_weighs_by_time_and_not_by_batch(self) -> None:
        rate = Rate(100.0, 1)
        for _ in range(10):
            rate.record(1, 0.1)
        assert rate.tokens_per_s == pytest.approx(91.0, abs=1.0)

    def test_is_never_zero(self) -> None:
        rate = Rate(100.0, 1)
        rate.record(0, 10**6)
        assert rate.tokens_per_s > 0

    @pytest.mark.parametrize(("tokens_per_s", "threads"), [(0.0, 1), (1.0, 0)])
    def test_of_nothing_is_refused(self, tokens_per_s: float, threads: int) -> None:
        with pytest.raises(ValueError, match="positive"):
            Rate(tokens_per_s, threads)
