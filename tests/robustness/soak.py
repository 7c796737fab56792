"""Promise 9: a long life at 0.8 of capacity leaves memory, descriptors and latency where they were.

Windows of load follow one another, each with callers of its own: steady ones, and others who
cancel, send nonsense, and whose connections break. Between two windows everything comes to rest,
and what the server then holds is noted. Beside the server runs one that leaks a little, under the
same load: a slope that is not found there proves nothing here.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from robustness.cancelling import settled
from robustness.documents import breaking
from robustness.faults import Proxy
from robustness.history import History, generated, quantile
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row
from robustness.servers import Inside, ScriptedServer, scripted_server
from robustness.trend import Trend, trend
from robustness.validate import UNDER_FAULTS, violations

PROMISE = 9
WORDS = 10
THREADS = 2
_HOUR_S = 3600.0
_MB = 1e6
_TIMED = "TranslateText"
_STEADY = [Kind(_TIMED, 5.0, words=WORDS), Kind("SummarizeDocument", 1.0, (1, 12), WORDS)]
_ROUGH = [
    Kind("SummarizeDocument", 3.0, (1, 12), WORDS),
    Kind("TranslateDocument", 2.0, (1, 12), WORDS, fate="cancel"),
    Kind("SummarizeDocument", 2.0, (1, 12), WORDS, fate="cancel", quality="BALANCED"),
    Kind("TranslateText", 1.0, words=WORDS, fate="cancel"),
    Kind("TranslateDocument", 0.5, (1, 12), WORDS, deadline=(0.01, 0.5)),
    Kind(weight=1.0, fate="malformed"),
]
_SHARE = 0.4
"""Of capacity, that each of the two kinds of callers asks for."""


@dataclass(frozen=True, slots=True)
class Size:
    """How long, and how exact it can be.

    Attributes:
        windows: How often the server is loaded and comes to rest.
        warm_up: Of them, those that are not counted.
        seconds: Of load in each window.
        seconds_per_token: The cost of the engine.
        growth: The slope of memory that is permitted, in MB an hour.
        drift: The growth of the p99 that is permitted, as a share of it; None: too short to say.
        seeded: The defect of the server beside it; empty: none runs.
    """

    windows: int
    warm_up: int
    seconds: float
    seconds_per_token: float
    growth: float
    drift: float | None
    seeded: str = ""

    @property
    def capacity(self) -> float:
        """Sentences a second."""
        return THREADS / self.seconds_per_token / WORDS


SHORT = Size(5, 1, 0.4, 0.0005, growth=7_200.0, drift=None)
LONG = Size(30, 6, 58.0, 0.001, growth=1.0, drift=0.1, seeded="leaks a little")


@dataclass(frozen=True, slots=True)
class Window:
    """One window of load.

    Attributes:
        at: The seconds of load until its end.
        inside: What it then held.
        p99: Of its steady one-sentence calls, in seconds.
        calls: How many it was of all kinds.
        wrong: What was wrong with them.
        steady: How the generator of its steady calls kept up.
    """

    at: float
    inside: Inside
    p99: float
    calls: int
    wrong: list[str]
    steady: Row


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Soaks a server, and beside it one with a seeded leak."""
    if not size.seeded:
        return judged(await _soaked(size, defect), size)
    windows, leaking = await asyncio.gather(_soaked(size, defect), _soaked(size, size.seeded))
    return [*judged(windows, size), seen(leaking, size)]


def judged(windows: Sequence[Window], size: Size) -> list[Row]:
    """The figures of a server: the windows after the warm-up."""
    counted = windows[size.warm_up :]
    first, last = counted[0].inside, counted[-1].inside
    memory = growth(counted)
    minutes = (counted[-1].at - counted[0].at) / 60
    rows = [
        Row(
            PROMISE,
            f"memory at rest over {minutes:.3g} minutes of load after a warm-up",
            f"<= {size.growth:g} MB/h",
            f"{_interval(memory)} ({first.rss / _MB:.1f} to {last.rss / _MB:.1f} MB)",
            memory.slope <= size.growth,
        ),
        Row(
            PROMISE,
            "the least slope of memory that these minutes can show",
            f"<= {size.growth:g} MB/h",
            f"{memory.margin:.2f} MB/h, of {len(counted)} points",
            memory.margin <= size.growth,
        ),
    ]
    rows += [
        Row(PROMISE, f"{name} at rest", f"<= {was}", f"{now}", now <= was)
        for name, was, now in (
            ("descriptors", first.descriptors, last.descriptors),
            ("threads", first.threads, last.threads),
            ("tasks", first.tasks, last.tasks),
            ("calls in progress", 0, last.calls),
        )
    ]
    wrong = [words for window in windows for words in window.wrong]
    total = sum(window.calls for window in windows)
    rows.append(
        Row(
            PROMISE,
            "calls that went wrong",
            "0",
            f"{len(wrong)} of {total}" + next((f" ({each})" for each in wrong), ""),
            total > 0 and not wrong,
        )
    )
    # The worst window speaks for all of them.
    short_of_time = min(counted, key=lambda window: window.steady.kept).steady
    moved = [] if size.drift is None else [drift(counted, size.drift)]
    return [*rows, *moved, short_of_time]


def seen(windows: Sequence[Window], size: Size) -> Row:
    """Whether the same measure finds the leak of the server beside it."""
    memory = growth(windows[size.warm_up :])
    return Row(
        PROMISE,
        f"a server that {size.seeded}, by the same measure",
        f"> {size.growth:g} MB/h, all of the interval",
        _interval(memory),
        memory.low > size.growth,
    )


def growth(windows: Sequence[Window]) -> Trend:
    """The slope of memory at rest, in MB an hour of load."""
    return trend([(each.at / _HOUR_S, each.inside.rss / _MB) for each in windows])


def drift(windows: Sequence[Window], bound: float) -> Row:
    """How far the p99 of steady calls has moved from the first window to the last."""
    usual = median(window.p99 for window in windows)
    began, ended = windows[0].at, windows[-1].at
    moved = trend([((each.at - began) / (ended - began), each.p99 / usual) for each in windows])
    return Row(
        PROMISE,
        "drift of the p99 of one-sentence calls",
        f"<= {bound:.0%}",
        f"{moved.slope:+.1%} ({moved.confidence:.0%}: {moved.low:+.1%} to {moved.high:+.1%}), "
        f"of {usual * 1000:.1f} ms",
        moved.slope <= bound,
    )


def _interval(memory: Trend) -> str:
    between = f"{memory.low:+.2f} to {memory.high:+.2f}"
    return f"{memory.slope:+.2f} MB/h ({memory.confidence:.0%}: {between})"


async def _soaked(size: Size, defect: str) -> list[Window]:
    windows: list[Window] = []
    with scripted_server(
        size.seconds_per_token, defect=defect, threads=THREADS, batch_tokens=64
    ) as server:
        async with Proxy(server.address, breaking()) as proxy:
            for number in range(size.windows):
                before = windows[size.warm_up].inside if len(windows) > size.warm_up else None
                windows.append(await _window(server, proxy, size, number, before))
    return windows


async def _window(
    server: ScriptedServer, proxy: Proxy, size: Size, number: int, before: Inside | None
) -> Window:
    steady, rough = await asyncio.gather(
        generated(_plan(server.address, _STEADY, size, number)),
        generated(_plan(proxy.address, _ROUGH, size, number)),
    )
    inside = await settled(server, before)
    # Of its log, only where it serves is needed; a line a call would fill this process instead.
    server.server.log[:] = [server.server.said("serving")]
    return Window(
        (number + 1) * size.seconds,
        inside,
        quantile([call.seconds for call in steady.calls if call.meant["method"] == _TIMED], 0.99),
        len(steady.calls) + len(rough.calls),
        _wrong(steady, rough),
        steady.kept_up(PROMISE),
    )


def _wrong(steady: History, rough: History) -> list[str]:
    found = violations(steady.calls) + violations(rough.calls, UNDER_FAULTS)
    return [f"{each.rule}: {each.words}" for each in found]


def _plan(address: str, kinds: list[Kind], size: Size, number: int) -> Plan:
    weights = sum(kind.weight for kind in kinds)
    sentences = sum(kind.weight * sum(kind.sentences) / 2 for kind in kinds) / weights
    phase = Phase("load", _SHARE * size.capacity / sentences, size.seconds)
    return Plan([address], [phase], kinds, seed=number)
