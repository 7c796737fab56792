from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from mujaz_server.batching import FairQueue, Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mujaz_server.batching import Batch, DropReason, Outcome


class Answers(list[tuple[Any, Any]]):
    """The callback of test jobs: keeps (payload, outcome) in order."""

    def __call__(self, job: Job[Any, Any], outcome: Outcome[Any]) -> None:
        self.append((job.payload, outcome))


class FakeClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Recorder:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.finished: list[tuple[int, int, int, float, float]] = []
        self.failed: list[tuple[int, Exception]] = []
        self.drops: list[tuple[DropReason, int]] = []

    def batch_finished(
        self, rows: int, tokens: int, padded_tokens: int, seconds: float, queue_age: float
    ) -> None:
        self.finished.append((rows, tokens, padded_tokens, seconds, queue_age))

    def batch_failed(self, rows: int, error: Exception) -> None:
        self.failed.append((rows, error))

    def dropped(self, reason: DropReason, count: int) -> None:
        self.drops.append((reason, count))


class ScriptedRun:
    """An engine by script: upper-cases payloads, fails on poison, waits at a gate."""

    def __init__(self, gate_s: float = 30) -> None:
        self.batches: list[list[Any]] = []
        self.poison: set[Any] = set()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.script: Callable[[Batch[Any, Any]], Sequence[Any]] = self._upper
        self._gate_s = gate_s

    def __call__(self, batch: Batch[Any, Any]) -> Sequence[Any]:
        payloads = [job.payload for job in batch.jobs]
        self.batches.append(payloads)
        self.entered.release()
        assert self.gate.wait(self._gate_s), "nobody opened the gate"
        return self.script(batch)

    def _upper(self, batch: Batch[Any, Any]) -> Sequence[Any]:
        payloads = [job.payload for job in batch.jobs]
        if self.poison.intersection(payloads):
            raise ValueError("poison")
        return [str(payload).upper() for payload in payloads]

    @property
    def started(self) -> list[Any]:
        return [payload for batch in self.batches for payload in batch]


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def scripted() -> Iterator[ScriptedRun]:
    run = ScriptedRun()
    yield run
    run.gate.set()


@pytest.fixture
def job(answers: Answers) -> Callable[..., Job[Any, Any]]:
    """Makes a job that answers into `answers`."""

    def make(payload: object = "job", tokens: int = 10, options: str = "greedy") -> Job[Any, Any]:
        return Job(payload, tokens, options, answers)

    return make


@pytest.fixture
def queue() -> FairQueue[Any, Any]:
    return FairQueue(batch_tokens=100, batch_rows=8, quantum=20)
