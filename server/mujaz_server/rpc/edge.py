"""Wraps every handler, whatever its shape, in one list of concerns.

gRPC's own interceptors know each shape of call apart, so a concern would have to be written once
for unary calls and again for streams. Here the edge wraps the shapes once, and a concern is an
asynchronous context manager around the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from mujaz_server.rpc.call import Call, Concern, Context
from mujaz_server.rpc.errors import MalformedRequestError, StalledReaderError

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]  # generic to the type checker alone


class _Malformed:
    """Stands for a request whose bytes could not be decoded, until the call can say so."""


class Edge(grpc.aio.ServerInterceptor):
    """Wraps every handler in the concerns, the first one outermost.

    Streams are written here, so that a reader who stops can be told from one who is slow, and so
    that the generator of a stream is closed whatever ends it.
    """

    def __init__(self, concerns: Sequence[Concern], stall_timeout: float) -> None:
        self._concerns = concerns
        self._stall_timeout = stall_timeout

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Returns the handler of a method within its concerns; None where there is none."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        method = handler_call_details.method
        decode = _never_raising(handler.request_deserializer)
        encode = handler.response_serializer
        if handler.response_streaming:
            make = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            inner = handler.stream_stream if handler.request_streaming else handler.unary_stream
            return make(self._streamed(method, inner), decode, encode)
        return grpc.unary_unary_rpc_method_handler(
            self._answered(method, handler.unary_unary), decode, encode
        )

    def _answered(self, method: str, inner: Any) -> Any:  # noqa: ANN401  handlers of any message
        async def answer(request: object, context: Context) -> object:
            async with self._entered(method, context):
                _require_decoded(request)
                return await inner(request, context)

        return answer

    def _streamed(self, method: str, inner: Any) -> Any:  # noqa: ANN401  handlers of any message
        async def stream(request: Any, context: Context) -> None:  # noqa: ANN401
            async with self._entered(method, context):
                if isinstance(request, AsyncIterator):
                    request = _decoded_only(request)
                _require_decoded(request)
                replies = inner(request, context)
                if not isinstance(replies, AsyncGenerator):
                    await replies  # the handler writes for itself, as that of health does
                    return
                async with aclosing(replies):
                    async for reply in replies:
                        await self._write(context, reply)

        return stream

    @asynccontextmanager
    async def _entered(self, method: str, context: Context) -> AsyncIterator[None]:
        call = Call(method, context)
        async with AsyncExitStack() as stack:
            for concern in self._concerns:
                await stack.enter_async_context(concern(call))
            yield

    async def _write(self, context: Context, reply: object) -> None:
        try:
            async with asyncio.timeout(self._stall_timeout):
                await context.write(reply)
        except TimeoutError:
            raise StalledReaderError from None


def _never_raising(decode: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    """Wraps a deserializer, whose error would reach the caller as UNKNOWN, class name and all."""
    if decode is None:
        return None

    def decoded(data: bytes) -> Any:  # noqa: ANN401  a message of any type
        try:
            return decode(data)
        except Exception:  # noqa: BLE001  whatever a decoder raises, the bytes are at fault
            return _Malformed()

    return decoded


def _require_decoded(request: object) -> None:
    if isinstance(request, _Malformed):
        raise MalformedRequestError


async def _decoded_only(requests: AsyncIterator[object]) -> AsyncIterator[object]:
    async for request in requests:
        _require_decoded(request)
        yield request
