"""Shares of callers, whatever their calls are like, and queues that are known to be unfair."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz_server.batching import FairQueue, Job, Line
from mujaz_server.batching.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    from mujaz_server.batching import Batch

DOCUMENT = 2_000
WINDOW = 10**6


@dataclass(frozen=True)
class Habits:
    """How somebody calls.

    Attributes:
        documents: Sent at once.
        calls: One-sentence calls open at a time.
        shortest: Tokens of a sentence, at least.
        longest: Tokens of a sentence, at most.
    """

    documents: int = 0
    calls: int = 0
    shortest: int = 1
    longest: int = 30


class Simulation:
    """Callers with habits around a queue, batch by batch.

    Whoever makes one-sentence calls makes the next when one is answered.
    """

    def __init__(self, queue: FairQueue[Any, Any], callers: dict[str, Habits], seed: int) -> None:
        self.queue = queue
        self.callers = callers
        self.chance = random.Random(seed)
        self.by_caller = [dict.fromkeys(callers, 0)]
        self.documents: dict[str, list[Line[Any, Any]]] = {name: [] for name in callers}
        self.by_line: dict[Line[Any, Any], int] = {}
        self.by_document: list[dict[Line[Any, Any], int]] = []
        for name, habits in callers.items():
            for _ in range(habits.documents):
                self.documents[name].append(self._open(name, DOCUMENT))
            for _ in range(habits.calls):
                self._open(name, 1)

    def _open(self, name: str, jobs: int) -> Line[Any, Any]:
        line = self.queue.open(None, WINDOW, caller=name)
        habits = self.callers[name]
        sizes = [self.chance.randint(habits.shortest, habits.longest) for _ in range(jobs)]
        self.queue.push(line, [Job(jobs, size, "greedy", ignore) for size in sizes], 0.0)
        self.by_line[line] = 0
        return line

    def run(self, batches: int) -> Simulation:
        for _ in range(batches):
            batch = self.queue.next_batch(0.0)
            assert batch is not None
            self._answer(batch)
        return self

    def _answer(self, batch: Batch[Any, Any]) -> None:
        served = dict(self.by_caller[-1])
        for job in batch.jobs:
            name = next(name for name in self.callers if name == job.line.caller.name)
            served[name] += job.tokens
            self.by_line[job.line] += job.tokens
            self.queue.consumed(job.line)
            if job.payload == 1:
                self._open(name, 1)
        self.by_caller.append(served)
        self.by_document.append(
            {line: self.by_line[line] for lines in self.documents.values() for line in lines}
        )

    def widest_lead(self) -> int:
        """The most that a caller was served more than one with a document, over any time."""
        backlogged = [name for name, habits in self.callers.items() if habits.documents]
        return max(
            (
                widest_rise([served[one] - served[other] for served in self.by_caller])
                for other in backlogged
                for one in self.callers
                if one != other
            ),
            default=0,
        )

    def widest_lead_within(self, name: str) -> int:
        """The same between a caller's documents, once each was served."""
        lines = self.documents[name]
        served = [each for each in self.by_document if all(each[line] for line in lines)]
        return max(
            (
                widest_rise([each[one] - each[other] for each in served])
                for one in lines
                for other in lines
                if one is not other and served
            ),
            default=0,
        )


def widest_rise(values: list[int]) -> int:
    """The most that a later value lies above an earlier one."""
    lowest, widest = values[0], 0
    for value in values:
        lowest = min(lowest, value)
        widest = max(widest, value - lowest)
    return widest


def ignore(*_: object) -> None:
    """Takes an answer."""


def payloads(batch: Batch[Any, Any] | None) -> list[Any]:
    assert batch is not None
    return [job.payload for job in batch.jobs]


def promised(bounds: dict[str, Any], callers: dict[str, Habits]) -> int:
    longest = max(habits.longest for habits in callers.values())
    bound: int = 3 * bounds["quantum"] + 2 * (bounds["batch_tokens"] + longest)
    return bound


bounds_of_queues = st.fixed_dictionaries(
    {
        "batch_tokens": st.integers(30, 300),
        "batch_rows": st.integers(1, 12),
        "quantum": st.integers(1, 300),
        "look_ahead": st.integers(0, 40),
        "min_fill": st.floats(0, 1),
        "first_streak": st.integers(1, 4),
    }
)
habits = st.builds(
    Habits, documents=st.integers(0, 4), calls=st.integers(0, 30), longest=st.integers(1, 80)
)
crowds = st.lists(habits, min_size=1, max_size=6).map(
    lambda each: (
        {f"caller {number}": habits for number, habits in enumerate(each)}
        | {"document": Habits(documents=1)}
    )
)


@settings(max_examples=60)
@given(bounds=bounds_of_queues, callers=crowds, seed=st.integers(0, 10**6))
def test_nobody_is_ever_served_more_than_one_who_waits_beyond_the_bound(
    bounds: dict[str, Any], callers: dict[str, Habits], seed: int
) -> None:
    simulation = Simulation(FairQueue(**bounds), callers, seed).run(80)
    assert simulation.widest_lead() <= promised(bounds, callers)
    for name in callers:
        assert simulation.widest_lead_within(name) <= promised(bounds, callers)


@settings(max_examples=60)
@given(bounds=bounds_of_queues, callers=crowds, seed=st.integers(0, 10**6))
def test_nothing_that_may_run_waits_for_ever(
    bounds: dict[str, Any], callers: dict[str, Habits], seed: int
) -> None:
    simulation = Simulation(FairQueue(**bounds), callers, seed)
    lines = sum(habits.documents + habits.calls for habits in callers.values())
    # Two rounds for each line are enough, and those in which a debt is paid: of a batch and a job
    # of 80 tokens. A turn leads a batch for each token of its quantum at most, where jobs have one
    # token and batches one row; each comes after `first_streak` others.
    turns = 2 * bounds["quantum"] + bounds["batch_tokens"] + 80
    enough = lines * turns * (bounds["first_streak"] + 1) * 2
    documents = [line for each in simulation.documents.values() for line in each]
    # First jobs go early; whoever has more must be served again, in its turn.
    for waiting in (list(simulation.by_line), documents):
        before = dict(simulation.by_line)
        batches = 0
        while any(len(line) and simulation.by_line[line] == before[line] for line in waiting):
            assert batches < enough
            batches += 1
            simulation.run(1)


IDLE = Habits(calls=12, shortest=20, longest=20)
"""All its calls fit in one batch, after which none of them waits."""
BOUNDS = {"batch_tokens": 256, "batch_rows": 32, "quantum": 256}


def shares(queue: FairQueue[Any, Any], callers: dict[str, Habits]) -> dict[str, float]:
    """What part of all tokens each is served in 300 batches."""
    served = Simulation(queue, callers, 1).run(300).by_caller[-1]
    return {name: tokens / sum(served.values()) for name, tokens in served.items()}


class TestACaller:
    @pytest.mark.parametrize(
        "greedy",
        [
            pytest.param(Habits(documents=50), id="who sends fifty documents"),
            pytest.param(Habits(calls=500), id="who cuts a document into one-sentence calls"),
            pytest.param(IDLE, id="who is idle between batches"),
            pytest.param(Habits(calls=500, longest=5), id="whose calls are short"),
            pytest.param(Habits(documents=20, calls=100), id="who does all of that"),
        ],
    )
    def test_gets_no_more_than_its_share(self, greedy: Habits) -> None:
        modest = {f"modest {number}": Habits(documents=1) for number in range(4)}
        got = shares(FairQueue(**BOUNDS), {"greedy": greedy} | modest)
        assert got["greedy"] <= 0.215
        assert all(got[name] >= 0.194 for name in modest)

    def test_gets_all_when_nobody_else_calls(self) -> None:
        queue: FairQueue[Any, Any] = FairQueue(**BOUNDS)
        got = shares(queue, {"alone": Habits(documents=1, calls=3), "silent": Habits()})
        assert got["alone"] == 1.0

    def test_has_a_document_that_moves_beside_a_flood_of_its_own_calls(self) -> None:
        callers = {"both": Habits(documents=1, calls=500), "other": Habits(documents=1)}
        simulation = Simulation(FairQueue(**BOUNDS), callers, 1).run(300)
        [line] = simulation.documents["both"]
        assert simulation.by_line[line] >= simulation.by_caller[-1]["both"] / 5

    def test_in_debt_lets_the_call_of_another_go_first(self) -> None:
        queue: FairQueue[Any, Any] = FairQueue(batch_tokens=20, batch_rows=2, quantum=20)
        for _ in range(9):
            line = queue.open(None, 1, caller="greedy")
            queue.push(line, [Job("greedy", 10, "greedy", ignore)], 0.0)
        assert payloads(queue.next_batch(0.0)) == ["greedy", "greedy"]
        for _ in range(2):
            line = queue.open(None, 1, caller="modest")
            queue.push(line, [Job("modest", 10, "greedy", ignore)], 0.0)
        assert payloads(queue.next_batch(0.0)) == ["modest", "modest"]
        assert payloads(queue.next_batch(0.0)) == ["greedy", "greedy"]

    def test_without_a_name_is_somebody_else_each_time(self) -> None:
        queue: FairQueue[Any, Any] = FairQueue(**BOUNDS)
        assert queue.open(None, 1).caller is not queue.open(None, 1).caller
        assert queue.open(None, 1, caller="a").caller is queue.open(None, 1, caller="a").caller


def ignore_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = FairQueue.open
    monkeypatch.setattr(
        FairQueue,
        "open",
        lambda queue, *args, caller: named(opened(queue, *args), caller),
    )


def named(line: Line[Any, Any], caller: str) -> Line[Any, Any]:
    line.caller.name = caller
    return line


def forgive_first_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    move = Line._move

    def forgiving(line: Line[Any, Any], job: Job[Any, Any], draft: Any) -> None:
        first = not line.served
        move(line, job, draft)
        line.caller.credit += first * job.tokens

    monkeypatch.setattr(Line, "_move", forgiving)


def forgive_the_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Caller.settle

    def forgiving(caller: Caller[Any, Any], line: Line[Any, Any]) -> None:
        settle(caller, line)
        if not caller.new and not caller.ring:
            caller.credit = 0

    monkeypatch.setattr(Caller, "settle", forgiving)


def never_refuse_to_be_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FairQueue, "_may_be_early", lambda *_: True)


@pytest.mark.parametrize(
    ("defect", "greedy"),
    [
        pytest.param(ignore_callers, Habits(documents=50), id="shares by line"),
        pytest.param(forgive_first_jobs, Habits(calls=500), id="charges no first jobs"),
        pytest.param(forgive_the_idle, IDLE, id="forgets the debts of the idle"),
        pytest.param(never_refuse_to_be_early, Habits(calls=500), id="lends without end"),
    ],
)
def test_the_simulation_finds_a_queue_that(
    defect: Callable[[pytest.MonkeyPatch], None],
    greedy: Habits,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defect(monkeypatch)
    callers = {"greedy": greedy, "modest": Habits(documents=1)}
    simulation = Simulation(FairQueue(**BOUNDS), callers, 1).run(300)
    assert simulation.widest_lead() > promised(BOUNDS, callers)


def test_the_simulation_finds_a_caller_that_starves_its_own_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        FairQueue, "_may_be_early", lambda queue, each: each.credit > -queue.batch_tokens
    )
    callers = {"both": Habits(documents=1, calls=500), "other": Habits(documents=1)}
    simulation = Simulation(FairQueue(**BOUNDS), callers, 1).run(300)
    [line] = simulation.documents["both"]
    assert simulation.by_line[line] < simulation.by_caller[-1]["both"] / 20
