"""Any sequence of calls, checked against a model of what must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from mujaz_server.batching import FairQueue, Job, Line
from mujaz_server.batching.batch import Draft
from mujaz_server.batching.caller import Caller

if TYPE_CHECKING:
    from mujaz_server.batching import Batch

LONGEST = 60


class Model:
    """One line as it should be: waiting jobs in order, and how often each was passed."""

    def __init__(self, deadline: float | None, window: int) -> None:
        self.deadline = deadline
        self.window = window
        self.cancelled = False
        self.unread = 0
        self.waiting: list[Job[Any, Any]] = []
        self.passed: dict[Job[Any, Any], int] = {}

    def tokens(self) -> int:
        return sum(job.tokens for job in self.waiting)

    def runnable(self, again: set[Job[Any, Any]]) -> bool:
        return bool(self.waiting) and (self.waiting[0] in again or self.unread < self.window)

    def expired(self, now: float) -> bool:
        return self.deadline is not None and self.deadline <= now


class QueueMachine(RuleBasedStateMachine):
    lines = Bundle("lines")
    running: Bundle[Job[Any, Any]] = Bundle("running")

    @initialize(
        tokens=st.integers(10, 100),
        rows=st.integers(1, 6),
        quantum=st.integers(1, 50),
        look_ahead=st.integers(0, 5),
        min_fill=st.sampled_from([0.0, 0.5, 0.75, 1.0]),
        streak=st.integers(1, 3),
    )
    def make(
        self, tokens: int, rows: int, quantum: int, look_ahead: int, min_fill: float, streak: int
    ) -> None:
        self.tokens, self.rows = tokens, rows
        self.look_ahead, self.min_fill = look_ahead, min_fill
        self.queue: FairQueue[Any, Any] = FairQueue(
            batch_tokens=tokens,
            batch_rows=rows,
            quantum=quantum,
            look_ahead=look_ahead,
            min_fill=min_fill,
            first_streak=streak,
        )
        self.now = 0.0
        self.pushed = self.taken = self.dropped = 0
        self.lowest = -tokens - max(tokens, LONGEST)
        self.quantum = quantum
        self.models: dict[Line[Any, Any], Model] = {}
        self.again: set[Job[Any, Any]] = set()

    @rule(
        target=lines,
        life=st.none() | st.integers(0, 5),
        window=st.integers(1, 6),
        caller=st.sampled_from([None, "a", "b"]),
    )
    def open(self, life: int | None, window: int, caller: str | None) -> Line[Any, Any]:
        deadline = None if life is None else self.now + life
        line = self.queue.open(deadline, window, caller=caller)
        self.models[line] = Model(deadline, window)
        return line

    @rule(
        line=lines,
        sizes=st.lists(st.integers(1, LONGEST), max_size=8),
        options=st.sampled_from(["greedy", "beam"]),
    )
    def push(self, line: Line[Any, Any], sizes: list[int], options: str) -> None:
        jobs: list[Job[Any, Any]] = [Job("", size, options, lambda *_: None) for size in sizes]
        self.queue.push(line, jobs, self.now)
        self._pushed(line, jobs, front=False)

    @rule(first=consumes(running), pieces=st.lists(st.integers(1, LONGEST), min_size=1, max_size=3))
    def try_again(self, first: Job[Any, Any], pieces: list[int]) -> None:
        jobs: list[Job[Any, Any]] = [Job("", size, "strict", lambda *_: None) for size in pieces]
        self.queue.push(first.line, jobs, self.now, front=True)
        self.again.update(jobs)
        self._pushed(first.line, jobs, front=True)

    def _pushed(self, line: Line[Any, Any], jobs: list[Job[Any, Any]], *, front: bool) -> None:
        model = self.models[line]
        self.pushed += len(jobs)
        if model.cancelled:
            self.dropped += len(jobs)
            return
        model.waiting = jobs + model.waiting if front else model.waiting + jobs
        model.passed.update(dict.fromkeys(jobs, 0))

    @rule(target=running)
    def next_batch(self) -> Any:
        runnable = [
            model
            for model in self.models.values()
            if model.runnable(self.again) and not model.expired(self.now)
        ]
        batch = self.queue.next_batch(self.now)
        assert (batch is not None) == bool(runnable)
        jobs = list(batch.jobs) if batch else []
        if batch:
            self._check_shape(batch)
        for job in jobs:
            self._take(job)
        expired = self.queue.take_expired(self.now)
        self._expire(expired)
        return multiple(*[job for job in jobs if job not in self.again])

    def _check_shape(self, batch: Batch[Any, Any]) -> None:
        assert len({job.options for job in batch.jobs}) == 1
        assert len(batch.jobs) <= self.rows
        assert len(batch.jobs) == 1 or batch.padded_tokens <= self.tokens
        assert batch.tokens >= self.min_fill * batch.padded_tokens

    def _take(self, job: Job[Any, Any]) -> None:
        model = self.models[job.line]
        assert not model.cancelled
        assert not model.expired(self.now)
        place = model.waiting.index(job)
        for older in model.waiting[:place]:
            model.passed[older] += 1
            assert model.passed[older] <= self.look_ahead
        del model.waiting[place]
        model.unread += job not in self.again
        assert job in self.again or model.unread <= model.window
        assert job in self.again or place == 0 or model.unread < model.window
        self.taken += 1

    def _expire(self, expired: list[Job[Any, Any]]) -> None:
        late = [model for model in self.models.values() if model.expired(self.now)]
        assert {job for model in late for job in model.waiting} == set(expired)
        self.dropped += len(expired)
        for model in late:
            model.waiting = []

    @rule(job=consumes(running))
    def consume(self, job: Job[Any, Any]) -> None:
        self.queue.consumed(job.line)
        self.models[job.line].unread -= 1

    @rule(line=lines)
    def cancel(self, line: Line[Any, Any]) -> None:
        model = self.models[line]
        assert self.queue.cancel(line) == len(model.waiting)
        self.dropped += len(model.waiting)
        model.waiting, model.cancelled = [], True

    @rule(seconds=st.integers(1, 3))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        waiting = [model for model in self.models.values() if model.waiting]
        assert len(self.queue) == sum(len(model.waiting) for model in waiting)
        assert self.pushed == len(self.queue) + self.taken + self.dropped
        assert self.queue.dropped_cancelled + self.queue.dropped_expired == self.dropped
        assert self.queue.waiting_tokens == sum(model.tokens() for model in waiting)
        assert self.queue.backlog_tokens == sum(
            model.tokens() for model in waiting if model.runnable(self.again)
        )

    @invariant()
    def nobody_is_lent_more_than_a_batch(self) -> None:
        for line in self.models:
            assert self.lowest <= line.credit <= self.quantum
            assert self.lowest <= line.caller.credit <= self.quantum

    @invariant()
    def what_waits_is_told_by_caller(self) -> None:
        for name in ("a", "b"):
            models = [model for line, model in self.models.items() if line.caller.name == name]
            waiting = sum(model.tokens() for model in models)
            assert self.queue.waiting_tokens_of(name) == waiting

    def teardown(self) -> None:
        """Whatever happened: readers that read get everything, a job a batch or faster."""
        if not hasattr(self, "queue"):
            return
        for _ in range(len(self.queue) + 1):
            for line, model in self.models.items():
                self.queue.consumed(line, model.unread)
                model.unread = 0
            self.next_batch()
        assert len(self.queue) == 0


TestQueueStates = QueueMachine.TestCase
TestQueueStates.settings = settings(max_examples=150, stateful_step_count=40)

searching = settings(
    max_examples=1000,
    derandomize=True,
    stateful_step_count=40,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def forget_the_last(line: Any, *args: Any) -> None:
    take_near(line, *args)
    if line._jobs:
        line.tokens -= line._jobs.pop().tokens


take_near = Line.take_near


@pytest.mark.parametrize(
    ("owner", "name", "defect"),
    [
        pytest.param(Line, "take_near", forget_the_last, id="loses a job"),
        pytest.param(Draft, "accepts", lambda *_: True, id="mixes any jobs"),
        pytest.param(Line, "expired", lambda *_: False, id="starts expired jobs"),
        pytest.param(Line, "_has_place", lambda *_, **__: True, id="ignores the window"),
        pytest.param(FairQueue, "cancel", lambda *_: 0, id="keeps the jobs of the cancelled"),
        pytest.param(FairQueue, "_settle", lambda *_: None, id="forgets its lines"),
        pytest.param(FairQueue, "_place", lambda *_: None, id="forgets its callers"),
        pytest.param(Caller, "takes_turns", property(lambda self: bool(self.ring)), id="x"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_the_model_finds_a_queue_that(
    owner: type, name: str, defect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, name, defect)
    with pytest.raises((AssertionError, ValueError)):
        run_state_machine_as_test(QueueMachine, settings=searching)
