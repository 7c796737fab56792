"""Planned sentences through the queue and back in order, with a second try for the doubtful."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from mujaz_server.batching.job import Done, Expired, Job, Outcome
from mujaz_server.batching.line import Line
from mujaz_server.batching.observer import DropReason
from mujaz_server.batching.worker import Worker
from mujaz_server.pipeline.attempts import Attempt, better, deserves_retry, passed_through, strict
from mujaz_server.pipeline.deadlines import out_of_time
from mujaz_server.pipeline.events import (
    DeadlinePassedError,
    DocumentRequest,
    Observer,
    TranslatedSentence,
)
from mujaz_server.pipeline.finished import Finished, Partition, recalled
from mujaz_server.pipeline.plan import Pieces, PlannedSentence, Planning
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.translation.engine import Decoding, Translation


@dataclass(frozen=True, slots=True)
class Row:
    """What a job of the queue carries: one part of one attempt."""

    attempt: Attempt
    part: int

    @property
    def pieces(self) -> Pieces:
        """The source pieces of the row."""
        return self.attempt.planned.parts[self.part]


class TranslatedSentences:
    """An asynchronous iterator over the translations of planned sentences, in order.

    A context manager: within it `admit` asks the worker for admission and queues the work, leaving
    takes what is left of it out of the queue. One reader; to be used on the worker's event loop.

    A sentence that was finished before is no work: it is not admitted, waits for nothing, has no
    place in the reader's window and earns no second tries.

    Attributes:
        queue_duration: Seconds that rows have waited, all together.

    Raises (when read):
        DeadlinePassedError: The deadline passed while work was waiting.
    """

    def __init__(
        self,
        decoding: Decoding,
        worker: Worker[Row, Translation],
        retries: RetryBudget,
        finished: Partition,
        observer: Observer,
        clock: Callable[[], float],
        request: DocumentRequest,
        *,
        window: int,
    ) -> None:
        self.queue_duration = 0.0
        self._planned: list[PlannedSentence] = []
        self._to_follow: Planning | None = None
        self._recalled: dict[int, Finished] = {}
        self._decoding = decoding
        self._worker = worker
        self._retries = retries
        self._finished = finished
        self._observer = observer
        self._clock = clock
        self._deadline = request.deadline
        self._request_id = request.request_id
        self._caller = request.caller
        self._meter = request.meter
        self._timeline = request.timeline
        self._window = window
        self._arrived = 0.0
        self._queued: list[int] = []  # the source tokens of each sentence that is work
        self._waiting = False
        self._line: Line[Row, Translation] | None = None
        self._ready: dict[int, TranslatedSentence] = {}
        self._expired = False
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._line = self._worker.open(
            self._deadline, self._window, request_id=self._request_id, caller=self._caller
        )
        self._arrived = self._clock()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._line is not None:
            now = self._clock()
            reason = self._drop_reason(now)
            self._worker.cancel(self._line, reason)
            if self._to_follow and (unqueued := len(self._to_follow.cut) - len(self._planned)):
                self._observer.dropped(reason, unqueued)
            self._has_waited(until=now)

    def admit(self, planned: Sequence[PlannedSentence]) -> None:
        """Asks for admission of the work and queues it; to be called once, before reading.

        Raises:
            QueueFullError: The work could not be done in time.
            DeadlinePassedError: The deadline has passed already.
        """
        self._arrived = self._clock()
        left = None if self._deadline is None else self._deadline - self._arrived
        if left is not None and left <= 0:
            raise DeadlinePassedError
        attempts = self._unfinished(planned)
        tokens = sum(each.planned.tokens for each in attempts)
        if attempts:
            self._worker.admit(tokens, left, caller=self._caller)
        if self._meter:
            self._meter(tokens)
        self._queue(planned, attempts)

    def follow(self, planning: Planning) -> None:
        """Takes what is still to be planned of a text whose beginning was admitted for the whole.

        It is planned and queued while the sentences are read, and ahead of them: before the reader
        waits for any.
        """
        self._to_follow = planning

    async def __aiter__(self) -> AsyncGenerator[TranslatedSentence]:
        position = 0
        while await self._is_planned(position):
            planned = self._planned[position]
            if not planned.parts:
                yield passed_through(planned)
            elif position in self._recalled:
                await asyncio.sleep(0)  # one that holds nothing else must not hold up the others
                yield recalled(self._recalled[position], planned)
            else:
                await self._settled(position)
                yield self._ready.pop(position)
                self._worker.consumed(self._open_line)
            position += 1

    async def _is_planned(self, position: int) -> bool:
        while position >= len(self._planned):
            if not await self._plan_more():
                return False
        return True

    async def _settled(self, position: int) -> None:
        while position not in self._ready:
            if self._expired:
                raise DeadlinePassedError
            self._changed.clear()
            if not await self._plan_more():
                await self._changed.wait()

    async def _plan_more(self) -> bool:
        if self._to_follow is None:
            return False
        if more := await self._to_follow.more():
            self._queue(more, self._unfinished(more))
        else:
            self._to_follow = None
        return bool(more)

    @property
    def _open_line(self) -> Line[Row, Translation]:
        if self._line is None:
            raise AssertionError("read before the context was entered. This is a bug")
        return self._line

    def _unfinished(self, planned: Sequence[PlannedSentence]) -> list[Attempt]:
        """Returns what is work of the sentences that come next."""
        attempts = []
        for position, each in enumerate(planned, len(self._planned)):
            if each.parts:
                if finished := self._finished.get(each):
                    self._recalled[position] = finished
                else:
                    attempts.append(Attempt(position, each))
        return attempts

    def _queue(self, planned: Sequence[PlannedSentence], attempts: Sequence[Attempt]) -> None:
        self._planned += planned
        work = sum(1 for each in planned if each.parts)
        self._observer.looked_up(hits=work - len(attempts), misses=len(attempts))
        self._waiting = self._waiting or (bool(attempts) and not self._queued)
        self._queued += [each.planned.tokens for each in attempts]
        self._push(attempts, self._decoding)

    def _push(
        self, attempts: Sequence[Attempt], decoding: Decoding, *, front: bool = False
    ) -> None:
        jobs = [
            Job(Row(attempt, part), len(pieces), decoding, self._done)
            for attempt in attempts
            for part, pieces in enumerate(attempt.planned.parts)
        ]
        self._worker.push(self._open_line, jobs, front=front)

    def _drop_reason(self, now: float) -> DropReason:
        if self._deadline is None or not out_of_time(
            self._deadline - now, self._deadline - self._arrived
        ):
            return DropReason.CANCELLED
        return DropReason.EXPIRED

    def _has_waited(self, until: float) -> None:
        if self._waiting:
            self._waiting = False
            self._timeline.waited(
                self._arrived, until, sentences=len(self._queued), tokens=sum(self._queued)
            )

    def _done(self, job: Job[Row, Translation], outcome: Outcome[Translation]) -> None:
        self.queue_duration += job.queued_s
        if job.run is not None:
            taken = job.arrival + job.queued_s
            self._has_waited(until=taken)
            self._timeline.ran(taken, job.run)
        if isinstance(outcome, Expired):
            self._expired = True
            self._changed.set()
            return
        attempt = job.payload.attempt
        attempt.results[job.payload.part] = outcome.result if isinstance(outcome, Done) else None
        if attempt.complete:
            self._settle(attempt)
        elif attempt.before is None:
            # Only a whole sentence waits for the reader: were its parts to wait, a sentence of
            # more parts than the window could never be completed.
            self._worker.consumed(self._open_line)

    def _settle(self, attempt: Attempt) -> None:
        began = self._clock()
        sentence = attempt.joined()
        self._timeline.checked(began, self._clock())
        tokens = attempt.planned.tokens
        doubtful = attempt.before is None and deserves_retry(sentence)
        if attempt.before is None:
            self._retries.earn(tokens)
            if doubtful and self._retries.spend(tokens):
                again = Attempt(attempt.position, attempt.planned, before=sentence)
                self._push([again], strict(self._decoding), front=True)
                return
        else:
            sentence = better(attempt.before, sentence)
        if not (doubtful and self._retries.share):  # or it gets a second try when it comes again
            self._finished.keep(attempt.planned, sentence)
        self._ready[attempt.position] = sentence
        self._changed.set()
