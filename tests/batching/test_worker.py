"""The worker's threads, with an engine by script; nothing here waits for time to pass."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from batching.workbench import Bench, Sink
from mujaz_server.batching import Done, DropReason, Expired, Failed, Job, QueueFullError, Rate
from mujaz_server.batching.worker import ANSWERS_A_TURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mujaz_server.batching import Batch, Outcome


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def sink() -> Sink:
    return Sink()


async def test_results_reach_their_jobs_on_the_loop(bench: Bench, sink: Sink) -> None:
    async with bench.running() as worker:
        worker.push(worker.open(None, 8), [sink.job("a"), sink.job("b")])
        worker.push(worker.open(None, 8), [sink.job("c", options="beam")])
        outcomes = await sink.all(3)
    assert outcomes == {"a": Done("A"), "b": Done("B"), "c": Done("C")}


async def test_one_push_wakes_as_many_threads_as_find_work(sink: Sink) -> None:
    bench = Bench(threads=3)
    bench.run.gate.clear()
    async with bench.running() as worker:
        jobs = [sink.job(name, options=name) for name in "abc"]
        worker.push(worker.open(None, 8), jobs)
        await bench.entered(3)
        assert sorted(bench.run.started) == ["a", "b", "c"]


async def test_a_slow_reader_holds_its_own_line_only(bench: Bench, sink: Sink) -> None:
    async with bench.running() as worker:
        slow = worker.open(None, 1)
        worker.push(slow, [sink.job("s0"), sink.job("s1")])
        worker.push(worker.open(None, 1), [sink.job("quick")])
        assert list(await sink.all(2)) == ["s0", "quick"]
        worker.consumed(slow)
        assert "s1" in await sink.all(3)


class TestTheRate:
    """Nine jobs are a full batch of eight, which leaves one waiting, and a last of one."""

    @pytest.fixture
    def nine_jobs(self, bench: Bench, sink: Sink) -> Bench:
        answer = bench.run.script

        def takes_two_seconds(batch: Batch[Any, Any]) -> Sequence[Any]:
            bench.clock.now += 2.0
            return answer(batch)

        bench.run.script = takes_two_seconds
        for index in range(9):
            bench.worker.push(bench.worker.open(None, 1), [sink.job(index)])
        return bench

    async def test_is_that_of_batches_that_left_others_waiting(
        self, nine_jobs: Bench, sink: Sink
    ) -> None:
        nine_jobs.clock.now += 1.5
        async with nine_jobs.running():
            await sink.all(9)
        assert nine_jobs.recorder.finished == [(8, 80, 80, 2.0, 1.5), (1, 10, 10, 2.0, 3.5)]
        expected = Rate(100.0, 1)
        expected.record(80, 2.0)
        assert nine_jobs.rate.tokens_per_s == expected.tokens_per_s

    async def test_leaves_out_rows_that_their_callers_left(self, bench: Bench, sink: Sink) -> None:
        bench.run.gate.clear()
        worker = bench.worker
        quitter = worker.open(None, 1)
        worker.push(quitter, [sink.job("quitter")])
        for index in range(8):
            worker.push(worker.open(None, 1), [sink.job(index)])
        async with bench.running():
            await bench.entered()
            worker.cancel(quitter)
            bench.clock.now += 2.0
            bench.run.gate.set()
            await sink.all(8)
        expected = Rate(100.0, 1)
        expected.record(70, 2.0)
        assert bench.rate.tokens_per_s == expected.tokens_per_s

    async def test_leaves_out_halves(self, nine_jobs: Bench, sink: Sink) -> None:
        nine_jobs.run.poison = {3}
        async with nine_jobs.running():
            await sink.all(9)
        assert nine_jobs.rate.tokens_per_s == 100.0


class TestCancelling:
    async def test_means_that_no_waiting_job_is_started(self, bench: Bench, sink: Sink) -> None:
        bench.run.gate.clear()
        async with bench.running() as worker:
            line = worker.open(None, 10**6)
            worker.push(line, [sink.job(index) for index in range(1000)])
            await bench.entered()
            running = list(bench.run.started)
            assert worker.cancel(line) == 1000 - len(running)
            worker.push(worker.open(None, 1), [sink.job("other")])
            bench.run.gate.set()
            await sink.all(1)
        assert bench.run.started == [*running, "other"]
        assert sink.outcomes == {"other": Done("OTHER")}
        assert bench.recorder.drops == [(DropReason.CANCELLED, 1000 - len(running))]

    async def test_is_seen_by_the_engine_inside_the_batch(self, bench: Bench, sink: Sink) -> None:
        def polls(batch: Batch[Any, Any]) -> Sequence[Any]:
            seen.extend(map(batch.gone, range(len(batch.jobs))))
            return ["", ""]

        seen: list[bool] = []
        bench.run.script = polls
        bench.run.gate.clear()
        worker = bench.worker
        lines = [worker.open(None, 1) for _ in "ab"]
        for line, name in zip(lines, "ab", strict=True):
            worker.push(line, [sink.job(name)])
        async with bench.running():
            await bench.entered()
            worker.cancel(lines[0])
            bench.run.gate.set()
            await sink.all(1)
        assert seen == [True, False]
        assert sink.outcomes == {"b": Done("")}

    async def test_after_the_batch_ran_still_means_no_answer(
        self, bench: Bench, sink: Sink
    ) -> None:
        async with bench.running() as worker:
            line = worker.open(None, 8)
            worker.push(line, [sink.job("late")])
            # The loop does not turn between the batch and the cancellation.
            assert bench.run.entered.acquire(timeout=30)
            worker.cancel(line)
        assert sink.outcomes == {}


class TestAFailingBatch:
    async def test_costs_only_the_job_that_is_poison(self, bench: Bench, sink: Sink) -> None:
        bench.run.poison = {5}
        worker = bench.worker
        for index in range(8):
            worker.push(worker.open(None, 8), [sink.job(index)])
        async with bench.running():
            outcomes = await sink.all(8)
        assert isinstance(outcomes.pop(5), Failed)
        assert outcomes == {index: Done(str(index)) for index in (0, 1, 2, 3, 4, 6, 7)}
        assert bench.run.batches == [
            [0, 1, 2, 3, 4, 5, 6, 7],
            [0, 1, 2, 3],
            [4, 5, 6, 7],
            [4, 5],
            [4],
            [5],
            [6, 7],
        ]
        assert [rows for rows, _ in bench.recorder.failed] == [8, 4, 2, 1]

    @pytest.mark.parametrize(
        "results",
        [
            pytest.param([], id="of which no row returns"),
            pytest.param(["a"], id="of which too few rows return"),
            pytest.param(["a", "b", "c"], id="of which too many rows return"),
            pytest.param(None, id="that returns nothing"),
        ],
    )
    async def test_is_also_one(self, results: Any, bench: Bench, sink: Sink) -> None:
        bench.run.script = lambda batch: results if len(batch.jobs) == 2 else ["good"]
        worker = bench.worker
        for name in "ab":
            worker.push(worker.open(None, 8), [sink.job(name)])
        async with bench.running():
            outcomes = await sink.all(2)
        assert bench.run.batches == [["a", "b"], ["a"], ["b"]]
        assert outcomes == {"a": Done("good"), "b": Done("good")}

    async def test_does_not_run_again_what_nobody_waits_for(self, bench: Bench, sink: Sink) -> None:
        bench.run.poison = {"a"}
        bench.run.gate.clear()
        worker = bench.worker
        lines = [worker.open(None, 8) for _ in "abcd"]
        for line, name in zip(lines, "abcd", strict=True):
            worker.push(line, [sink.job(name)])
        async with bench.running():
            await bench.entered()
            worker.cancel(lines[2])
            worker.cancel(lines[3])
            bench.run.gate.set()
            await sink.all(2)
        assert bench.run.batches == [["a", "b", "c", "d"], ["a", "b"], ["a"], ["b"]]


class TestDeadlines:
    async def test_that_pass_are_answered_though_no_thread_is_free(
        self, bench: Bench, sink: Sink
    ) -> None:
        bench.run.gate.clear()
        async with bench.running() as worker:
            worker.push(worker.open(None, 8), [sink.job("running", options="beam")])
            await bench.entered()
            worker.push(worker.open(1.0, 8), [sink.job("late")])
            bench.clock.now = 1.0
            assert await sink.all(1) == {"late": Expired()}
        assert bench.run.started == ["running"]
        assert bench.recorder.drops == [(DropReason.EXPIRED, 1)]

    async def test_that_pass_for_many_jobs_do_not_hold_up_the_loop(
        self, bench: Bench, sink: Sink
    ) -> None:
        count = 3 * ANSWERS_A_TURN
        worker = bench.worker
        worker.push(worker.open(0.0, 8), [sink.job(index) for index in range(count)])
        turns: list[int] = []
        loop = asyncio.get_running_loop()

        def turn() -> None:
            turns.append(len(sink.outcomes))
            if len(sink.outcomes) < count:
                loop.call_soon(turn)

        turn()
        async with bench.running():
            await sink.all(count)
        assert max(after - before for before, after in pairwise(turns)) <= ANSWERS_A_TURN


class TestTheWatchdog:
    async def test_raises_the_alarm_once_for_a_hung_batch(self, bench: Bench, sink: Sink) -> None:
        bench.run.gate.clear()
        async with bench.running() as worker:
            worker.push(worker.open(None, 8), [sink.job("hung")])
            await bench.entered()
            bench.clock.now = 60.1
            assert await bench.alarms.get() == "hang"
            worker._tick()
            assert bench.alarms.empty()

    async def test_is_silent_for_a_batch_within_its_time(self, bench: Bench, sink: Sink) -> None:
        bench.run.gate.clear()
        async with bench.running() as worker:
            worker.push(worker.open(None, 8), [sink.job("slow")])
            await bench.entered()
            bench.clock.now = 60.0
            worker._tick()
            assert bench.alarms.empty()

    async def test_is_silent_once_the_batch_is_done(self, bench: Bench, sink: Sink) -> None:
        async with bench.running() as worker:
            worker.push(worker.open(None, 8), [sink.job("done")])
            await sink.all(1)
            bench.clock.now = 1000.0
            worker._tick()
            assert bench.alarms.empty()


class TestAThread:
    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(KeyError("callback"), id="with an error"),
            pytest.param(asyncio.CancelledError(), id="with a stray cancellation"),
        ],
    )
    async def test_survives_a_callback_that_fails(
        self, error: BaseException, bench: Bench, sink: Sink
    ) -> None:
        def fails(_job: Job[Any, Any], _outcome: Outcome[Any]) -> None:
            raise error

        bad: Job[Any, Any] = Job("bad", 10, "greedy", fails)
        for each in (bad, sink.job("good")):
            bench.worker.push(bench.worker.open(None, 8), [each])
        async with bench.running() as worker:
            assert await sink.all(1) == {"good": Done("GOOD")}
            worker.push(worker.open(None, 8), [sink.job("next")])
            assert await sink.all(2)
        assert bench.run.batches[0] == ["bad", "good"]
        assert [context["exception"] for context in bench.loop_errors] == [error]

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    async def test_that_dies_raises_the_alarm(self, bench: Bench, sink: Sink) -> None:
        def dies(_batch: Batch[Any, Any]) -> Sequence[Any]:
            raise SystemExit

        bench.run.script = dies
        async with bench.running() as worker:
            worker.push(worker.open(None, 8), [sink.job("last")])
            assert await bench.alarms.get() == "hang"


class TestStopping:
    async def test_lets_the_batch_that_runs_finish_and_starts_no_other(
        self, bench: Bench, sink: Sink
    ) -> None:
        bench.run.gate.clear()
        bench.worker.start(asyncio.get_running_loop())
        worker = bench.worker
        worker.push(worker.open(None, 100), [sink.job(index) for index in range(20)])
        await bench.entered()
        running = list(bench.run.started)
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0)
        assert not stopping.done()
        bench.run.gate.set()
        await stopping
        assert sink.outcomes == {index: Done(str(index)) for index in running}
        assert bench.run.started == running
        assert not any(thread.is_alive() for thread in worker._threads)

    async def test_before_the_start_is_harmless(self, bench: Bench) -> None:
        await bench.worker.stop()

    async def test_twice_is_harmless(self, bench: Bench) -> None:
        async with bench.running() as worker:
            await worker.stop()

    async def test_forbids_further_jobs(self, bench: Bench, sink: Sink) -> None:
        async with bench.running() as worker:
            pass
        with pytest.raises(RuntimeError, match="This is a bug"):
            worker.push(worker.open(None, 8), [sink.job("late")])

    @pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
    def test_of_the_loop_under_a_running_batch_kills_no_thread(
        self, bench: Bench, sink: Sink
    ) -> None:
        async def leave() -> None:
            bench.worker.start(asyncio.get_running_loop())
            bench.worker.push(bench.worker.open(None, 8), [sink.job("orphan")])
            await bench.entered()

        bench.run.gate.clear()
        asyncio.run(leave())
        with bench.worker._ready:
            bench.worker._stopping = True
        bench.run.gate.set()
        bench.worker._threads[0].join(30)
        assert not bench.worker._threads[0].is_alive()
        assert sink.outcomes == {}


async def test_admission_speaks_of_what_waits(bench: Bench, sink: Sink) -> None:
    worker = bench.worker
    worker.push(worker.open(None, 8), [sink.job(index, 100) for index in range(20)])
    worker.admit(100, 30.0)
    with pytest.raises(QueueFullError) as caught:
        worker.admit(700, 30.0)
    assert caught.value.retry_after_s == pytest.approx(2.0)


async def test_the_load_may_be_read_from_any_thread(bench: Bench, sink: Sink) -> None:
    worker = bench.worker
    worker.push(worker.open(None, 8), [sink.job("a", 7), sink.job("b", 5)])
    bench.clock.now = 3.0
    load = await asyncio.to_thread(worker.load)
    assert (load.jobs, load.tokens, load.oldest_age_s, load.tokens_per_s) == (2, 12, 3.0, 100.0)


@pytest.mark.parametrize("threads", [1, 4])
async def test_in_a_storm_every_job_is_answered_once_unless_it_was_cancelled(
    threads: int, sink: Sink
) -> None:
    bench = Bench(threads)
    kept = {(line, place) for line in range(200) if line % 5 for place in range(10)}
    bench.run.poison = {(line, 3) for line in range(0, 200, 7)}
    async with bench.running() as worker:
        for index in range(200):
            line = worker.open(None, 100)
            worker.push(line, [sink.job((index, place), 5 + place) for place in range(10)])
            await asyncio.sleep(0)
            if index % 5 == 0:
                worker.cancel(line)
        while not kept <= sink.outcomes.keys():
            await sink.all(len(sink.outcomes) + 1)
    failed = {name for name, outcome in sink.outcomes.items() if isinstance(outcome, Failed)}
    assert failed & kept == bench.run.poison & kept
