"""Promise 7: a server that is asked to stop loses nothing, and a rolling restart is not seen.

What was in flight is what the server had begun, by its own log, when it was asked. A call that it
never saw was new, and is told so: UNAVAILABLE. gRPC's core tells CANCELLED where it has taken a
call in as it shuts down (grpc/grpc#41785), which happens in the first moment alone.
"""

import asyncio
import math
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.lifecycle import EXIT_AT_ONCE
from robustness import restarts
from robustness.history import Call, Event, History, generating
from robustness.plan import Kind, Phase, Plan, tagged
from robustness.promise import Row, within
from robustness.restarts import POLL_S, PROMISE, SECONDS_PER_TOKEN, rate
from robustness.servers import ScriptedServer, scripted_server
from robustness.validate import violations

TOLD_S = 0.1
GRACE_S = 5.0
SPENT_GRACE_S = 1.0
LATE_S = 1.0
FIRST_MOMENT_S = 0.5
_LOAD_S = 4.0
_PATIENCE_S = GRACE_S + LATE_S + 1.0
_TOO_LONG = 10_000
_KINDS = [
    Kind("TranslateText", 4.0),
    Kind("SummarizeDocument", 3.0, (10, 60)),
    Kind("TranslateDocument", 1.0, (10, 60)),
]
"""Documents long enough for some to be in flight at any moment."""


@dataclass(frozen=True, slots=True)
class Size:
    """How often servers are asked to stop, and how often two are restarted in turn."""

    drains: int
    restarts: int


SHORT = Size(1, 2)
LONG = Size(20, 20)


@dataclass(frozen=True, slots=True)
class Drain:
    """One drain under load.

    Attributes:
        history: What the callers saw.
        ended: The server's log lines of ended calls, by their request ids.
        asked: When the signal was sent.
        told_s: After how long a watch of health read NOT_SERVING; infinite for never.
        status: The exit status; None where the process went on.
        took_s: From the signal to the exit.
    """

    history: History
    ended: Mapping[str, Event]
    asked: float
    told_s: float
    status: int | None
    took_s: float

    def begun(self) -> list[Call]:
        """The calls that the server took on."""
        return [
            call
            for call in self.history.calls
            if len(call.events) > 1
            or self.ended.get(f"call-{call.number}", {"reason": "DRAINING"}).get("reason")
            != "DRAINING"
        ]

    def in_flight(self) -> list[Call]:
        """Those that it had when it was asked to stop."""
        return [
            call
            for call in self.begun()
            if call.meant["t"] < self.asked < (call.status["t"] if call.status else math.inf)
        ]

    def new(self) -> list[Call]:
        """The calls that came when everybody could know."""
        return [
            call for call in self.history.calls if call.meant["t"] > self.asked + within(TOLD_S)
        ]


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Stops servers under load, then restarts two in turn behind our client and behind Envoy."""
    return [
        *await drains(size.drains, defect),
        await spent(defect),
        await hurried(defect),
        *await restarts.measured(size.restarts, defect),
    ]


async def drains(count: int, defect: str = "") -> list[Row]:
    """Asks servers to stop under load, at moments of chance."""
    chance = random.Random(7)
    return judged([await _drain(chance.randint(5, 40), defect) for _ in range(count)])


async def _drain(after_calls: int, defect: str) -> Drain:
    with _loaded(defect, GRACE_S) as server:
        plan = Plan([server.address], [Phase("load", rate(_KINDS), _LOAD_S)], _KINDS)
        async with generating(plan) as generator, _watched(server) as watch:
            while await asyncio.to_thread(server.calls_seen) < after_calls:  # noqa: ASYNC110  another process
                await asyncio.sleep(POLL_S)
            asked = _signal(server, signal.SIGTERM)
            told, status = await asyncio.gather(_told(watch), _exit(server))
            ended = time.monotonic()
            history = await generator
        lines = {str(line["request_id"]): line for line in _ended(server)}
    return Drain(history, lines, asked, told - asked, status, ended - asked)


def judged(drained: Sequence[Drain]) -> list[Row]:
    """The figures of all drains."""
    begun = [call for drain in drained for call in drain.begun()]
    lost = violations(begun)
    flying = sum(len(drain.in_flight()) for drain in drained)
    told = max(drain.told_s for drain in drained)
    slowest = max(drain.took_s for drain in drained)
    statuses = {drain.status for drain in drained}
    calls = [call for drain in drained for call in drain.history.calls]
    cpu = max(drain.history.cpu for drain in drained)
    return [
        Row(
            PROMISE,
            f"NOT_SERVING seen by a watch of health, the slowest of {len(drained)}",
            f"<= {within(TOLD_S) * 1000:.0f} ms",
            f"{told * 1000:.0f} ms",
            told <= within(TOLD_S),
        ),
        Row(
            PROMISE,
            f"calls lost of those in flight at SIGTERM, {len(drained)} times",
            "0",
            f"{len({each.call for each in lost})} of {flying}"
            + next((f" ({each})" for each in lost), ""),
            bool(flying) and not lost,
        ),
        _told_so(drained),
        Row(
            PROMISE,
            f"exit after SIGTERM, grace of {GRACE_S:g} s",
            f"0 in <= {GRACE_S + within(LATE_S):g} s",
            f"{', '.join(map(str, statuses))} in {slowest:.2f} s at most",
            statuses == {0} and slowest <= GRACE_S + within(LATE_S),
        ),
        History(calls, cpu).kept_up(PROMISE),
    ]


def _told_so(drained: Sequence[Drain]) -> Row:
    codes: Counter[str] = Counter()
    otherwise = 0
    for drain in drained:
        for call in drain.new():
            codes[call.code or "nothing"] += 1
            first = call.meant["t"] <= drain.asked + within(FIRST_MOMENT_S)
            unseen = f"call-{call.number}" not in drain.ended
            by_the_core = call.code == "CANCELLED" and first and unseen
            otherwise += call.code != "UNAVAILABLE" and not by_the_core
    told = ", ".join(f"{count} {code}" for code, count in codes.most_common())
    kept = codes["UNAVAILABLE"] > 0 and not otherwise
    return Row(PROMISE, "new calls are told", "UNAVAILABLE", told, kept)


async def spent(defect: str = "") -> Row:
    """A call that outlasts the grace is cut, and the server ends all the same."""
    with _loaded(defect, SPENT_GRACE_S) as server:
        async with _endless(server):
            asked = _signal(server, signal.SIGTERM)
            status = await _exit(server)
            took = time.monotonic() - asked
    return Row(
        PROMISE,
        f"exit when a call outlasts a grace of {SPENT_GRACE_S:g} s",
        f"0 in <= {SPENT_GRACE_S + within(LATE_S):g} s",
        f"{status} in {took:.2f} s",
        status == 0 and took <= SPENT_GRACE_S + within(LATE_S),
    )


async def hurried(defect: str = "") -> Row:
    """A second signal ends the server at once."""
    with _loaded(defect, GRACE_S) as server:
        async with _watched(server) as watch, _endless(server):
            _signal(server, signal.SIGTERM)
            await _told(watch)
            asked = _signal(server, signal.SIGTERM)
            status = await _exit(server)
            took = time.monotonic() - asked
    return Row(
        PROMISE,
        "exit after a second signal",
        f"{EXIT_AT_ONCE} in <= {within(LATE_S):g} s",
        f"{status} in {took:.2f} s",
        status == EXIT_AT_ONCE and took <= within(LATE_S),
    )


def _loaded(defect: str, grace: float) -> Any:
    return scripted_server(
        SECONDS_PER_TOKEN, defect=defect, threads=2, batch_tokens=64, drain_grace=grace
    )


def _signal(server: ScriptedServer, number: int) -> float:
    server.server.process.send_signal(number)
    return time.monotonic()


async def _exit(server: ScriptedServer) -> int | None:
    """The exit status, or None where the process is still there when it should be long gone."""
    try:
        return await asyncio.to_thread(server.server.wait, _PATIENCE_S)
    except subprocess.TimeoutExpired:
        return None


@asynccontextmanager
async def _watched(server: ScriptedServer) -> AsyncIterator[Any]:
    """A watch of health that has read SERVING."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        yield watch
        watch.cancel()


async def _told(watch: Any) -> float:
    """When the watch reads NOT_SERVING; infinite where it ends without that word."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while isinstance(reply := await watch.read(), health_pb2.HealthCheckResponse):
                if reply.status == health_pb2.HealthCheckResponse.NOT_SERVING:
                    return time.monotonic()
    except (grpc.aio.AioRpcError, TimeoutError):
        pass
    return math.inf


@asynccontextmanager
async def _endless(server: ScriptedServer) -> AsyncIterator[None]:
    """A document under way that takes far longer than any grace."""
    text = "\n".join(tagged(1, index) for index in range(_TOO_LONG))
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).SummarizeDocument(
            pb.SummarizeDocumentRequest(text=text)
        )
        await call.read()
        yield
        call.cancel()


def _ended(server: ScriptedServer) -> list[Event]:
    return [line for line in server.server.log if line["event"] == "call ended"]
