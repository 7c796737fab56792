"""The gRPC server: its options, the chain around every call, health and reflection."""

import asyncio
import contextlib
from collections.abc import Sequence

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from mujaz.v1 import mujaz_pb2, mujaz_pb2_grpc
from mujaz_server.rpc.concerns import (
    InFlight,
    answered_with_status,
    observed,
    within_deadline,
)
from mujaz_server.rpc.edge import Edge
from mujaz_server.rpc.service import MujazService
from mujaz_server.settings import Settings
from mujaz_server.telemetry import CallObserver

SERVICE = mujaz_pb2.DESCRIPTOR.services_by_name["MujazService"].full_name
_METADATA_BYTES = 16 * 1024
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class AddressInUseError(Exception):
    """The address to listen on cannot be bound."""


class RpcServer:
    """The edge of one server.

    NOT_SERVING, and refusing calls as UNAVAILABLE, until `ready` is called; the stock health
    servicer would say SERVING from the first moment on.
    """

    def __init__(self, service: MujazService, settings: Settings, observer: CallObserver) -> None:
        self.in_flight = InFlight(settings.max_streams)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[
                Edge(
                    [
                        observed(observer),
                        answered_with_status(observer),
                        self.in_flight,
                        within_deadline(settings.default_deadline),
                    ],
                    settings.stall_timeout,
                )
            ],
            options=_options(settings),
        )
        mujaz_pb2_grpc.add_MujazServiceServicer_to_server(service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflection:
            names = (SERVICE, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name)
            reflection_names = (*names, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(reflection_names, self._server)

    async def start(self, address: str) -> int:
        """Binds the address and takes calls; returns the port (0 for a Unix socket).

        Raises:
            AddressInUseError: The address cannot be bound.
        """
        await self._set_health(_NOT_SERVING)
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError:
            raise AddressInUseError(
                f"cannot listen on {address}: the port is taken, or the address is not one of "
                "this machine; choose another with --address"
            ) from None
        await self._server.start()
        return port

    async def ready(self) -> None:
        """Says SERVING, and admits calls."""
        self.in_flight.ready = True
        await self._set_health(_SERVING)

    async def not_serving(self) -> None:
        """Says NOT_SERVING for good; calls are still taken, for balancers learn late."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace: float) -> None:
        """Refuses new calls, lets those in progress end within `grace` seconds, then cuts them.

        Returns when every handler has run its last line. A watch of health is a call in progress
        to gRPC and would hold the grace to its end, so only those of mujaz.v1 are waited for.
        """
        self.in_flight.draining = True
        refusing = asyncio.create_task(self._server.stop(grace))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.in_flight.ended()
        await self._server.stop(None)
        await refusing
        await self.in_flight.ended()

    async def _set_health(self, status: int) -> None:
        for name in ("", SERVICE):
            await self._health.set(name, status)


def _options(settings: Settings) -> Sequence[tuple[str, int]]:
    return (
        # A second server on the same port would otherwise bind without an error.
        ("grpc.so_reuseport", 0),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # On one connection; above our own limit, since streams over this one wait in the client
        # without a word, and health checks on the same connection with them.
        ("grpc.max_concurrent_streams", settings.max_streams + 64),
        # Alike, since between a soft and a hard limit requests are refused at random.
        ("grpc.max_metadata_size", _METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
        # Clients may ping every 10 s, on silent streams too; the default answers GOAWAY under
        # five minutes.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.keepalive_time_ms", 120_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.max_connection_idle_ms", 30 * 60_000),
    )
