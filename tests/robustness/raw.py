"""One call over HTTP/2 as no gRPC library would make it: any headers, any bytes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

RESET = "RESET"
"""The code of a call whose stream or connection was ended without a status."""
_CODES = {code.value[0]: code.name for code in grpc.StatusCode}
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a call.

    Attributes:
        code: The name of its status, `RESET`, or nothing where no answer came.
        message: What the status says.
        seconds: How long it took.
        ours: Whether mujaz answered; else it was gRPC itself, before any of our code.
    """

    code: str
    message: str
    seconds: float
    ours: bool


def usual_headers(path: str) -> list[tuple[str, str]]:
    """The headers of a call that means well."""
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
    ]


def framed(message: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """A message with gRPC's own prefix in front, which may lie."""
    size = len(message) if length is None else length
    return bytes([flag]) + size.to_bytes(4, "big") + message


async def call(address: str, headers: Headers, body: bytes, patience_s: float) -> Told:
    """Makes a call on a connection of its own and waits for its end."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    config = H2Configuration(
        client_side=True,
        header_encoding="utf-8",
        normalize_outbound_headers=False,
        validate_outbound_headers=False,
    )
    started = time.monotonic()
    answer: dict[str, str] = {}
    code = ""
    try:
        async with asyncio.timeout(patience_s):
            code = await _exchanged(reader, writer, H2Connection(config), (headers, body), answer)
    except TimeoutError:
        pass
    except ConnectionError:
        code = RESET
    finally:
        writer.close()
    seconds = time.monotonic() - started
    if "grpc-status" in answer:
        code = _CODES.get(int(answer["grpc-status"]), answer["grpc-status"])
    return Told(code, unquote(answer.get("grpc-message", "")), seconds, "x-request-id" in answer)


async def _exchanged(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    connection: H2Connection,
    request: tuple[Headers, bytes],
    answer: dict[str, str],
) -> str:
    """Fills in the headers of the answer; returns `RESET` where the stream did not end well."""
    headers, body = request
    connection.initiate_connection()
    connection.send_headers(1, headers, end_stream=not body)
    if body:
        connection.send_data(1, body, end_stream=True)
    writer.write(connection.data_to_send())
    while data := await reader.read(65_536):
        try:
            events = connection.receive_data(data)
        except ProtocolError:
            return RESET
        if any(_ended(event, answer) for event in events):
            return "" if "grpc-status" in answer else RESET
        writer.write(connection.data_to_send())
    return RESET


def _ended(event: Event, answer: dict[str, str]) -> bool:
    if isinstance(event, ResponseReceived | TrailersReceived):
        answer.update((str(name), str(value)) for name, value in event.headers or ())
    return isinstance(event, StreamEnded | StreamReset | ConnectionTerminated)
