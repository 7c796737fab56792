"""Faults on the way and in the process: a TCP proxy that misbehaves, and signals.

The kernel of a test machine has no netem, so the proxy does what a bad network does: latency with
jitter, a rate, slices, and after so many bytes of answers one of `stall`, `half-close`, `reset` and
`cut`.
"""

import asyncio
import contextlib
import random
import signal
import socket
import struct
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

Action = Literal["none", "stall", "half-close", "reset", "cut"]
_CHUNK = 16 * 1024
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, for zero seconds: closing sends RST and drops what is unsent."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a connection suffers.

    Attributes:
        latency_s: One way; the order of bytes is kept.
        jitter_s: Added to it, evenly from 0 to this.
        bytes_per_s: The rate of each direction; 0 for no bound.
        slice_bytes: Bytes are written in pieces of this size; 0 for whole.
        after_bytes: Of answers, until `action`.
        action: Stall both directions and then cut, end the direction of answers, reset, or cut.
        stall_s: How long a stall lasts; None for good.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    bytes_per_s: float = 0.0
    slice_bytes: int = 0
    after_bytes: int = 0
    action: Action = "none"
    stall_s: float | None = None


class Proxy:
    """Forwards connections to a server, each with a fault of its own.

    Attributes:
        target: The server's `host:port`; new connections go to what it is then.
        met: How many connections have met each action, and how many there were: `connections`.
    """

    def __init__(self, target: str, fault: Callable[[random.Random], Fault], seed: int = 0) -> None:
        self.target = target
        self.met: Counter[str] = Counter()
        self._fault = fault
        self._chance = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.met["connections"] += 1
        task = asyncio.create_task(self._serve(reader, writer, self._fault(self._chance)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
    ) -> None:
        host, _, port = self.target.rpartition(":")
        try:
            to_reader, to_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        asking = asyncio.create_task(_pump(reader, to_writer, fault, self._chance))
        answering = asyncio.create_task(self._answer(to_reader, writer, fault))
        try:
            done, _ = await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
            if answering in done and answering.result():
                await self._suffer(fault, writer, asking)
        finally:
            asking.cancel()
            answering.cancel()
            await asyncio.gather(asking, answering, return_exceptions=True)
            for each in (writer, to_writer):
                each.close()
                with contextlib.suppress(ConnectionError):
                    await each.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault
    ) -> bool:
        """Returns whether it has come to the action; otherwise the connection has ended."""
        bound = fault.after_bytes if fault.action != "none" else None
        return await _pump(reader, writer, fault, self._chance, bound)

    async def _suffer(
        self, fault: Fault, writer: asyncio.StreamWriter, asking: asyncio.Task[bool]
    ) -> None:
        self.met[fault.action] += 1
        match fault.action:
            case "stall":
                asking.cancel()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(fault.stall_s):
                        await asyncio.Event().wait()
            case "half-close":
                writer.write_eof()
                await asyncio.wait({asking})
            case "reset":
                connection: socket.socket = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
                writer.transport.abort()
            case "cut" | "none":
                pass


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    fault: Fault,
    chance: random.Random,
    bound: int | None = None,
) -> bool:
    """Forwards bytes; returns True after `bound` of them, False at their end."""
    count, due = 0, 0.0
    with contextlib.suppress(ConnectionError):
        async for arrived, piece in _pieces(reader, fault):
            due = max(due, arrived + fault.latency_s + chance.uniform(0, fault.jitter_s))
            if fault.bytes_per_s:
                due += len(piece) / fault.bytes_per_s
            if (delay := due - time.monotonic()) > 0:
                await asyncio.sleep(delay)
            writer.write(piece)
            await writer.drain()
            count += len(piece)
            if bound is not None and count >= bound:
                return True
    return False


async def _pieces(reader: asyncio.StreamReader, fault: Fault) -> AsyncIterator[tuple[float, bytes]]:
    """What was read, in slices, each with the time it arrived."""
    while data := await reader.read(_CHUNK):
        arrived = time.monotonic()
        size = fault.slice_bytes or len(data)
        for start in range(0, len(data), size):
            yield arrived, data[start : start + size]


@contextlib.contextmanager
def stopped(process: subprocess.Popen[str]) -> Iterator[None]:
    """Holds a process by SIGSTOP until the block ends."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)
