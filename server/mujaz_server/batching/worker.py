"""Threads that take batches from the queue and run them."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic

from mujaz_server.batching.job import Done, EngineRun, Expired, Failed, Job, Outcome, P, R
from mujaz_server.batching.observer import DropReason, Observer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mujaz_server.batching.admission import Admission
    from mujaz_server.batching.batch import Batch
    from mujaz_server.batching.line import Line
    from mujaz_server.batching.queue import FairQueue

TICK_S = 0.05
"""How often expired jobs and hung batches are looked for."""
ANSWERS_A_TURN = 500
"""Answers given in one turn of the event loop, so that it is not held up."""


@dataclass(frozen=True, slots=True)
class Load:
    """What waits and runs, and how fast.

    Attributes:
        jobs: Jobs that wait.
        tokens: Their source tokens.
        oldest_age_s: How long the oldest that may run has waited, in seconds.
        longest_run_s: How long the engine has been at the batch that began first, in seconds.
        tokens_per_s: The measured rate of all threads.
    """

    jobs: int
    tokens: int
    oldest_age_s: float
    longest_run_s: float
    tokens_per_s: float


class Worker(Generic[P, R]):
    """Runs the batches of a queue in threads and answers on the event loop.

    The worker owns its queue: nobody else may touch it. A thread that is idle takes
    the next batch itself, at once; none is prepared ahead, since a batch that waits
    is a choice made too early. No lock is held while a batch runs.

    *Who may call what.* `start`, `stop`, `admit`, `open`, `push`, `consumed` and
    `cancel` belong to the event loop; where nothing is awaited between `admit` and
    `push`, no other request slips in. `load` may be called from any thread. `run` is
    called in the worker's threads, several at once. Job callbacks, the observer and
    `on_hang` are called on the event loop.

    *Answers.* Every job of a line that is not cancelled is answered once: `Done`,
    `Failed` or `Expired`. A batch on which `run` raises, or returns too few or too
    many results, is halved until the job that cannot be translated is alone; only
    that one is `Failed`.

    *Alarm.* `on_hang` is called once when a call of `run` lasts longer than
    `watchdog_s`, or when a thread dies: an `Exception` of `run` cannot kill one, but a
    defect of the queue can. A native call cannot be ended from outside: the process
    must.

    Args:
        queue: The fair queue.
        run: Translates a batch: one result a row, in order. It blocks; it may poll
            `batch.gone(row)` and leave rows whose caller has gone.
        threads: How many batches run at once.
        admission: What is refused; holds the measured rate.
        observer: Counts the work.
        watchdog_s: How long one call of `run` may last, in seconds.
        on_hang: The alarm.
        clock: Seconds of a steady clock; deadlines are of this clock.
    """

    def __init__(
        self,
        queue: FairQueue[P, R],
        run: Callable[[Batch[P, R]], Sequence[R]],
        *,
        threads: int,
        admission: Admission,
        observer: Observer,
        watchdog_s: float,
        on_hang: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._run = run
        self._admission = admission
        self._observer = observer
        self._watchdog_s = watchdog_s
        self._on_hang = on_hang
        self._clock = clock
        self._ready = threading.Condition(threading.Lock())
        self._stopping = False
        self._alarmed = False
        self._threads = [
            threading.Thread(target=self._live, args=(slot,), name=f"batch-{slot}", daemon=True)
            for slot in range(threads)
        ]
        # When the batch of each thread began: each slot is written by its thread
        # alone, and read by the watchdog.
        self._began: list[float | None] = [None] * threads
        self._batches: list[Batch[P, R] | None] = [None] * threads
        # The source tokens of each thread's batch, which are ahead of whoever comes now.
        self._running = [0] * threads
        self._alive = threads
        self._timer: asyncio.TimerHandle | None = None
        self._all_left = asyncio.Event()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Starts the threads; answers will be given on `loop`.

        Raises:
            RuntimeError: The worker was started before.
        """
        self._loop = loop
        for thread in self._threads:
            thread.start()
        self._timer = loop.call_later(TICK_S, self._tick)

    async def stop(self) -> None:
        """Ends the threads after the batches that run; what waits is left unanswered.

        When it returns, every batch that ran is answered. A hung batch keeps it from
        returning, but not the process from exiting: the threads are daemons.
        """
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        if self._timer is None:
            return
        await self._all_left.wait()
        self._timer.cancel()
        for thread in self._threads:
            thread.join()

    def admit(self, tokens: int, time_left: float | None, *, caller: str | None = None) -> None:
        """Admits a request or refuses it; see `Admission`.

        Raises:
            QueueFullError: It would wait too long; says when to come back.
        """
        with self._ready:
            self._admission.check(self._queue, tokens, time_left, sum(self._running), caller)

    def open(
        self,
        deadline: float | None,
        window: int,
        *,
        request_id: str = "",
        caller: str | None = None,
    ) -> Line[P, R]:
        """Opens the line of one request; see `FairQueue.open`."""
        with self._ready:
            return self._queue.open(deadline, window, request_id=request_id, caller=caller)

    def push(self, line: Line[P, R], jobs: Sequence[Job[P, R]], *, front: bool = False) -> None:
        """Adds jobs to a line; see `FairQueue.push`.

        Raises:
            RuntimeError: The worker has stopped, and nobody would answer.
        """
        with self._ready:
            if self._stopping:
                raise RuntimeError("A job was pushed after the worker stopped. This is a bug")
            self._queue.push(line, jobs, self._clock(), front=front)
            self._ready.notify()

    def consumed(self, line: Line[P, R], count: int = 1) -> None:
        """Moves a line's window; see `FairQueue.consumed`."""
        with self._ready:
            self._queue.consumed(line, count)
            if line.runnable:
                self._ready.notify()

    def cancel(self, line: Line[P, R], reason: DropReason = DropReason.CANCELLED) -> int:
        """Drops what waits in a line; none of its jobs is answered from now on.

        Args:
            line: The request's line.
            reason: What the drop is counted as.

        Returns:
            How many waiting jobs were dropped.
        """
        with self._ready:
            dropped = self._queue.cancel(line)
        if dropped:
            self._observer.dropped(reason, dropped)
        return dropped

    def load(self) -> Load:
        """Tells what waits and runs."""
        with self._ready:
            now = self._clock()
            began = (each for each in self._began if each is not None)
            return Load(
                jobs=len(self._queue),
                tokens=self._queue.waiting_tokens,
                oldest_age_s=self._queue.oldest_age(now),
                longest_run_s=max(0.0, now - min(began, default=now)),
                tokens_per_s=self._admission.rate.tokens_per_s,
            )

    # In the threads.

    def _live(self, slot: int) -> None:
        try:
            while (batch := self._take(slot)) is not None:
                self._attempt(slot, batch)
        except BaseException:
            self._tell(self._alarm)
            raise
        finally:
            self._tell(self._left)

    def _take(self, slot: int) -> Batch[P, R] | None:
        with self._ready:
            self._running[slot] = 0
            while not self._stopping:
                batch = self._queue.next_batch(self._clock())
                if batch is not None:
                    self._running[slot] = batch.tokens
                    if batch.contended:
                        self._ready.notify()
                    return batch
                self._ready.wait()
        return None

    def _attempt(self, slot: int, batch: Batch[P, R]) -> None:
        self._batches[slot] = batch
        began = self._began[slot] = self._clock()
        try:
            results = self._results(batch)
        except Exception as error:  # noqa: BLE001 (whatever the engine raises)
            self._began[slot] = None
            self._tell(self._failed, batch, error, batch.ran(began, self._clock()))
            self._halve(slot, batch)
        else:
            self._began[slot] = None
            self._tell(self._finished, batch, results, batch.ran(began, self._clock()))

    def _results(self, batch: Batch[P, R]) -> Sequence[R]:
        results = self._run(batch)
        if len(results) != len(batch.jobs):
            raise RuntimeError(f"{len(results)} results for {len(batch.jobs)} rows")
        return results

    def _halve(self, slot: int, batch: Batch[P, R]) -> None:
        if len(batch.jobs) == 1:
            return
        for half in batch.halves():
            if not all(map(half.gone, range(len(half.jobs)))):
                self._attempt(slot, half)

    def _tell(self, callback: Callable[..., None], *args: Any) -> None:  # noqa: ANN401 (passed on)
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            if not self._loop.is_closed():
                raise

    # On the event loop.

    def _finished(self, batch: Batch[P, R], results: Sequence[R], run: EngineRun) -> None:
        seconds = run.ended - run.began
        for job, result in zip(batch.jobs, results, strict=True):
            job.run = run
            self._answer(job, Done(result))
        if batch.contended:
            # Rows left by their callers were not translated to their end.
            tokens = sum(job.tokens for job in batch.jobs if not job.line.cancelled)
            self._admission.rate.record(tokens, seconds)
        self._observer.batch_finished(
            run.rows, run.tokens, run.padded_tokens, seconds, batch.queued_s
        )

    def _failed(self, batch: Batch[P, R], error: Exception, run: EngineRun) -> None:
        if run.rows == 1:
            batch.jobs[0].run = run
            self._answer(batch.jobs[0], Failed(error))
        self._observer.batch_failed(run.rows, error, batch.request_ids)

    def _answer_expired(self, jobs: Iterator[Job[P, R]]) -> None:
        turn = list(islice(jobs, ANSWERS_A_TURN))
        for job in turn:
            self._answer(job, Expired())
        if turn:
            self._loop.call_soon(self._answer_expired, jobs)

    def _answer(self, job: Job[P, R], outcome: Outcome[R]) -> None:
        if job.line.cancelled:
            return
        try:
            job.done(job, outcome)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (others must be answered)
            self._loop.call_exception_handler(
                {
                    "message": "The callback of a job failed",
                    "exception": error,
                    "request_id": job.line.request_id,
                }
            )

    def _tick(self) -> None:
        self._timer = self._loop.call_later(TICK_S, self._tick)
        now = self._clock()
        with self._ready:
            expired = self._queue.take_expired(now)
        if expired:
            self._answer_expired(iter(expired))
            self._observer.dropped(DropReason.EXPIRED, len(expired))
        for began, batch in zip(self._began, self._batches, strict=True):
            if batch and began is not None and now - began > self._watchdog_s:
                self._alarm(batch, now - began)

    def _alarm(self, batch: Batch[P, R] | None = None, seconds: float = 0.0) -> None:
        if self._alarmed:
            return
        self._alarmed = True
        if batch:
            self._observer.batch_hangs(len(batch.jobs), seconds, batch.request_ids)
        self._on_hang()

    def _left(self) -> None:
        self._alive -= 1
        if self._alive == 0:
            self._all_left.set()
