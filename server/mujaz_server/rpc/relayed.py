"""Calls that another process holds the connection of, as replicas of Ray Serve get them.

Such a call comes with a context that is sent back with every message of the answer, and with
messages only: so a status travels in the context of an empty message, which `relaying` takes out
again before the caller. No message of mujaz.v1 is empty.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, NoReturn, Protocol, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import Message

from mujaz_server.rpc.call import Context, Metadata
from mujaz_server.rpc.concerns import InFlight
from mujaz_server.rpc.server import SERVICE, make_edge
from mujaz_server.rpc.service import MujazService
from mujaz_server.rpc.tracing import Tracer
from mujaz_server.settings import Settings
from mujaz_server.telemetry import EdgeObserver

Reply = TypeVar("Reply", bound=Message)

TIME_LEFT = "x-mujaz-time-left"
"""Metadata: the seconds until the deadline of the caller, which gRPC tells its connection alone."""


class Carried(Protocol):
    """A context that is carried back and forth, as Ray Serve's is."""

    def invocation_metadata(self) -> Metadata:
        """What the caller sent before the request."""

    def set_code(self, code: grpc.StatusCode) -> None:
        """Says how the call ends."""

    def set_details(self, details: str) -> None:
        """Says it in words."""

    def set_trailing_metadata(self, trailing_metadata: list[Any]) -> None:
        """Says the rest of it."""


class RelayedContext:
    """Of `grpc.aio.ServicerContext` what the concerns and the methods ask of it."""

    def __init__(self, carried: Carried) -> None:
        self._carried = carried
        self._began = time.monotonic()
        left = dict(carried.invocation_metadata()).get(TIME_LEFT)
        self._left = None if left is None else float(left)

    def invocation_metadata(self) -> Metadata:
        """What the caller sent before the request."""
        return self._carried.invocation_metadata()

    def time_remaining(self) -> float | None:
        """Seconds until the deadline of the caller; None where it set none."""
        return None if self._left is None else self._left + self._began - time.monotonic()

    def done(self) -> bool:
        """Whether the call has ended, which only a cancellation tells here."""
        return False

    def set_trailing_metadata(self, trailers: Sequence[tuple[str, str | bytes]]) -> None:
        """Sets what the caller gets after the last message."""
        self._carried.set_trailing_metadata(list(trailers))

    async def abort(
        self, code: grpc.StatusCode, details: str, trailers: Sequence[tuple[str, str | bytes]]
    ) -> NoReturn:
        """Ends the call with a status.

        Raises:
            grpc.aio.AbortError: Always, as that of gRPC does.
        """
        self._carried.set_code(code)
        self._carried.set_details(details)
        self.set_trailing_metadata(trailers)
        raise grpc.aio.AbortError


class RelayedService:
    """The methods of a service, within the concerns of a server, for calls that are relayed.

    Raises (when made):
        RefusedFileError: The file of tokens is not what it should be.
    """

    def __init__(
        self,
        service: MujazService,
        settings: Settings,
        observer: EdgeObserver,
        tracer: Tracer | None = None,
    ) -> None:
        self._service = service
        in_flight = InFlight(settings.max_streams)
        in_flight.ready = True
        self._edge = make_edge(settings, observer, tracer, in_flight, service.quotas)

    async def answer(self, method: str, request: Message, carried: Carried, none: Reply) -> Reply:
        """Answers a call of one message; `none`: the status is in the context."""
        context = cast("Context", RelayedContext(carried))
        try:
            async with self._edge.entered(f"/{SERVICE}/{method}", context):
                reply: Reply = await getattr(self._service, method)(request, context)
                return reply
        except grpc.aio.AbortError:
            return none

    async def stream(
        self, method: str, request: Message, carried: Carried, none: Reply
    ) -> AsyncGenerator[Reply]:
        """Answers a call of many messages; `none`, the last: the status is in the context."""
        context = cast("Context", RelayedContext(carried))
        try:
            async with (
                self._edge.entered(f"/{SERVICE}/{method}", context),
                aclosing(getattr(self._service, method)(request, context)) as replies,
            ):
                async for reply in replies:
                    yield reply
        except grpc.aio.AbortError:
            yield none
