"""What surrounds every call: one concern, one asynchronous context manager."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import grpc.aio
from google.rpc import code_pb2

from mujaz_server.pipeline.deadlines import out_of_time
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.rpc.call import REQUEST_ID, Call, Concern, Context
from mujaz_server.rpc.errors import DrainingError, NotReadyError, TooManyStreamsError, fault
from mujaz_server.telemetry import CallObserver

_STATUS = {code.value[0]: code for code in grpc.StatusCode}
_OVERLOADED = frozenset({"QUEUE_FULL", "TOO_MANY_STREAMS"})
_INVITED_SHARE = 0.1
_INVITED_BURST = 10
_TELLING_S = 1.0
_QUIET_S = 0.01
_QUIET_TRIES = 20


class InFlight:
    """The tasks of the calls in progress.

    `Server.stop` returns before the `finally` blocks of handlers have run (grpc/grpc#37239), and
    counts health checks as calls; so mujaz counts its own.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.draining = False
        self.ready = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._refused = 0

    def __len__(self) -> int:
        return len(self._tasks)

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        """Admits a call of mujaz.v1, or refuses it before any of its work is done.

        Raises:
            DrainingError: The server is about to stop.
            NotReadyError: The model is not ready.
            TooManyStreamsError: As many calls as allowed are in progress.
        """
        if not call.ours:
            yield
            return
        if self.draining:
            self._refused += 1
            raise DrainingError
        if not self.ready:
            raise NotReadyError
        if len(self._tasks) >= self.limit:
            raise TooManyStreamsError
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a call runs outside any task. This is a bug")
        self._tasks.add(task)
        # Not when the call leaves this block: gRPC sends its status after that, in the same task,
        # and a server that stops meanwhile would cancel it.
        task.add_done_callback(self._tasks.discard)
        yield

    async def refuse(self) -> None:
        """Refuses new calls from now on; returns once those that had come unseen are refused.

        gRPC hands calls over one by one. Those it still holds when it is stopped would be told
        CANCELLED (grpc/grpc#41785), as if their callers had given up.
        """
        self.draining = True
        for _ in range(_QUIET_TRIES):
            refused = self._refused
            await asyncio.sleep(_QUIET_S)
            if self._refused == refused:
                return

    async def ended(self) -> None:
        """Waits until every call has run its last line."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))


def observed(observer: CallObserver) -> Concern:
    """Counts and logs each call of mujaz.v1 with its code and duration."""

    @asynccontextmanager
    async def concern(call: Call) -> AsyncIterator[None]:
        if not call.ours:
            yield
            return
        method = call.method.rpartition("/")[2]
        observer.call_started(method, call.request_id)
        try:
            yield
        except BaseException:
            if call.code == "OK":
                call.code = _code_of_one_gone(call)
            raise
        finally:
            seconds = time.monotonic() - call.started
            observer.call_ended(method, call.code, call.reason, seconds, call.request_id)

    return concern


def answered_with_status(observer: CallObserver) -> Concern:
    """Turns whatever a call raises into the status a caller may see.

    A `CancelledError` that is not the call's own (a future of ours was cancelled) would leave the
    caller without any answer (grpc/grpc#29248); it is a defect like any other. The call's own is
    raised on: swallowing it leaks (grpc/grpc#43360).

    Where more calls come than the server can take, a retry only takes another call's place, and
    each client's own throttle lets some through; so refusals invite one only within a tenth of the
    calls that succeed (the "overloaded; don't retry" of Site Reliability Engineering, chapter 21).
    The details say when a new call makes sense all the same.
    """
    invitations = RetryBudget(_INVITED_SHARE, _INVITED_BURST)

    @asynccontextmanager
    async def concern(call: Call) -> AsyncIterator[None]:
        call.context.set_trailing_metadata(((REQUEST_ID, call.request_id),))
        try:
            yield
        except (grpc.aio.AbortError, GeneratorExit):
            raise
        except BaseException as error:
            if _peer_has_gone(call.context, error):
                raise
            await _abort(call, error, observer, invitations)
        else:
            invitations.earn(1)

    return concern


def within_deadline(seconds: float) -> Concern:
    """Ends a call of mujaz.v1 after so many seconds where its caller set no deadline."""

    @asynccontextmanager
    async def concern(call: Call) -> AsyncIterator[None]:
        bound = seconds if call.ours and call.context.time_remaining() is None else None
        async with asyncio.timeout(bound):
            yield

    return concern


def _code_of_one_gone(call: Call) -> str:
    """The status with which the peer of a call has ended it."""
    left = cast("float | None", call.context.time_remaining())
    if left is None or not out_of_time(left, left + time.monotonic() - call.started):
        return "CANCELLED"
    return "DEADLINE_EXCEEDED"


async def _abort(
    call: Call, error: BaseException, observer: CallObserver, invitations: RetryBudget
) -> None:
    known = fault(error, call.request_id)
    if known.code == code_pb2.INTERNAL:
        observer.defect(call.request_id, error)
    call.code = code_pb2.Code.Name(known.code)
    call.reason = known.reason
    retry = _in_time(call.context, known.retry_after) and (
        known.reason not in _OVERLOADED or invitations.spend(1)
    )
    trailers = [*known.trailers(retry=retry), (REQUEST_ID, call.request_id)]
    try:
        async with asyncio.timeout(_TELLING_S):
            await call.context.abort(_STATUS[known.code], known.message, tuple(trailers))
    except TimeoutError:
        # The status waits behind what a stalled reader has not taken; gRPC delivers it if it ever
        # reads, and the call must not be held until then.
        raise asyncio.CancelledError from None


def _in_time(context: Context, retry_after: float | None) -> bool:
    """Whether a retry would begin within the deadline; gRPC waits for it even where it would not.

    The caller would then be told that its time is up, and never that it was refused.
    """
    left = cast("float | None", context.time_remaining())
    return retry_after is None or left is None or retry_after < left


def _peer_has_gone(context: Context, error: BaseException) -> bool:
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    # A handler in write() when its peer goes gets ExecuteBatchError, not CancelledError, and maybe
    # before the context knows.
    return context.done() or isinstance(error, grpc.aio.InternalError)
