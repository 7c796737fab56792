"""How the client connects: retries, keepalive, limits, credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_TARGET = "localhost:50051"
_SERVICE = "mujaz.v1.MujazService"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

# gRFC A6 and AIP-4221. The server refuses before its first header, so that a retry is possible,
# and says by `grpc-retry-pushback-ms` when to come back or that a retry cannot help.
# No healthCheckConfig: its Watch would be one more stream for a draining server to wait for.
_SERVICE_CONFIG = {
    "loadBalancingConfig": [{"round_robin": {}}],
    "retryThrottling": {"maxTokens": 10, "tokenRatio": 0.1},
    "methodConfig": [
        {
            "name": [{"service": _SERVICE}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
            },
        }
    ],
}

_OPTIONS: Sequence[tuple[str, Any]] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    # A server of mujaz permits a ping every 10 s; a long document may be silent for minutes.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A request larger than this buffer is never retried, and the default is 256 KiB.
    ("grpc.per_rpc_retry_buffer_size", MAX_MESSAGE_BYTES),
)


def _credentials(secure: bool | bytes) -> grpc.ChannelCredentials | None:  # noqa: FBT001 - True means the system's roots
    if secure is False:
        return None
    return grpc.ssl_channel_credentials(None if secure is True else secure)


def open_asyncio(target: str, *, secure: bool | bytes) -> grpc.aio.Channel:
    """A channel for one event loop. `secure` is True, or root certificates in PEM, for TLS."""
    credentials = _credentials(secure)
    if credentials is None:
        return grpc.aio.insecure_channel(target, options=_OPTIONS)
    return grpc.aio.secure_channel(target, credentials, options=_OPTIONS)


def open_threaded(target: str, *, secure: bool | bytes) -> grpc.Channel:
    """A channel for any thread. `secure` is True, or root certificates in PEM, for TLS."""
    credentials = _credentials(secure)
    if credentials is None:
        return grpc.insecure_channel(target, options=_OPTIONS)
    return grpc.secure_channel(target, credentials, options=_OPTIONS)


def call_metadata(token: str) -> tuple[tuple[str, str], ...]:
    """The metadata of each call: the bearer token, where there is one."""
    return (("authorization", f"Bearer {token}"),) if token else ()
