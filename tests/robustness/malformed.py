"""Promise 10, on the wire: a malformed call harms nobody and is told what is wrong with it."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import grpc.aio

from malformed import CANARY
from mujaz.v1 import mujaz_pb2_grpc
from robustness import raw
from robustness.cases import MAX_CODE_POINTS, MAX_SENTENCES, Case, cases
from robustness.promise import Row
from robustness.raw import Told
from robustness.servers import ScriptedServer, scripted_server
from statuses import unpacked

PROMISE = 10
SLOW_S = 1.0
_PATIENCE_S = 5.0
_TRIES = 3
_GRPCS_OWN = {"INTERNAL", raw.RESET}
# A class of Python or of C++, a path of ours or of the library's, an address, a traceback.
_INSIDE = re.compile(
    r"\w+(?:Error|Exception)\b|<class|Traceback|mujaz_\w+|\.(?:py|cc|h|so)\b|0x[0-9a-f]{6,}"
    r"|/(?:usr|home|root|tmp|secret|site-packages)/"
)


@dataclass(frozen=True, slots=True)
class Size:
    """How many calls, and after how many a good one."""

    calls: int
    canary_after: int = 100


SHORT = Size(1_000)
LONG = Size(10_000)
Answer = tuple[Case, Told]


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Makes the calls one after the other, so that each one's time is its own."""
    wanted = cases(size.calls, seed=10)
    canaries: list[str] = []
    answers: list[Answer] = []
    limits = {"max_code_points": MAX_CODE_POINTS, "max_sentences": MAX_SENTENCES}
    with scripted_server(defect=defect, **limits) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            for start in range(0, len(wanted), size.canary_after):
                some = wanted[start : start + size.canary_after]
                answers += [(case, await _told(server, channel, case)) for case in some]
                canaries.append(await _canary(channel))
        defects = await asyncio.to_thread(_defects, server)
    return judged(answers, canaries, defects)


def judged(answers: Sequence[Answer], canaries: Sequence[str], defects: int) -> list[Row]:
    """The figures of the calls, of the good ones between them, and of the server's log."""
    wrong = [(case, told) for case, told in answers if told.code != case.expected]
    ours = [
        (case, told)
        for case, told in answers
        if told.code in {"UNKNOWN", "INTERNAL"} and (told.ours or not case.of_grpc)
    ]
    leaks = [(case, told) for case, told in answers if _INSIDE.search(told.message)]
    slowest, slow_kind = max((told.seconds, case.kind) for case, told in answers)
    own = sum(told.code in _GRPCS_OWN and not told.ours for _, told in answers)
    return [
        _none("malformed calls with another status than is right", wrong, len(answers)),
        _none("UNKNOWN or INTERNAL said by mujaz", ours, len(answers)),
        _none("messages that tell of the inside", leaks, len(answers)),
        Row(
            PROMISE,
            "the slowest malformed call",
            f"<= {SLOW_S:g} s",
            f"{slowest * 1000:.0f} ms ({slow_kind}); {own} were ended by gRPC alone",
            slowest <= SLOW_S,
        ),
        Row(
            PROMISE,
            "good calls answered, one after each hundred",
            f"{len(canaries)}",
            f"{canaries.count('OK')}, and {defects} defects in the log",
            set(canaries) == {"OK"} and defects == 0,
        ),
    ]


def _none(what: str, found: Sequence[Answer], of: int) -> Row:
    """A row that is kept where nothing was found; it tells the commonest kinds of what was."""
    kinds = Counter(f"{case.kind}: {told.code or 'no answer'}" for case, told in found)
    told = "".join(f"; {kind} ({count})" for kind, count in kinds.most_common(3))
    return Row(PROMISE, what, "0", f"{len(found)} of {of}{told}", not found)


async def _told(server: ScriptedServer, channel: grpc.aio.Channel, case: Case) -> Told:
    """What a call was told; one that was slow is made again, since it may be the machine that was.

    What is slow by itself is slow each time.
    """
    tries: list[Told] = []
    while len(tries) < _TRIES and (not tries or tries[-1].seconds > SLOW_S):
        tries.append(await _once(server, channel, case))
    return min(tries, key=lambda told: told.seconds)


async def _once(server: ScriptedServer, channel: grpc.aio.Channel, case: Case) -> Told:
    if case.headers:
        return await raw.call(server.address, case.headers, case.body, _PATIENCE_S)
    started = time.monotonic()
    try:
        code, message, ours = await _by_library(channel, case)
    except grpc.aio.AioRpcError as error:
        failed = unpacked(error)
        code, message, ours = failed.code, failed.message, failed.request_id is not None
    return Told(code, message, time.monotonic() - started, ours)


async def _by_library(channel: grpc.aio.Channel, case: Case) -> tuple[str, str, bool]:
    """Makes the call; returns only where it succeeds."""
    if case.path.endswith("Document"):
        stream = channel.unary_stream(case.path, _as_it_is, _as_it_is)
        async for _ in stream(case.data, timeout=_PATIENCE_S):
            pass
    else:
        unary = channel.unary_unary(case.path, _as_it_is, _as_it_is)
        await unary(case.data, timeout=_PATIENCE_S)
    return "OK", "", True


def _as_it_is(data: bytes) -> bytes:
    return data


async def _canary(channel: grpc.aio.Channel) -> str:
    try:
        await mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(CANARY, timeout=_PATIENCE_S)
    except grpc.aio.AioRpcError as error:
        return error.code().name
    return "OK"


def _defects(server: ScriptedServer) -> int:
    """How many defects the server has logged, once it has logged all of its calls."""
    server.calls_seen()
    return sum(line["event"] == "defect" for line in server.server.log)
