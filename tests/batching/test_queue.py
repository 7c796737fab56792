"""What the queue promises, one promise a test."""

from __future__ import annotations

from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, Any

import pytest

from mujaz_server.batching import FairQueue, Job
from mujaz_server.batching.batch import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from mujaz_server.batching import Batch, Line


def payloads(batch: Batch[Any, Any] | None) -> list[Any]:
    assert batch is not None
    return [job.payload for job in batch.jobs]


def document(
    make: Callable[..., Job[Any, Any]], name: str, sizes: list[int]
) -> list[Job[Any, Any]]:
    return [make(f"{name}{index}", tokens) for index, tokens in enumerate(sizes)]


def old_line(queue: FairQueue[Any, Any], window: int = 100) -> Line[Any, Any]:
    """A line that was served before, so that no first job of it leads."""
    line = queue.open(None, window)
    queue.push(line, [Job("before", 1, "before", lambda *_: None)], 0.0)
    assert payloads(queue.next_batch(0.0)) == ["before"]
    queue.consumed(line)
    return line


class TestABatch:
    def test_of_an_empty_queue_is_none(self, queue: FairQueue[Any, Any]) -> None:
        assert queue.next_batch(0.0) is None

    def test_is_formed_at_once_from_a_single_job(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(None, 8), [job("one")], 0.0)
        assert payloads(queue.next_batch(0.0)) == ["one"]

    @pytest.mark.parametrize(
        ("sizes", "taken"),
        [
            pytest.param([10] * 12, [0, 1, 2, 3, 4, 5, 6, 7], id="holds no more rows than the cap"),
            pytest.param([30] * 5, [0, 1, 2], id="holds no more padded tokens than the budget"),
            pytest.param([500, 10], [0], id="holds a job over the budget alone"),
            pytest.param([10, 500, 10], [0, 2], id="leaves a job over the budget for its own turn"),
            pytest.param([10, 40, 11, 9], [0, 2, 3], id="leaves lengths that are not near"),
            pytest.param([20, 20, 20, 4], [0, 1, 2, 3], id="lets one short job fill lost room"),
        ],
    )
    def test_of_one_document(
        self,
        sizes: list[int],
        taken: list[int],
        queue: FairQueue[Any, Any],
        job: Callable[..., Job[Any, Any]],
    ) -> None:
        jobs = [job(index, tokens) for index, tokens in enumerate(sizes)]
        queue.push(old_line(queue), jobs, 0.0)
        assert payloads(queue.next_batch(0.0)) == taken

    def test_has_one_set_of_options(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        for name, options in [("a", "beam"), ("b", "greedy"), ("c", "beam")]:
            queue.push(queue.open(None, 8), [job(name, options=options)], 0.0)
        assert payloads(queue.next_batch(0.0)) == ["a", "c"]
        assert payloads(queue.next_batch(0.0)) == ["b"]

    def test_says_whether_others_were_left_waiting(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(old_line(queue), document(job, "d", [10] * 9), 0.0)
        batches = [queue.next_batch(0.0), queue.next_batch(0.0)]
        assert [batch.contended for batch in batches if batch] == [True, False]

    def test_counts_tokens_padding_and_waiting(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = old_line(queue)
        queue.push(line, [job("a", 10)], 1.0)
        queue.push(line, [job("b", 12)], 3.0)
        batch = queue.next_batch(4.0)
        assert batch is not None
        assert (batch.tokens, batch.padded_tokens, batch.queued_s) == (22, 24, 3.0)
        assert [job.queued_s for job in batch.jobs] == [3.0, 1.0]

    def test_of_one_job_cannot_be_halved(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(None, 8), [job()], 0.0)
        batch = queue.next_batch(0.0)
        assert batch is not None
        with pytest.raises(ValueError, match="This is a bug"):
            batch.halves()


class TestALine:
    def test_with_one_job_is_in_the_next_batch_beside_ten_thousand(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(None, 10**6), document(job, "d", [10] * 10_000), 0.0)
        for round_ in range(20):
            queue.next_batch(0.0)
            queue.push(queue.open(None, 8), [job(f"short{round_}", 7 + 5 * round_)], 0.0)
            assert f"short{round_}" in payloads(queue.next_batch(0.0))

    def test_that_is_new_is_served_before_a_second_job(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(None, 100), document(job, "a", [30] * 9), 0.0)
        queue.push(queue.open(None, 100), document(job, "b", [30] * 9), 0.0)
        assert payloads(queue.next_batch(0.0))[:2] == ["a0", "b0"]

    def test_that_is_new_leads_a_batch_of_first_jobs_alone(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(old_line(queue), document(job, "d", [10] * 9), 0.0)
        queue.push(queue.open(None, 8), document(job, "a", [10] * 3), 0.0)
        queue.push(queue.open(None, 8), document(job, "b", [10] * 3), 0.0)
        assert payloads(queue.next_batch(0.0)) == ["a0", "b0"]

    def test_that_was_served_leads_in_spite_of_a_flood_of_new_lines(
        self, job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue: FairQueue[Any, Any] = FairQueue(
            batch_tokens=10, batch_rows=1, quantum=20, first_streak=3
        )
        queue.push(queue.open(None, 100), document(job, "d", [10] * 5), 0.0)
        leads = []
        for index in range(12):
            queue.push(queue.open(None, 1), [job(f"n{index}")], 0.0)
            leads += payloads(queue.next_batch(0.0))
        assert leads == ["d0", "n0", "n1", "d1", "n2", "n3", "n4", "d2", "n5", "n6", "n7", "d3"]

    def test_with_odd_lengths_leads_in_spite_of_many_that_fit_together(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        odd = queue.open(None, 100)
        queue.push(odd, document(job, "odd", [10] + [90] * 5), 0.0)
        for name in "abcdefghij":
            queue.push(queue.open(None, 1000), document(job, name, [10] * 100), 0.0)
        leads = [payloads(queue.next_batch(0.0))[0] for _ in range(60)]
        turns = [index for index, lead in enumerate(leads) if lead.startswith("odd")]
        assert len(turns) == 6
        # Its 90 tokens are 4.5 quanta; ten others take two tens for each.
        assert all(later - sooner <= 15 for sooner, later in pairwise(turns))

    def test_lets_only_so_many_jobs_pass_its_oldest(
        self, job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue: FairQueue[Any, Any] = FairQueue(
            batch_tokens=100, batch_rows=50, quantum=20, look_ahead=4
        )
        queue.push(old_line(queue), document(job, "d", [10, 50, 10, 10, 10, 10, 10]), 0.0)
        assert payloads(queue.next_batch(0.0)) == ["d0", "d2", "d3", "d4", "d5"]
        assert payloads(queue.next_batch(0.0)) == ["d1"]
        assert payloads(queue.next_batch(0.0)) == ["d6"]

    def test_lets_no_more_pass_a_second_try(self, job: Callable[..., Job[Any, Any]]) -> None:
        queue: FairQueue[Any, Any] = FairQueue(
            batch_tokens=100, batch_rows=10, quantum=20, look_ahead=4
        )
        other, line = old_line(queue), old_line(queue)
        queue.push(other, [job("other")], 0.0)
        queue.push(line, document(job, "d", [10] * 9), 0.0)
        queue.push(line, [job("again", options="beam")], 0.0, front=True)
        assert payloads(queue.next_batch(0.0)) == ["other", "d0", "d1", "d2", "d3"]
        assert payloads(queue.next_batch(0.0)) == ["again"]

    def test_stalls_while_its_reader_is_behind(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = old_line(queue, 3)
        queue.push(line, document(job, "d", [10] * 6), 0.0)
        assert payloads(queue.next_batch(0.0)) == ["d0", "d1", "d2"]
        assert queue.next_batch(0.0) is None
        assert (len(queue), queue.waiting_tokens, queue.backlog_tokens) == (3, 30, 0)
        queue.consumed(line, 2)
        assert queue.backlog_tokens == 30
        assert payloads(queue.next_batch(0.0)) == ["d3", "d4"]

    def test_keeps_the_last_place_in_its_window_for_its_oldest_job(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = old_line(queue, 3)
        queue.push(line, document(job, "d", [10, 50, 10, 10, 10]), 0.0)
        assert payloads(queue.next_batch(0.0)) == ["d0", "d2"]
        assert payloads(queue.next_batch(0.0)) == ["d1"]
        assert queue.next_batch(0.0) is None

    def test_runs_second_tries_first_and_even_when_stalled(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = old_line(queue, 2)
        queue.push(line, document(job, "d", [10] * 4), 0.0)
        assert payloads(queue.next_batch(0.0)) == ["d0", "d1"]
        queue.push(line, [job("again0"), job("again1")], 0.0, front=True)
        assert payloads(queue.next_batch(0.0)) == ["again0", "again1"]
        queue.consumed(line, 2)
        assert payloads(queue.next_batch(0.0)) == ["d2", "d3"]

    def test_cannot_consume_more_than_was_taken(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = queue.open(None, 2)
        queue.push(line, [job()], 0.0)
        with pytest.raises(ValueError, match="This is a bug"):
            queue.consumed(line)


class TestACancelledLine:
    def test_loses_what_waits_and_marks_what_runs(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = old_line(queue)
        queue.push(line, document(job, "d", [10] * 20), 0.0)
        batch = queue.next_batch(0.0)
        assert batch is not None
        assert not batch.gone(0)
        assert queue.cancel(line) == 12
        assert batch.gone(0)
        assert queue.next_batch(0.0) is None
        assert (len(queue), queue.waiting_tokens, queue.backlog_tokens) == (0, 0, 0)
        assert queue.dropped_cancelled == 12

    def test_is_cancelled_once(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = queue.open(None, 100)
        queue.push(line, [job()], 0.0)
        assert [queue.cancel(line), queue.cancel(line)] == [1, 0]

    def test_drops_what_is_pushed_later(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = queue.open(None, 100)
        queue.cancel(line)
        queue.push(line, [job()], 0.0, front=True)
        assert (len(queue), queue.dropped_cancelled) == (0, 1)


class TestAnExpiredLine:
    @pytest.mark.parametrize("now", [5.0, 6.0])
    def test_is_never_started(
        self, now: float, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(5.0, 100), document(job, "late", [10] * 3), 0.0)
        queue.push(queue.open(None, 100), [job("alive")], 0.0)
        assert payloads(queue.next_batch(now)) == ["alive"]
        assert [job.payload for job in queue.take_expired(now)] == ["late0", "late1", "late2"]
        assert (len(queue), queue.dropped_expired) == (0, 3)

    def test_does_not_join_the_batch_of_another(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        document_line = queue.open(None, 100)
        queue.push(document_line, document(job, "d", [10]), 0.0)
        late = queue.open(5.0, 1)
        queue.push(late, document(job, "late", [10] * 3), 0.0)
        queue.next_batch(0.0)
        queue.push(document_line, document(job, "e", [10]), 5.0)
        queue.consumed(late)
        assert payloads(queue.next_batch(5.0)) == ["e0"]

    def test_is_handed_over_even_when_it_may_not_run(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        queue.push(queue.open(5.0, 1), document(job, "d", [10, 10]), 0.0)
        queue.next_batch(0.0)
        assert queue.take_expired(4.9) == []
        assert [job.payload for job in queue.take_expired(5.0)] == ["d1"]
        assert queue.take_expired(5.0) == []

    def test_is_not_handed_over_once_it_is_cancelled(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        line = queue.open(5.0, 1)
        queue.push(line, [job()], 0.0)
        assert queue.next_batch(5.0) is None
        queue.cancel(line)
        assert queue.take_expired(5.0) == []


class TestTheAge:
    def test_is_that_of_the_longest_waiting_front(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        assert queue.oldest_age(9.0) == 0.0
        queue.push(queue.open(None, 1), [job()], 2.0)
        queue.push(queue.open(None, 1), [job()], 5.0)
        assert queue.oldest_age(9.0) == 7.0


class TestTheCost:
    @pytest.mark.parametrize(
        ("lines", "jobs"),
        [
            pytest.param(1, 100_000, id="of one line of a hundred thousand jobs"),
            pytest.param(1_000, 100, id="of a thousand lines"),
        ],
    )
    @pytest.mark.parametrize("fitting", [True, False], ids=["that fit", "of which no two fit"])
    def test_of_a_batch_is_bounded_by_its_rows(
        self,
        lines: int,
        jobs: int,
        fitting: bool,  # noqa: FBT001 (a case of the table)
        job: Callable[..., Job[Any, Any]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        queue: FairQueue[Any, Any] = FairQueue(batch_tokens=2048, batch_rows=32, quantum=64)
        for line in range(lines):
            options = ["greedy" if fitting else f"{line}/{index}" for index in range(jobs)]
            queue.push(queue.open(None, 10**6), [job(options=each) for each in options], 0.0)
        looks = 0
        accepts = Draft.accepts

        def counted(draft: Draft[Any, Any], one: Job[Any, Any]) -> bool:
            nonlocal looks
            looks += 1
            return accepts(draft, one)

        monkeypatch.setattr(Draft, "accepts", counted)
        for _ in range(100):
            queue.next_batch(0.0)
        assert looks <= 100 * 32 * 16 + 100

    def test_of_a_batch_of_first_jobs_is_bounded_by_its_rows(
        self, job: Callable[..., Job[Any, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queue: FairQueue[Any, Any] = FairQueue(batch_tokens=2048, batch_rows=32, quantum=64)
        for _ in range(2_000):
            queue.push(queue.open(None, 1), [job()], 0.0)
        looks = []

        def counted(*rows: Any) -> Any:
            looks.append(len(rows))
            return zip_longest(*rows)

        monkeypatch.setattr("mujaz_server.batching.queue.zip_longest", counted)
        queue.next_batch(0.0)
        assert looks == [32 * 16] * 2  # for the nearest, then for others

    def test_leaves_nothing_behind_of_lines_that_are_done(
        self, queue: FairQueue[Any, Any], job: Callable[..., Job[Any, Any]]
    ) -> None:
        for deadline in (None, 0.5, 99.0):
            line: Line[Any, Any] = queue.open(deadline, 100)
            queue.push(line, document(job, "d", [10] * 9), 0.0)
        while queue.next_batch(1.0):
            pass
        queue.take_expired(1.0)
        queue.cancel(line)
        assert (queue._lines, queue._early, queue._ring, queue._expired) == (set(), {}, {}, [])


@pytest.mark.parametrize(
    "bounds",
    [
        pytest.param({"batch_tokens": 0}, id="no tokens in a batch"),
        pytest.param({"batch_rows": 0}, id="no rows in a batch"),
        pytest.param({"quantum": 0}, id="no quantum"),
        pytest.param({"first_streak": 0}, id="first jobs never lead"),
        pytest.param({"look_ahead": -1}, id="a look behind"),
        pytest.param({"min_fill": 1.5}, id="more than full"),
    ],
)
def test_impossible_bounds_are_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"least 1|min_fill"):
        FairQueue(**{"batch_tokens": 1, "batch_rows": 1, "quantum": 1} | bounds)


def test_a_window_holds_at_least_one_job(queue: FairQueue[Any, Any]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        queue.open(None, 0)


def test_a_job_costs_at_least_one_token(job: Callable[..., Job[Any, Any]]) -> None:
    with pytest.raises(ValueError, match="at least one token"):
        job(tokens=0)


def test_no_batch_is_emptier_than_it_may_be(job: Callable[..., Job[Any, Any]]) -> None:
    queue: FairQueue[Any, Any] = FairQueue(batch_tokens=99, batch_rows=9, quantum=99, min_fill=1.0)
    queue.push(queue.open(None, 9), [job(tokens=30), job(tokens=31)], 0.0)
    batch = queue.next_batch(0.0)
    assert batch is not None
    assert len(batch.jobs) == 1
