"""What surrounds every call: one concern, one asynchronous context manager."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
from google.rpc import code_pb2

from mujaz_server.rpc.call import REQUEST_ID, Call, Concern, Context
from mujaz_server.rpc.errors import DrainingError, NotReadyError, TooManyStreamsError, fault
from mujaz_server.telemetry import CallObserver

_STATUS = {code.value[0]: code for code in grpc.StatusCode}


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
            raise DrainingError
        if not self.ready:
            raise NotReadyError
        if len(self._tasks) >= self.limit:
            raise TooManyStreamsError
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("a call runs outside any task. This is a bug")
        self._tasks.add(task)
        try:
            yield
        finally:
            self._tasks.discard(task)

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
        observer.call_started(method)
        try:
            yield
        except asyncio.CancelledError:
            call.code = "CANCELLED"
            raise
        except BaseException:
            if call.code == "OK":
                call.code = "CANCELLED"  # the peer went while a reply was being written
            raise
        finally:
            seconds = time.monotonic() - call.started
            observer.call_ended(method, call.code, seconds, call.request_id)

    return concern


def answered_with_status(observer: CallObserver) -> Concern:
    """Turns whatever a call raises into the status a caller may see.

    A `CancelledError` that is not the call's own (a future of ours was cancelled) would leave the
    caller without any answer (grpc/grpc#29248); it is a defect like any other. The call's own is
    raised on: swallowing it leaks (grpc/grpc#43360).
    """

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
            await _abort(call, error, observer)

    return concern


def within_deadline(seconds: float) -> Concern:
    """Ends a call of mujaz.v1 after so many seconds where its caller set no deadline."""

    @asynccontextmanager
    async def concern(call: Call) -> AsyncIterator[None]:
        bound = seconds if call.ours and call.context.time_remaining() is None else None
        async with asyncio.timeout(bound):
            yield

    return concern


async def _abort(call: Call, error: BaseException, observer: CallObserver) -> None:
    known = fault(error, call.request_id)
    if known.code == code_pb2.INTERNAL:
        observer.defect(call.request_id, error)
    call.code = code_pb2.Code.Name(known.code)
    trailers = [*known.trailers(), (REQUEST_ID, call.request_id)]
    await call.context.abort(_STATUS[known.code], known.message, tuple(trailers))


def _peer_has_gone(context: Context, error: BaseException) -> bool:
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    # A handler blocked in write() when its peer goes gets ExecuteBatchError, not CancelledError.
    return context.done()
