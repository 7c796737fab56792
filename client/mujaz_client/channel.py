"""How the client connects: retries, keepalive, limits, credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc

from mujaz_client.options import Tls

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_TARGET = "localhost:50051"
_SERVICE = "mujaz.v1.MujazService"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

# gRFC A6 and AIP-4221. The server refuses before its first header, so that a retry is possible,
# and says by `grpc-retry-pushback-ms` when to come back or that a retry cannot help.
# CANCELLED is what gRPC's core tells a call that it had taken in as its server stopped, unseen by
# the server (grpc/grpc#41785); what the caller itself cancels is never retried.
# The three waits are 1.3 s in all, longer than those between connections. A restarting server may
# refuse many calls in one moment: of 100 tokens 50 may go before retries are held back.
# No healthCheckConfig: behind a proxy its Watch would tell of one server and stop calls to all.
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.1},
    "methodConfig": [
        {
            "name": [{"service": _SERVICE}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED"],
            },
        }
    ],
}

# gRPC's own are 1 s, growing to 2 minutes: by then the next server of a rolling restart is gone.
_FIRST_RECONNECT_MS = 100
_RECONNECT_MS = 500

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.initial_reconnect_backoff_ms", _FIRST_RECONNECT_MS),
    ("grpc.max_reconnect_backoff_ms", _RECONNECT_MS),
    # A server of mujaz permits a ping every 10 s; a long document may be silent for minutes.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A request larger than this buffer is never retried, and the default is 256 KiB.
    ("grpc.per_rpc_retry_buffer_size", MAX_MESSAGE_BYTES),
)


Secure: TypeAlias = bool | bytes | Tls


def _credentials(secure: Secure) -> grpc.ChannelCredentials | None:
    if secure is False:
        return None
    if isinstance(secure, Tls):
        return grpc.ssl_channel_credentials(secure.roots, secure.key, secure.certificate)
    return grpc.ssl_channel_credentials(None if secure is True else secure)


def open_asyncio(target: str, *, secure: Secure) -> grpc.aio.Channel:
    """A channel for one event loop. `secure` is True, roots in PEM, or a `Tls`, for TLS."""
    credentials = _credentials(secure)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=_OPTIONS)


def open_threaded(target: str, *, secure: Secure) -> grpc.Channel:
    """A channel for any thread. `secure` is True, roots in PEM, or a `Tls`, for TLS."""
    credentials = _credentials(secure)
    if credentials is None:
        return grpc.insecure_channel(target, options=_OPTIONS)
    return grpc.secure_channel(target, credentials, options=_OPTIONS)


def call_metadata(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of each call: the bearer token, where there is one."""
    return (("authorization", f"Bearer {token}"),) if token else ()
