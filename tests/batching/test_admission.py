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
        pytest.param([10] * 40, 10, 5.0, None, id="a deadline leaves time for wait and batch"),
        pytest.param([10] * 40, 10, 4.2, 0.8, id="a deadline leaves no time for a whole batch"),
        pytest.param([10], 10, 0.0, 0.3, id="no time is left"),
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


def test_what_runs_is_ahead_of_what_comes(job: Callable[..., Job[Any, Any]]) -> None:
    admission = Admission(Rate(100.0, 1), max_wait_s=5.0, max_backlog_tokens=100_000)
    queue = backlog(job, 300)
    admission.check(queue, 400, 7.0, running=0)
    with pytest.raises(QueueFullError) as caught:
        admission.check(queue, 400, 7.0, running=100)
    assert caught.value.retry_after_s == pytest.approx(1.0)


class TestOfCallers:
    """Ten documents of 100 tokens of one caller, at a hundred tokens a second."""

    @pytest.fixture
    def queue(self, job: Callable[..., Job[Any, Any]]) -> FairQueue[Any, Any]:
        queue: FairQueue[Any, Any] = FairQueue(batch_tokens=100, batch_rows=8, quantum=20)
        for _ in range(10):
            line = queue.open(None, 8, caller="greedy")
            queue.push(line, [job() for _ in range(10)], 0.0)
        return queue

    @pytest.mark.parametrize(
        ("caller", "tokens", "ahead"),
        [
            pytest.param("modest", 20, 20, id="another's call waits for as much of the first's"),
            pytest.param("modest", 2_000, 1_000, id="another's document for all that there is"),
            pytest.param(None, 20, 20, id="and so does somebody without a name"),
            pytest.param("greedy", 20, 200, id="its own call for as much of each line"),
        ],
    )
    def test_what_is_ahead(
        self, caller: str | None, tokens: int, ahead: int, queue: FairQueue[Any, Any]
    ) -> None:
        assert queue.tokens_ahead(tokens, caller) == ahead

    def test_what_is_ahead_of_its_own_call_where_others_wait(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(None, 8, caller="modest"), [job() for _ in range(90)], 0.0)
        assert queue.tokens_ahead(20, "greedy") == 200 + 220
        assert queue.tokens_ahead(20, "modest") == 20 + 40

    @pytest.mark.parametrize(
        ("caller", "tokens", "admitted"),
        [
            pytest.param("greedy", 200, True, id="one caller fills half of what may wait"),
            pytest.param("greedy", 201, False, id="and no more"),
            pytest.param("modest", 1_200, True, id="so that there is room for others"),
            pytest.param(None, 1_200, True, id="whether they have names or not"),
        ],
    )
    def test_who_may_wait(
        self,
        caller: str | None,
        tokens: int,
        admitted: bool,  # noqa: FBT001 (a case of the table)
        queue: FairQueue[Any, Any],
    ) -> None:
        admission = Admission(Rate(100.0, 1), max_wait_s=1_000.0, max_backlog_tokens=2_200)
        with nullcontext() if admitted else pytest.raises(QueueFullError):
            admission.check(queue, tokens, None, 0, caller)


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
