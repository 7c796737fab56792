"""The proxy's end of calls that Ray Serve relays to replicas.

Serve answers a failed call with what it knows: class names, addresses, stack traces. Its proxy
calls `add_to_server` to learn our methods, and so lets the edge stand between it and the callers.
Callers see what they would see of one server, and `relayed` the deadline and the request id, which
Serve does not pass on.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, cast

import grpc
import grpc.aio
import structlog

from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.rpc.call import CURRENT, REQUEST_ID, Context, Metadata
from mujaz_server.rpc.concerns import answered_with_status
from mujaz_server.rpc.edge import Edge
from mujaz_server.rpc.errors import (
    NotReadyError,
    ReplicaLostError,
    TooManyStreamsError,
)
from mujaz_server.rpc.relayed import TIME_LEFT
from mujaz_server.settings import load
from mujaz_server.telemetry import Metrics, configure_logs

if TYPE_CHECKING:
    from mujaz_server.rpc.edge import Handler

_log = structlog.get_logger("mujaz")
_DETAILS = "grpc-status-details-bin"
_OF_SERVE: Mapping[grpc.StatusCode, type[Exception]] = {
    grpc.StatusCode.DEADLINE_EXCEEDED: TimeoutError,  # request_timeout_s of Serve
    grpc.StatusCode.NOT_FOUND: NotReadyError,  # no application yet, or several
    grpc.StatusCode.RESOURCE_EXHAUSTED: TooManyStreamsError,  # max_queued_requests of Serve
    grpc.StatusCode.UNAVAILABLE: NotReadyError,
}


def add_to_server(servicer: mujaz_pb2_grpc.MujazServiceServicer, server: grpc.aio.Server) -> None:
    """Adds the methods of mujaz.v1 to the proxy of Serve: one of its `grpc_servicer_functions`.

    Raises:
        SettingsError: A variable of ours holds what is no setting.
    """
    settings = load({}, None)
    configure_logs(settings.log_level, settings.log_format)
    edge = Edge([answered_with_status(Metrics())], settings.stall_timeout)
    behind = cast("grpc.aio.Server", _Behind(edge, server))
    mujaz_pb2_grpc.add_MujazServiceServicer_to_server(servicer, behind)


class _Behind:
    """Stands for a server, to which it adds what is added to it, behind an edge."""

    def __init__(self, edge: Edge, server: grpc.aio.Server) -> None:
        self._edge = edge
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Any) -> None:  # noqa: ANN401  gRPC's own
        """Leaves these out: `add_registered_method_handlers` brings the same."""

    def add_registered_method_handlers(
        self, service: str, handlers: "Mapping[str, Handler]"
    ) -> None:
        """Adds the methods of a service."""
        named = {f"/{service}/{method}": handler for method, handler in handlers.items()}
        self._server.add_generic_rpc_handlers((_Relaying(self._edge, named),))


class _Relaying(grpc.GenericRpcHandler):
    """Finds the handler of a method. Serve puts its own into `_method_handlers`."""

    def __init__(self, edge: Edge, handlers: "dict[str, Handler]") -> None:
        self._edge = edge
        self._method_handlers = handlers

    def service(self, details: grpc.HandlerCallDetails) -> "Handler | None":
        """Returns the handler of a method; None where there is none."""
        handler = self._method_handlers.get(details.method)
        if handler is None:
            return None
        return self._edge.around(details.method, _relayed(handler))


def _relayed(handler: "Handler") -> "Handler":
    decode = handler.request_deserializer
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(_streamed(handler.unary_stream), decode)
    return grpc.unary_unary_rpc_method_handler(_answered(handler.unary_unary), decode)


def _answered(serve: Any) -> Any:  # noqa: ANN401  handlers of any message
    async def answer(request: object, context: Context) -> bytes:
        reply: bytes = await serve(request, _Told(context))
        _require_ours(context)
        return reply

    return answer


def _streamed(serve: Any) -> Any:  # noqa: ANN401  as above
    async def stream(request: object, context: Context) -> AsyncIterator[bytes]:
        async with aclosing(_cancelling(serve(request, _Told(context)))) as replies:
            async for reply in replies:
                if reply:  # an empty one has carried the status
                    yield reply
        _require_ours(context)

    return stream


async def _cancelling(replies: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yields the replies of Serve, of which one is always awaited.

    Serve tells a replica that its caller has gone only where that happens while it awaits the next
    reply, not while a reply is written.
    """
    context = copy_context()  # Serve keeps in it which call it is at

    def following() -> asyncio.Task[bytes | None]:
        return asyncio.create_task(_next(replies), context=context)

    coming = following()
    try:
        while (reply := await coming) is not None:
            coming = following()
            yield reply
    finally:
        coming.cancel()


async def _next(replies: AsyncGenerator[bytes]) -> bytes | None:
    return await anext(replies, None)


class _Told:
    """A context whose metadata also says what Serve would not pass on."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def invocation_metadata(self) -> Metadata:
        """What the caller sent, the id of the call, and the time left to it."""
        told = {REQUEST_ID: CURRENT.get().request_id}
        if (left := self._context.time_remaining()) is not None:
            told[TIME_LEFT] = f"{left:.3f}"
        sent = self._context.invocation_metadata() or ()
        return (
            *((key, value) for key, value in sent if key not in {REQUEST_ID, TIME_LEFT}),
            *told.items(),
        )

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever else Serve asks of it
        return getattr(self._context, name)


def _require_ours(context: Context) -> None:
    """Lets a call end that a replica has ended, well or with a status of ours.

    What Serve itself says of a failure is not for callers. That a replica has gone shows in many
    ways, and calls may be repeated: whatever is not known counts as that.
    """
    code = cast("grpc.StatusCode | None", context.code())
    if code in {None, grpc.StatusCode.OK} or _DETAILS in dict(context.trailing_metadata() or ()):
        return
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError  # Serve has swallowed it
    call = CURRENT.get()
    _log.warning(
        "call lost", said=context.details(), method=call.method, request_id=call.request_id
    )
    raise _OF_SERVE.get(code, ReplicaLostError)
