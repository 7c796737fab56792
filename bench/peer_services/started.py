"""A peer's process: started, measured, ended."""

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from peer_services.roster import PORT, Peer

_PATIENCE = 60  # seconds
_GREETING = "صباح الخير"


@dataclass(frozen=True, slots=True)
class Started:
    """A peer that translates.

    Attributes:
        peer: Which.
        port: Where.
        process: Its own.
        start_up: Seconds from its start to its first translation.
    """

    peer: Peer
    port: int
    process: "subprocess.Popen[bytes]"
    start_up: float

    def peak_bytes(self) -> int:
        """Returns the most memory that it and what it started have held."""
        first = psutil.Process(self.process.pid)
        return sum(_peak_bytes(each) for each in (first, *first.children(recursive=True)))


@contextmanager
def started(
    peer: Peer, folder: Path, variables: Mapping[str, str], runner: asyncio.Runner
) -> Iterator[Started]:
    """Starts a peer, yields it when it has translated one sentence, ends it.

    Raises:
        RuntimeError: it ends, or does not translate within a minute; its last words are told.
    """
    port, log = _free_port(), folder / f"{peer.name}.log"
    command = [part.replace(PORT, str(port)) for part in peer.command]
    began = time.perf_counter()
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, cwd=folder, env=variables)
    try:
        try:
            runner.run(_translates(peer, port, process))
        except (OSError, RuntimeError) as error:
            last = log.read_text("utf-8", "replace").strip()[-500:]
            raise RuntimeError(f"{peer.name} does not translate: {error}; {last}") from error
        yield Started(peer, port, process, time.perf_counter() - began)
    finally:
        process.kill()
        process.wait()


async def _translates(peer: Peer, port: int, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(_PATIENCE):
        while not await _listens(port):
            if process.poll() is not None:
                raise RuntimeError(f"it has ended with {process.returncode}")
            await asyncio.sleep(0.01)
        caller = peer.caller(port)
        await caller.connect()
        await caller.translate([_GREETING])
        await caller.close()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


def _peak_bytes(process: psutil.Process) -> int:
    """Returns the peak where the system tells it (Linux), and what is held now elsewhere."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return int(process.memory_info().rss)
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text("utf-8"))
    return 1024 * int(found[1]) if found else 0
