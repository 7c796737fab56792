"""What the edge does with the steps of a call whose task is cancelled."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from mujaz_server.rpc.edge import Edge


class Gated:
    """A context and its requests, whose every step waits for a gate and says how it ended."""

    def __init__(self, gated: str) -> None:
        self.reached = asyncio.Event()
        self.gate = asyncio.Event()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._gated = gated

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return ()

    async def requests(self) -> AsyncIterator[str]:
        await self._step("read")
        yield "request"

    async def write(self, _: object) -> None:
        await self._step("write")

    async def _step(self, name: str) -> None:
        if name != self._gated:
            return
        self.reached.set()
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.ended.set_result("cancelled")
            raise
        self.ended.set_result("finished")


async def _replies(request: object, _: object) -> AsyncIterator[object]:
    yield request


async def _handler() -> Any:
    stream: Any = grpc.unary_stream_rpc_method_handler(_replies)

    async def found(_: object) -> Any:
        return stream

    class Details:
        method = "/mujaz.v1.MujazService/TranslateDocument"
        invocation_metadata = ()

    wrapped: Any = await Edge([], stall_timeout=5.0).intercept_service(found, Details())  # type: ignore[arg-type]
    return wrapped.stream_stream


@pytest.mark.parametrize("step", ["read", "write"])
async def test_a_step_of_grpc_ends_by_itself_when_its_call_is_cancelled(step: str) -> None:
    """gRPC leaks what it allocated for one whose awaiter was cancelled (grpc/grpc#43360)."""
    context = Gated(step)
    call = asyncio.create_task((await _handler())(context.requests(), context))
    await context.reached.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call  # at once: the step may never end, where its reader has stopped
    assert not context.ended.done()
    context.gate.set()
    assert await context.ended == "finished"
