"""The proxy does to a connection what it says, and nothing where it says nothing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from robustness.faults import Action, Fault, Proxy

ANSWER = bytes(range(256)) * 40


@asynccontextmanager
async def answering(fault: Fault) -> AsyncIterator[tuple[Proxy, asyncio.StreamReader]]:
    """A connection through the proxy to a server that answers a line with `ANSWER`."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.readline():
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    target = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Proxy(target, lambda _: fault) as proxy:
        host, _, port = proxy.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"ask\n")
        try:
            yield proxy, reader
        finally:
            writer.close()
            server.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def test_a_sound_connection_is_forwarded_unchanged() -> None:
    async with answering(Fault()) as (proxy, reader):
        assert await reader.readexactly(len(ANSWER)) == ANSWER
        assert proxy.met == {"connections": 1}


@pytest.mark.parametrize(
    ("fault", "least_s"),
    [
        pytest.param(Fault(latency_s=0.05), 0.1, id="latency each way"),
        pytest.param(Fault(latency_s=0.05, jitter_s=0.001), 0.1, id="jitter on top"),
        pytest.param(Fault(bytes_per_s=len(ANSWER) * 10), 0.1, id="a rate"),
        pytest.param(Fault(latency_s=0.02, slice_bytes=100), 0.04, id="slices, in order"),
    ],
)
async def test_a_slow_connection_is_slow_and_loses_nothing(fault: Fault, least_s: float) -> None:
    started = time.monotonic()
    async with answering(fault) as (_, reader):
        assert await reader.readexactly(len(ANSWER)) == ANSWER
    assert time.monotonic() - started >= least_s


@pytest.mark.parametrize("action", ["half-close", "cut"])
async def test_a_connection_ends_after_so_many_bytes(action: Action) -> None:
    fault = Fault(after_bytes=1_000, slice_bytes=100, action=action)
    async with answering(fault) as (proxy, reader):
        assert await reader.read() == ANSWER[:1_000]
        assert proxy.met[action] == 1


async def test_a_reset_is_a_reset() -> None:
    fault = Fault(after_bytes=1_000, slice_bytes=100, action="reset")
    async with answering(fault) as (_, reader):
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(len(ANSWER))


async def test_a_stall_gives_nothing_more_and_then_cuts() -> None:
    fault = Fault(after_bytes=1_000, slice_bytes=100, action="stall", stall_s=0.1)
    async with answering(fault) as (_, reader):
        started = time.monotonic()
        assert await reader.read() == ANSWER[:1_000]
        assert time.monotonic() - started >= 0.1


async def test_a_target_that_is_gone_closes_the_connection() -> None:
    async with Proxy("127.0.0.1:1", lambda _: Fault()) as proxy:
        host, _, port = proxy.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        assert await reader.read() == b""
        writer.close()
