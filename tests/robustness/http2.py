"""Promise 10, below gRPC: abuse of HTTP/2 costs those who mean well little.

A healthy caller goes on all the time, in a process of its own; the attacks of `abuse` come one
after the other. What it met is judged by when its calls were meant to start.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

import psutil

from mujaz_server.settings import Settings
from robustness.abuse import ATTACKS, Attack, attack
from robustness.history import Call, Event, generating, quantile
from robustness.overload import CAPACITY, SECONDS_PER_TOKEN, THREADS
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row
from robustness.servers import ScriptedServer, scripted_server

PROMISE = 10
TIMES = 2.0
RECOVERY_S = 2.0
MAX_GROWTH = 50_000_000
_MAX_STREAMS = Settings().max_streams
_NORMAL = 1.2
_WARM_S = 1.0
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Size:
    """How long.

    Attributes:
        alone_s: The healthy caller alone, before.
        attack_s: Each attack at most.
        calm_s: After each attack; over `RECOVERY_S`, or that attack's recovery is not judged. A p99
            of a hundred calls is the second slowest of them, so one unlucky batch would make it.
        times: What the healthy caller's p99 may grow by. In the short form the attacker, the
            generator and whatever else goes on share two cores, and a p99 is one call.
        normal_s: What it may be later than before, once an attack is over.
        growth: Bytes that the server may grow by.
    """

    alone_s: float
    attack_s: float
    calm_s: float
    times: float = TIMES
    normal_s: float = 0.01
    growth: int = MAX_GROWTH


SHORT = Size(2.0, 1.0, 0.0, times=10.0, normal_s=0.3, growth=2 * MAX_GROWTH)
LONG = Size(15.0, 8.0, 18.0)
RATE = CAPACITY / 2
_END_S = 3.0


@dataclass(frozen=True, slots=True)
class Window:
    """One attack: when it was, and how many of its frames were sent.

    Attributes:
        growth: Bytes that the server had at its most, over what it had before all attacks.
    """

    name: str
    began: float
    ended: float
    sent: int
    growth: int = 0


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Attacks a server while a healthy caller calls it."""
    seconds = _WARM_S + size.alone_s + len(ATTACKS) * (size.attack_s + size.calm_s + 1) + _END_S
    phase = Phase("healthy", RATE, seconds)
    with scripted_server(
        SECONDS_PER_TOKEN,
        defect=defect,
        threads=THREADS,
        batch_tokens=64,
        max_streams=_MAX_STREAMS,
    ) as server:
        async with generating(Plan([server.address], [phase], [Kind()])) as healthy:
            await _until_called(server)
            await asyncio.sleep(_WARM_S + size.alone_s)
            before = _memory(server)
            windows = [await _window(server, what, size, before) for what in ATTACKS]
            history = await healthy
        crowd = most_at_once(_ended(server))
    rows = judged(history.calls, windows, size)
    return [*rows, *inside(windows, crowd, size), history.kept_up(PROMISE)]


async def _until_called(server: ScriptedServer) -> None:
    """Waits for the healthy caller's first call, however long its process takes to start."""
    while True:
        if await asyncio.to_thread(server.calls_seen):
            return
        await asyncio.sleep(_LOOK_S)


async def _window(server: ScriptedServer, what: Attack, size: Size, before: int) -> Window:
    watch = asyncio.create_task(_most_memory(server))
    began, ended, sent = await attack(server.address, what, size.attack_s)
    await asyncio.sleep(size.calm_s)
    watch.cancel()
    return Window(what.name, began, ended, sent, await watch - before)


def judged(calls: Sequence[Call], windows: Sequence[Window], size: Size) -> list[Row]:
    """What a healthy caller met before, during and after each attack."""
    start = min(call.meant["intended"] for call in calls) + _WARM_S
    alone = _p99(calls, start, windows[0].began)
    failed = [call.code or "none" for call in calls if call.code != "OK"]
    rows = [
        Row(
            PROMISE,
            "healthy calls that failed beside abuse of HTTP/2",
            "0",
            f"{len(failed)} of {len(calls)} {', '.join(sorted(set(failed)))}".rstrip(),
            not failed,
        )
    ]
    ends = [*(window.began for window in windows[1:]), math.inf]
    for window, end in zip(windows, ends, strict=True):
        share = _p99(calls, window.began, window.ended) / alone
        rows.append(
            Row(
                PROMISE,
                f"a healthy caller's p99 during {window.name}",
                f"<= {size.times:g} times",
                f"{share:.2f} times ({alone * 1000:.0f} ms alone), {window.sent} sent in "
                f"{window.ended - window.began:.1f} s",
                window.sent > 0 and share <= size.times,
            )
        )
        since = window.ended + RECOVERY_S
        if end > since:
            after = _p99(calls, since, end)
            normal = alone * _NORMAL + size.normal_s
            what = f"{RECOVERY_S:g} s after {window.name}"
            count = sum(since <= call.meant["intended"] < end for call in calls)
            told = f"{after * 1000:.0f} ms, of {count} calls"
            rows.append(Row(PROMISE, what, f"<= {normal * 1000:.0f} ms", told, after <= normal))
    return rows


def inside(windows: Sequence[Window], crowd: int, size: Size) -> list[Row]:
    """What the server itself went through: its memory in each attack, its calls at once."""
    rows = [
        Row(
            PROMISE,
            f"memory at its most in {window.name}, since before all",
            f"<= +{size.growth / 1e6:g} MB",
            f"{window.growth / 1e6:+.1f} MB",
            window.growth <= size.growth,
        )
        for window in windows
    ]
    most = f"<= {_MAX_STREAMS}"
    kept = 0 < crowd <= _MAX_STREAMS
    return [*rows, Row(PROMISE, "calls admitted at once, by the log", most, f"{crowd}", kept)]


def most_at_once(ended: Iterable[Event]) -> int:
    """The most calls that were in progress together, without those refused for being too many.

    The log gives an end to the microsecond and a duration to a tenth of a millisecond, so each
    call counts as shorter by that.
    """
    steps: list[tuple[float, int]] = []
    for line in ended:
        if line.get("reason") != "TOO_MANY_STREAMS":
            last = datetime.fromisoformat(str(line["timestamp"])).timestamp()
            first = last - float(line["seconds"]) + 1e-4
            steps += [(first, 1), (max(first, last), -1)]
    return max(accumulate(step for _, step in sorted(steps)), default=0)


def _ended(server: ScriptedServer) -> list[Event]:
    return [line for line in server.server.log if line["event"] == "call ended"]


def _p99(calls: Sequence[Call], since: float, until: float) -> float:
    """Infinite where no call was meant to start in that time: nothing is known of it then."""
    some = [call.seconds for call in calls if since <= call.meant["intended"] < until]
    return quantile(some, 0.99) if some else math.inf


def _memory(server: ScriptedServer) -> int:
    """The memory that a server has, in bytes."""
    return int(psutil.Process(server.server.process.pid).memory_info().rss)


async def _most_memory(server: ScriptedServer) -> int:
    """Looks at a server's memory until it is cancelled; returns the most there was."""
    most = 0
    try:
        while True:
            most = max(most, _memory(server))
            await asyncio.sleep(_LOOK_S)
    except asyncio.CancelledError:
        return most
