"""Promise 6: deadlines are kept, and peers that stop or idle cost the others little."""

import asyncio
import math
import socket
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from robustness.faults import Fault, Proxy
from robustness.history import Call, Event, generated, quantile
from robustness.overload import CAPACITY, SECONDS_PER_TOKEN, THREADS, WORDS
from robustness.plan import Kind, Phase, Plan, tagged
from robustness.promise import Row, within
from robustness.servers import ScriptedServer, scripted_server

PROMISE = 6
LATE_S = 0.1
DEFAULT_DEADLINE_S = 0.5
_TRANSIT_S = 0.02
"""A deadline travels as the time that is left, so the server's is later by the way there."""
_ROUNDING = 1.01
"""gRPC rounds what is left up, by at most one part in a hundred."""
_STREAMS_A_CHANNEL = 20
_BATCH_TOKENS = 64
_QUIET_S = 4 * _BATCH_TOKENS * SECONDS_PER_TOKEN
"""Longer than any batch, or an engine at work would be taken for an idle one."""
_SMALL_WINDOW = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.http2.lookahead_bytes", 16_384),
    ("grpc.http2.bdp_probe", 0),
)
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
_RANGES = [(0.001, 0.02), (0.02, 0.2), (0.2, 2.0), (2.0, 10.0)]
_KINDS = [
    Kind(method, 1, sentences, WORDS, deadline=(low, min(high, 10.0)))
    for method, sentences in (("TranslateText", (1, 1)), ("SummarizeDocument", (1, 8)))
    for low, high in _RANGES
]


@dataclass(frozen=True, slots=True)
class Size:
    """How long, and how many peers stop reading or idle.

    Attributes:
        seconds: Of load with deadlines, and of the healthy caller, each time.
        stalled: Streams whose reader stops; 0: deadlines alone.
        idle: Connections that say nothing, or only that they are HTTP/2.
        stall_timeout: Of the server, in seconds; longer than the healthy caller is measured.
        times: What the healthy caller's p99 may grow by; None: too short to say.
    """

    seconds: float
    stalled: int
    idle: int
    stall_timeout: float
    times: float | None = 1.2


SHORT = Size(0.8, 10, 100, 1.6, times=None)
LONG = Size(20.0, 200, 1_000, 40.0)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Loads a server with calls of short patience, then with peers that stop."""
    if not size.stalled:
        return await _deadlines(size, defect)
    kept, default = await asyncio.gather(_deadlines(size, defect), _default())
    return [*kept, *default, *await _stalled(size)]


async def _deadlines(size: Size, defect: str) -> list[Row]:
    sentences = sum(sum(kind.sentences) / 2 for kind in _KINDS) / len(_KINDS)
    phase = Phase("2", 2 * CAPACITY / sentences, size.seconds)
    # The server takes its engine for quicker than it is, so that deadlines pass in the queue.
    with scripted_server(
        SECONDS_PER_TOKEN, claimed=1e6, defect=defect, threads=THREADS, batch_tokens=64
    ) as server:
        history = await generated(Plan([server.address], [phase], _KINDS))
        started = await asyncio.to_thread(server.rows, "started")
        ended = _ended(server)
    return [*judged(history.calls, started, ended), history.kept_up(PROMISE)]


def judged(
    calls: Sequence[Call], started: Sequence[Event], ended: Mapping[str, Event]
) -> list[Row]:
    """The figures of calls with deadlines, of the rows that were started, and of the log."""
    worked = started_after_deadline(calls, started)
    missed = [call for call in calls if call.code == "DEADLINE_EXCEEDED"]
    told = [call.seconds - _patience(call) for call in missed]
    kept_going = [
        ended[name]["t"] - call.meant["deadline"] * 1.0
        for call in calls
        if (name := f"call-{call.number}") in ended
    ]
    return [
        Row(
            PROMISE,
            "rows started after their deadline",
            "0",
            f"{len(worked)} of {len(started)}, {len(missed)} of {len(calls)} deadlines passed",
            not worked,
        ),
        _late("DEADLINE_EXCEEDED seen by the caller", told),
        _late("end of a call in the server", [each for each in kept_going if each > 0]),
    ]


def started_after_deadline(calls: Sequence[Call], started: Sequence[Event]) -> list[Event]:
    """Rows that the engine started though their call's deadline had passed."""
    deadlines = {
        call.number: call.meant["intended"] + _patience(call) * _ROUNDING + within(_TRANSIT_S)
        for call in calls
        if call.meant["deadline"] is not None
    }
    return [
        row for row in started if row["tag"] and row["t"] > deadlines.get(row["tag"][0], row["t"])
    ]


async def _default() -> list[Row]:
    """Calls that set no deadline get the server's."""
    kind = Kind("SummarizeDocument", sentences=(200, 200), words=WORDS)
    with scripted_server(
        SECONDS_PER_TOKEN, claimed=1e6, default_deadline=DEFAULT_DEADLINE_S
    ) as server:
        phase = Phase("none", workers=8, count=8)
        history = await generated(Plan([server.address], [phase], [kind]))
    late = [
        call.seconds - DEFAULT_DEADLINE_S
        for call in history.calls
        if call.code == "DEADLINE_EXCEEDED"
    ]
    return [_late("DEADLINE_EXCEEDED where no deadline is set", late)]


async def _stalled(size: Size) -> list[Row]:
    """A healthy caller alone, then beside peers that stop reading or never speak."""
    with scripted_server(
        SECONDS_PER_TOKEN,
        threads=THREADS,
        batch_tokens=_BATCH_TOKENS,
        stream_window=4,
        stall_timeout=size.stall_timeout,
    ) as server:
        alone = await _healthy(server, size.seconds)
        rss = (await asyncio.to_thread(server.inside)).rss
        async with _idle(server, size.idle), _unread(server, size.stalled):
            since = time.monotonic()
            beside = await _healthy(server, size.seconds)
            grown = (await asyncio.to_thread(server.inside)).rss - rss
            ended = await _ended_streams(server, size.stalled, since + size.stall_timeout + 5)
    ended_s = max((event["t"] for event in ended), default=math.inf) - since
    codes = {str(event["code"]) for event in ended}
    return [
        *([] if size.times is None else [_harmed(size, size.times, alone, beside)]),
        Row(
            PROMISE,
            f"stalled streams ended by a timeout of {size.stall_timeout:g} s",
            f"{size.stalled}",
            f"{len(ended)} ({', '.join(codes)}) after {ended_s:.1f} s",
            len(ended) == size.stalled
            and codes == {"DEADLINE_EXCEEDED"}
            and ended_s <= size.stall_timeout + within(2),
        ),
        Row(
            PROMISE,
            "memory of a stalled stream",
            "<= 1 MB",
            f"{grown / size.stalled / 1e6:.2f} MB",
            grown <= size.stalled * 1e6,
        ),
    ]


def _harmed(size: Size, times: float, alone: float, beside: float) -> Row:
    return Row(
        PROMISE,
        f"a healthy caller's p99 beside {size.stalled} stalled readers "
        f"and {size.idle} idle connections",
        f"<= {times} times",
        f"{beside / alone:.2f} times ({alone * 1000:.1f} ms, {beside * 1000:.1f} ms)",
        beside <= times * alone,
    )


async def _healthy(server: ScriptedServer, seconds: float) -> float:
    """The p99 of one-sentence calls, in seconds."""
    phase = Phase("healthy", CAPACITY / 2, seconds)
    calls = (await generated(Plan([server.address], [phase], [Kind()]))).calls
    assert all(call.code == "OK" for call in calls)
    return quantile([call.seconds for call in calls], 0.99)


@asynccontextmanager
async def _idle(server: ScriptedServer, count: int) -> AsyncIterator[None]:
    """Holds connections that say nothing, and as many that only say what they speak."""
    host, _, port = server.address.rpartition(":")
    with ExitStack() as stack:
        for number in range(count):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            if number % 2:
                connection.sendall(_PREFACE)
        yield


@asynccontextmanager
async def _unread(server: ScriptedServer, count: int) -> AsyncIterator[None]:
    """Holds streams whose answers are not taken from their connections any more."""
    text = "\n".join(tagged(40_000_000, index, 5, width=1_000) for index in range(20))
    request = pb.TranslateDocumentRequest(text=text)
    fault = Fault(after_bytes=1_000, action="stall")
    async with Proxy(server.address, lambda _: fault) as proxy, AsyncExitStack() as stack:
        for number in range(count):
            if number % _STREAMS_A_CHANNEL == 0:
                options = _SMALL_WINDOW
                channel = grpc.aio.insecure_channel(proxy.address, options=options)
                stack.push_async_callback(channel.close)
                stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            metadata = (("x-request-id", f"unread-{number}"),)
            call = stub.TranslateDocument(request, metadata=metadata)
            stack.callback(call.cancel)
        await _until_stuck(server, count)
        yield


async def _until_stuck(server: ScriptedServer, count: int) -> None:
    """Waits until all streams have begun and the engine has nothing to do for any of them."""
    rows = -1.0
    while True:
        counted = await asyncio.to_thread(server.counters)
        begun = counted["mujaz_calls_in_progress"] + len(_unread_ended(server))
        if begun == count and counted["mujaz_batch_rows_sum"] == rows:
            return
        rows = counted["mujaz_batch_rows_sum"]
        await asyncio.sleep(_QUIET_S)


async def _ended_streams(server: ScriptedServer, count: int, end: float) -> list[Event]:
    """The log lines of the unread streams, once all have ended or the time is up."""
    while True:
        ended = _unread_ended(server)
        if len(ended) == count or time.monotonic() > end:
            return ended
        await asyncio.sleep(0.05)


def _unread_ended(server: ScriptedServer) -> list[Event]:
    return [line for name, line in _ended(server).items() if name.startswith("unread")]


def _ended(server: ScriptedServer) -> dict[str, Event]:
    """The server's log lines of ended calls by their request ids, with `t` on our clock."""
    offset = time.time() - time.monotonic()
    return {
        str(line["request_id"]): line
        | {"t": datetime.fromisoformat(str(line["timestamp"])).timestamp() - offset}
        for line in server.server.log
        if line["event"] == "call ended"
    }


def _patience(call: Call) -> float:
    return float(call.meant["deadline"] - call.meant["intended"])


def _late(what: str, seconds: Sequence[float]) -> Row:
    worst = max(seconds, default=0.0)
    return Row(
        PROMISE,
        f"{what}, the latest of {len(seconds)}",
        f"<= {within(LATE_S) * 1000:.0f} ms late",
        f"{worst * 1000:.0f} ms late",
        bool(seconds) and worst <= within(LATE_S),
    )
