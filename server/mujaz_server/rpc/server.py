"""The gRPC server: its ports, the chain around every call, health and reflection."""

import asyncio
import contextlib
from pathlib import Path

import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from mujaz.v1 import mujaz_pb2, mujaz_pb2_grpc
from mujaz_server.rpc import limits, tokens
from mujaz_server.rpc.access import Access
from mujaz_server.rpc.concerns import (
    InFlight,
    answered_with_status,
    observed,
    within_deadline,
)
from mujaz_server.rpc.edge import Edge
from mujaz_server.rpc.quotas import Quotas
from mujaz_server.rpc.service import MujazService
from mujaz_server.rpc.tls import TlsFiles, server_credentials
from mujaz_server.rpc.tracing import Tracer, traced
from mujaz_server.rpc.watched import Watched
from mujaz_server.settings import Settings
from mujaz_server.telemetry import EdgeObserver, FileObserver

SERVICE = mujaz_pb2.DESCRIPTOR.services_by_name["MujazService"].full_name
_HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_UNTIL_CUT_S = 86_400.0


class AddressInUseError(Exception):
    """The address to listen on cannot be bound."""


class RpcServer:
    """The edge of one server.

    NOT_SERVING, and refusing calls as UNAVAILABLE, until `ready` is called; the stock health
    servicer would say SERVING from the first moment on.

    Raises (when made):
        RefusedFileError: The file of tokens, or one of TLS, is not what it should be.
    """

    def __init__(
        self,
        service: MujazService,
        settings: Settings,
        observer: EdgeObserver,
        tracer: Tracer | None = None,
    ) -> None:
        self.in_flight = InFlight(settings.max_streams)
        self._credentials = _credentials(settings, observer)
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[make_edge(settings, observer, tracer, self.in_flight, service.quotas)],
            options=limits.api_options(settings),
        )
        mujaz_pb2_grpc.add_MujazServiceServicer_to_server(service, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if settings.reflects:
            names = (SERVICE, _HEALTH, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        # For probes that can neither speak TLS nor present a token.
        self._health_server = grpc.aio.server(
            interceptors=[Edge([answered_with_status(observer)], settings.stall_timeout)],
            options=limits.health_options(),
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._health_server)

    async def start(self, address: str, health_address: str = "") -> tuple[int, int | None]:
        """Binds the addresses and takes calls; returns the ports (0 for a Unix socket).

        Raises:
            AddressInUseError: An address cannot be bound.
        """
        await self._set_health(_NOT_SERVING)
        port = _bind(self._server, address, "--address", self._credentials)
        health_port = None
        if health_address:
            health_port = _bind(self._health_server, health_address, "--health-address")
            await self._health_server.start()
        await self._server.start()
        return port, health_port

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

        gRPC (1.85) cancels the calls of a null server where the grace of one stop passes just
        when another has ended, and the process dies; so only one of the two here has an end.
        """
        await self.in_flight.refuse()
        refusing = asyncio.create_task(self._server.stop(_UNTIL_CUT_S))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.in_flight.ended()
        await self._server.stop(None)
        await refusing
        await self.in_flight.ended()
        await self._health_server.stop(None)

    async def _set_health(self, status: int) -> None:
        for name in ("", SERVICE):
            await self._health.set(name, status)


def make_edge(
    settings: Settings,
    observer: EdgeObserver,
    tracer: Tracer | None,
    in_flight: InFlight,
    quotas: Quotas,
) -> Edge:
    """Returns all that surrounds a call of mujaz.v1.

    Raises:
        RefusedFileError: The file of tokens is not what it should be.
    """
    access = _access(settings, observer)
    return Edge(
        [
            traced(tracer),
            observed(observer),
            answered_with_status(observer),
            access,
            in_flight,
            quotas,
            within_deadline(settings.default_deadline),
        ],
        settings.stall_timeout,
        access.refusal,
    )


def _access(settings: Settings, observer: FileObserver) -> Access:
    if not settings.tokens:
        return Access(None)
    path = Path(settings.tokens)
    return Access(Watched([path], lambda: tokens.read(path), observer).latest)


def _credentials(settings: Settings, observer: FileObserver) -> grpc.ServerCredentials | None:
    if not settings.tls_certificate:
        return None
    return server_credentials(
        TlsFiles(
            Path(settings.tls_certificate),
            Path(settings.tls_key),
            Path(settings.tls_client_ca) if settings.tls_client_ca else None,
        ),
        observer,
    )


def _bind(
    server: grpc.aio.Server,
    address: str,
    flag: str,
    credentials: grpc.ServerCredentials | None = None,
) -> int:
    try:
        if credentials is None:
            return server.add_insecure_port(address)
        return server.add_secure_port(address, credentials)
    except RuntimeError:
        raise AddressInUseError(
            f"cannot listen on {address}: the port is taken, or the address is not one of this "
            f"machine; choose another with {flag}"
        ) from None
