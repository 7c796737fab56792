"""Wraps every handler, whatever its shape, in one list of concerns.

gRPC's own interceptors know each shape of call apart, so a concern would have to be written once
for unary calls and again for streams. Here the edge wraps the shapes once, and a concern is an
asynchronous context manager around the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Sequence,
)
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import grpc.aio

from mujaz_server.rpc.call import CURRENT, Call, Concern, Context, Metadata
from mujaz_server.rpc.errors import MalformedRequestError, StalledReaderError

if TYPE_CHECKING:
    Handler = grpc.RpcMethodHandler[Any, Any]  # generic to the type checker alone

T = TypeVar("T")


class _Malformed:
    """Stands for a request whose bytes could not be decoded, until the call can say so."""


class Edge(grpc.aio.ServerInterceptor):
    """Wraps every handler in the concerns, the first one outermost.

    What `refusal` finds in the metadata of a call ends it before its request is read: a stranger
    must not make the server take in megabytes.

    Every request is read here, as a stream of one: gRPC leaves a call that ends before its request
    without an answer, and lets it take for ever to send one. Streams are written here, so that a
    reader who stops can be told from one who is slow, and so that the generator of a stream is
    closed whatever ends it.
    """

    def __init__(
        self,
        concerns: Sequence[Concern],
        stall_timeout: float,
        refusal: Callable[[Metadata], Exception | None] = lambda _: None,
    ) -> None:
        self._concerns = concerns
        self._stall_timeout = stall_timeout
        self._refusal = refusal

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Returns the handler of a method within its concerns; None where there is none."""
        method = handler_call_details.method
        if refusal := self._refusal(handler_call_details.invocation_metadata or ()):
            # A handler of a stream is called before anything of its request is read.
            return grpc.stream_stream_rpc_method_handler(self._unread(method, refusal), None, None)
        handler = await continuation(handler_call_details)
        return handler and self.around(method, handler)

    def around(self, method: str, handler: Handler) -> Handler:
        """Returns a handler of a method within its concerns."""
        decode = _never_raising(handler.request_deserializer)
        encode = handler.response_serializer
        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                self._streamed(method, handler), decode, encode
            )
        return grpc.stream_unary_rpc_method_handler(
            self._answered(method, handler.unary_unary), decode, encode
        )

    def _unread(self, method: str, refusal: Exception) -> Any:  # noqa: ANN401  as above
        async def refuse(_: object, context: Context) -> None:
            async with self.entered(method, context):
                raise refusal

        return _leaving_no_trace(refuse)

    def _answered(self, method: str, inner: Any) -> Any:  # noqa: ANN401  handlers of any message
        async def answer(requests: AsyncIterator[object], context: Context) -> object:
            async with self.entered(method, context):
                return await inner(await _only(requests), context)

        return _leaving_no_trace(answer)

    def _streamed(self, method: str, handler: Handler) -> Any:  # noqa: ANN401  of any message
        inner: Any = handler.stream_stream or handler.unary_stream
        streaming = handler.request_streaming

        async def stream(requests: AsyncIterator[object], context: Context) -> None:
            async with self.entered(method, context):
                request = _decoded_only(requests) if streaming else await _only(requests)
                replies = inner(request, context)
                if not isinstance(replies, AsyncGenerator):
                    await replies  # the handler writes for itself, as that of health does
                    return
                async with aclosing(replies):
                    async for reply in replies:
                        await self._write(context, reply)

        return _leaving_no_trace(stream)

    @asynccontextmanager
    async def entered(self, method: str, context: Context) -> AsyncIterator[None]:
        """Surrounds a call with the concerns, for what holds a call without a handler of gRPC."""
        call = Call(method, context)
        CURRENT.set(call)
        async with AsyncExitStack() as stack:
            for concern in self._concerns:
                await stack.enter_async_context(concern(call))
            yield

    async def _write(self, context: Context, reply: object) -> None:
        try:
            async with asyncio.timeout(self._stall_timeout):
                await _to_its_end(context.write(reply))
        except TimeoutError:
            raise StalledReaderError from None


def _leaving_no_trace(handler: Callable[[Any, Context], Awaitable[Any]]) -> Any:  # noqa: ANN401
    """Wraps a handler; gRPC ends a call that `abort` was called on by itself, raised on or not.

    It keeps the error with the call, and the frames that the error has come through hold the call:
    a ring of ninety objects a refusal, whose collector stops everybody for a tenth of a second.
    """

    async def handled(requests: Any, context: Context) -> Any:  # noqa: ANN401  of any message
        try:
            return await handler(requests, context)
        except grpc.aio.AbortError as error:
            error.__traceback__ = error.__context__ = None

    return handled


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


async def _only(requests: AsyncIterator[object]) -> object:
    """Returns the request of a call that has one."""
    request = await _to_its_end(_first(requests))
    _require_decoded(request)
    return request


async def _first(requests: AsyncIterator[object]) -> object:
    async for request in requests:
        return request
    raise MalformedRequestError


async def _decoded_only(requests: AsyncIterator[object]) -> AsyncIterator[object]:
    async for request in requests:
        _require_decoded(request)
        yield request


async def _to_its_end(step: Coroutine[Any, Any, T]) -> T:
    """Awaits a step of gRPC, which goes on to its own end where its call is cancelled meanwhile.

    gRPC frees what it gave to its core for a step only if whoever awaits it is there to see it
    succeed (grpc/grpc#43360): 80 bytes, and a message, that also hold the heap around them.
    """
    going = asyncio.create_task(step)
    going.add_done_callback(_seen)
    return await asyncio.shield(going)


def _seen(step: asyncio.Task[Any]) -> None:
    """Takes the error of a step that nobody awaits any more, which asyncio would log."""
    if not step.cancelled():
        step.exception()
