"""A worker with doubles all around it: engine, clock, observer, callbacks."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mujaz_server.batching import Admission, FairQueue, Job, Rate, Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from mujaz_server.batching import Batch, DropReason, Outcome


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
        self.hung: list[tuple[int, float]] = []
        self.drops: list[tuple[DropReason, int]] = []

    def batch_finished(
        self, rows: int, tokens: int, padded_tokens: int, seconds: float, queue_age: float
    ) -> None:
        self.finished.append((rows, tokens, padded_tokens, seconds, queue_age))

    def batch_failed(
        self,
        rows: int,
        error: Exception,
        request_ids: Sequence[str],  # noqa: ARG002  of logs alone
    ) -> None:
        self.failed.append((rows, error))

    def batch_hangs(
        self,
        rows: int,
        seconds: float,
        request_ids: Sequence[str],  # noqa: ARG002  of logs alone
    ) -> None:
        self.hung.append((rows, seconds))

    def dropped(self, reason: DropReason, count: int) -> None:
        self.drops.append((reason, count))


class ScriptedRun:
    """An engine by script: upper-cases payloads, fails on poison, waits at a gate."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.poison: set[Any] = set()
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()
        self.script: Callable[[Batch[Any, Any]], Sequence[Any]] = self._upper

    def __call__(self, batch: Batch[Any, Any]) -> Sequence[Any]:
        payloads = [job.payload for job in batch.jobs]
        self.batches.append(payloads)
        self.entered.release()
        assert self.gate.wait(30), "nobody opened the gate"
        return self.script(batch)

    def _upper(self, batch: Batch[Any, Any]) -> Sequence[Any]:
        payloads = [job.payload for job in batch.jobs]
        if self.poison.intersection(payloads):
            raise ValueError("poison")
        return [str(payload).upper() for payload in payloads]

    @property
    def started(self) -> list[Any]:
        return [payload for batch in self.batches for payload in batch]


class Sink:
    """Job callbacks that can be awaited."""

    def __init__(self) -> None:
        self.outcomes: dict[Any, Outcome[Any]] = {}
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def job(self, payload: object, tokens: int = 10, options: str = "greedy") -> Job[Any, Any]:
        return Job(payload, tokens, options, self._done)

    def _done(self, job: Job[Any, Any], outcome: Outcome[Any]) -> None:
        assert job.payload not in self.outcomes, "answered twice"
        self.outcomes[job.payload] = outcome
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def all(self, count: int) -> dict[Any, Outcome[Any]]:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.outcomes) >= count)
        return self.outcomes


class Bench:
    """A worker with all its doubles."""

    def __init__(self, threads: int = 1) -> None:
        self.run, self.recorder, self.clock = ScriptedRun(), Recorder(), FakeClock()
        self.rate = Rate(100.0, threads)
        self.alarms: asyncio.Queue[str] = asyncio.Queue()
        self.loop_errors: list[dict[str, Any]] = []
        self.worker: Worker[Any, Any] = Worker(
            FairQueue(batch_tokens=100, batch_rows=8, quantum=20),
            self.run,
            threads=threads,
            admission=Admission(self.rate, max_wait_s=5.0, max_backlog_tokens=10**6),
            observer=self.recorder,
            watchdog_s=60.0,
            on_hang=lambda: self.alarms.put_nowait("hang"),
            clock=self.clock,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Worker[Any, Any]]:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: self.loop_errors.append(context))
        self.worker.start(loop)
        try:
            yield self.worker
        finally:
            self.run.gate.set()
            await self.worker.stop()

    async def entered(self, calls: int = 1) -> None:
        """Returns once the engine was entered so many times more."""
        for _ in range(calls):
            await asyncio.to_thread(self.run.entered.acquire)
