"""Promise 3: of documents read, cancelled and malformed under faults, nothing is lost or crossed.

Each sentence says in source and translation whose it is. Connections go through proxies that delay,
slice, stall, half-close, reset and cut them; the engine raises and returns too few on some
sentences; the server is held by SIGSTOP, and killed and started anew on the way.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from robustness.engine import DOUBTFUL, RAISES, TOO_FEW
from robustness.faults import Action, Fault, Proxy, stopped
from robustness.history import History, generating
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row
from robustness.servers import ScriptedServer, scripted_server
from robustness.validate import RULES, UNDER_FAULTS, violations

PROMISE = 3
SECONDS_PER_TOKEN = 0.0001
WORKERS = 32
_POLL_S = 0.05
_STOPPED_S = 0.3
_DEADLINE = (20.0, 20.0)
_SIZE = (1, 12)
_KINDS = [
    Kind("TranslateText", 0.15, _SIZE, deadline=_DEADLINE),
    Kind("TranslateDocument", 0.24, _SIZE, deadline=_DEADLINE),
    Kind("SummarizeDocument", 0.24, _SIZE, deadline=_DEADLINE, quality="BALANCED"),
    Kind("SummarizeDocument", 0.04, _SIZE, deadline=_DEADLINE, extra=RAISES, extra_share=0.1),
    Kind("TranslateDocument", 0.04, _SIZE, deadline=_DEADLINE, extra=TOO_FEW, extra_share=0.1),
    Kind("TranslateDocument", 0.04, _SIZE, deadline=_DEADLINE, extra=DOUBTFUL, extra_share=0.3),
    Kind("SummarizeDocument", 0.20, _SIZE, deadline=_DEADLINE, fate="cancel"),
    Kind(weight=0.05, fate="malformed"),
]
_ACTIONS: list[Action] = ["stall", "half-close", "reset", "cut"]


@dataclass(frozen=True, slots=True)
class Size:
    """How many documents."""

    documents: int


SHORT = Size(400)
LONG = Size(10_000)


def sound(_: random.Random) -> Fault:
    """A connection without faults."""
    return Fault()


def slow(chance: random.Random) -> Fault:
    """A connection that is slow and lumpy, and ends well."""
    return Fault(
        latency_s=chance.uniform(0, 0.01),
        jitter_s=0.005,
        bytes_per_s=2e6,
        slice_bytes=chance.choice([0, 100, 1_000]),
    )


def breaking() -> Callable[[random.Random], Fault]:
    """Connections that break after some documents, one in each way in turn."""
    actions = itertools.cycle(_ACTIONS)

    def broken(chance: random.Random) -> Fault:
        return Fault(after_bytes=chance.randint(500, 15_000), action=next(actions), stall_s=0.3)

    return broken


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Sends the documents and validates what came back."""
    async with AsyncExitStack() as stack:
        first, second = (
            stack.enter_context(scripted_server(SECONDS_PER_TOKEN, defect=defect)) for _ in range(2)
        )
        proxies = [
            await stack.enter_async_context(Proxy(first.address, fault, seed))
            for seed, fault in enumerate([sound, slow, slow, breaking()])
        ]
        phase = Phase("all", workers=WORKERS, count=size.documents)
        plan = Plan([proxy.address for proxy in proxies], [phase], _KINDS)
        async with generating(plan) as generator:
            await _seen(first, size.documents // 4)
            with stopped(first.server.process):
                await asyncio.sleep(_STOPPED_S)
            await _seen(first, size.documents // 2)
            for proxy in proxies:
                proxy.target = second.address
            first.server.process.kill()
            history = await generator
        met = sum((proxy.met for proxy in proxies), Counter[str]())
    return judged(history, met)


async def _seen(server: ScriptedServer, calls: int) -> None:
    while await asyncio.to_thread(server.calls_seen) < calls:  # noqa: ASYNC110  another process
        await asyncio.sleep(_POLL_S)


def judged(history: History, met: Counter[str]) -> list[Row]:
    """The figures of a recorded run; `met` counts the faults that happened."""
    found = violations(history.calls, UNDER_FAULTS)
    by_rule = Counter(each.rule for each in found)
    codes = Counter(call.code or "none" for call in history.calls)
    faults = ", ".join(f"{count} {name}" for name, count in sorted(met.items()))
    rows = [
        Row(
            PROMISE,
            f"{rule}: violations in {len(history.calls)} documents",
            "0",
            f"{by_rule[rule]}" + next((f" ({v})" for v in found if v.rule == rule), ""),
            by_rule[rule] == 0,
        )
        for rule in RULES
    ]
    told = ", ".join(f"{count} {code}" for code, count in codes.most_common())
    rows.append(Row(PROMISE, "statuses", "read", told, codes["OK"] > len(history.calls) / 2))
    rows.append(Row(PROMISE, "faults", "met", faults, all(map(met.get, _ACTIONS))))
    return rows
