"""The limits that gRPC itself holds, before any of our code runs."""

from mujaz_server.settings import Settings

Options = tuple[tuple[str, int], ...]

METADATA_BYTES = 16 * 1024
HANDSHAKE_TIMEOUT_MS = 10_000
CONNECTION_IDLE_MS = 30 * 60_000
PING_INTERVAL_MS = 10_000
TARPIT_MS = 500
_MORE_STREAMS = 64
_HEALTH_MESSAGE_BYTES = 4 * 1024
_HEALTH_STREAMS = 64
_HEALTH_CONNECTIONS = 256


def api_options(settings: Settings) -> Options:
    """The limits of the port that serves the API."""
    streams = settings.max_streams + _MORE_STREAMS
    return (
        *_connection_options(settings.max_connections),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        # On one connection; above our own limit, since streams over this one wait in the client
        # without a word, and health checks on the same connection with them.
        ("grpc.max_concurrent_streams", streams),
        # Of one method, over all connections: calls that gRPC has and we have not seen, those that
        # were reset among them. More are told CANCELLED, which our client retries; so no fewer
        # than may be in progress, and not gRPC's 3,000, which floods of them turn into memory.
        # Alike, since between a soft and a hard limit calls are refused at random.
        ("grpc.server.max_pending_requests", streams),
        ("grpc.server.max_pending_requests_hard_limit", streams),
        # Calls in progress go on to their end; only the next ones need a new connection. gRPC
        # spreads the moment by a tenth, so that not all clients come at once (gRFC A9).
        ("grpc.max_connection_age_ms", round(settings.max_connection_age * 1000)),
    )


def health_options() -> Options:
    """The limits of the port that serves health alone."""
    return (
        *_connection_options(_HEALTH_CONNECTIONS),
        ("grpc.max_receive_message_length", _HEALTH_MESSAGE_BYTES),
        ("grpc.max_concurrent_streams", _HEALTH_STREAMS),
    )


def _connection_options(connections: int) -> Options:
    return (
        # A second server on the same port would otherwise bind without an error.
        ("grpc.so_reuseport", 0),
        ("grpc.max_allowed_incoming_connections", connections),
        # Whoever connects and says nothing holds a connection no longer than this.
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_TIMEOUT_MS),
        # Alike, since between a soft and a hard limit requests are refused at random.
        ("grpc.max_metadata_size", METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", METADATA_BYTES),
        # No request may be compressed; such a call is UNIMPLEMENTED. gRPC unpacks up to the limit
        # of a message in the thread that serves all: 33 kB of zeros hold everybody up for 40 ms.
        ("grpc.compression_enabled_algorithms_bitset", 1),
        # gRPC slows down whoever breaks the protocol, by up to a second, and holds the stream.
        ("grpc.http.tarpit_max_duration_ms", TARPIT_MS),
        # Clients may ping every 10 s, on silent streams too; the default answers GOAWAY under
        # five minutes.
        ("grpc.http2.min_ping_interval_without_data_ms", PING_INTERVAL_MS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.keepalive_time_ms", 120_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.max_connection_idle_ms", CONNECTION_IDLE_MS),
    )
