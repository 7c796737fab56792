"""Promise 1: overload costs only the excess, and the server recovers by itself.

One-sentence calls with a deadline arrive in an open loop, at a share of what the engine can do that
rises step by step. Goodput is what was answered within its deadline, a second. At the end the load
falls back, and the time is taken until it is as it was before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from robustness.history import Call, History, generated, quantile
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row, within
from robustness.servers import scripted_server

PROMISE = 1
WORDS = 10
SECONDS_PER_TOKEN = 0.004
THREADS = 2
CAPACITY = THREADS / SECONDS_PER_TOKEN / WORDS
"""One-sentence calls that the engine can answer in a second: 50."""
DEADLINE_S = 1.0
CALM = "calm"
AFTER = "after"
GRID_S = 0.25


@dataclass(frozen=True, slots=True)
class Size:
    """How long it is measured.

    Attributes:
        steps: Loads, as multiples of capacity.
        seconds: Of each step.
        after_s: Of calm load after the last step.
        slack: What is let off the share of the peak: a short run counts in whole batches, and one
            moment in which its machine does something else is much of it.
        quick: The share of calls that is as quick again after a recovery.
    """

    steps: tuple[float, ...]
    seconds: float
    after_s: float
    slack: float = 0.0
    quick: float = 0.99


SHORT = Size((2, 10), seconds=1.2, after_s=1.8, slack=0.4, quick=0.8)
LONG = Size((0.5, 1, 2, 5, 10), seconds=20, after_s=15)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Loads a server step by step and judges what came of it."""
    phases = [Phase(CALM, CAPACITY / 2, size.seconds)]
    phases += [Phase(f"{step}", step * CAPACITY, size.seconds) for step in size.steps]
    phases.append(Phase(AFTER, CAPACITY / 2, size.after_s))
    kind = Kind(words=WORDS, deadline=(DEADLINE_S, DEADLINE_S))
    with scripted_server(
        SECONDS_PER_TOKEN, defect=defect, threads=THREADS, batch_tokens=64, max_streams=4096
    ) as server:
        history = await generated(Plan([server.address], phases, [kind]))
    return judged(history, size)


def judged(history: History, size: Size) -> list[Row]:
    """The figures of a recorded run."""
    goods = {step: goodput(history, f"{step}", size.seconds) for step in size.steps}
    peak = max(goods.values())
    rows = [
        Row(
            PROMISE,
            f"goodput at {step:g} times capacity",
            f">= {share:.0%} of peak",
            f"{good / peak if peak else 0:.1%} ({good:.1f} a second)",
            peak > 0 and good >= share * peak,
        )
        for step, good in goods.items()
        if (share := (0.95 if step <= 2 else 0.9) - size.slack) and step >= 2
    ]
    recovery = recovered_after(history.phase(CALM), history.phase(AFTER), size.quick)
    rows.append(
        Row(
            PROMISE,
            f"calm after {size.steps[-1]:g} times capacity",
            "<= 5 s",
            f"{recovery:.2f} s",
            recovery <= 5,
        )
    )
    return [*rows, history.kept_up(PROMISE)]


def goodput(history: History, phase: str, seconds: float) -> float:
    """Answers of a phase that came within their deadline, a second.

    They are counted when they come, whenever their call began: what a phase leaves in the queue is
    answered in the next one, as it was itself handed a queue.
    """
    began: float = min(call.meant["intended"] for call in history.phase(phase))
    good = (call for call in history.calls if call.code == "OK" and call.seconds <= DEADLINE_S)
    times: list[float] = [call.status["t"] for call in good if call.status]
    return sum(began <= time < began + seconds for time in times) / seconds


def recovered_after(before: Sequence[Call], after: Sequence[Call], quick: float = 0.99) -> float:
    """Seconds after which calls are as quick again as before, and stay so; infinite for never.

    As quick: that share of all that follow takes at most a tenth and 5 ms above the p99 before.
    """
    bound = quantile([_latency(call) for call in before], 0.99) * 1.1 + within(0.005)
    began = min(call.meant["intended"] for call in after)
    ended = max(call.meant["intended"] for call in after)
    for step in range(math.ceil((ended - began) / GRID_S)):
        rest = [call for call in after if call.meant["intended"] >= began + step * GRID_S]
        if quantile([_latency(call) for call in rest], quick) <= bound:
            return step * GRID_S
    return math.inf


def _latency(call: Call) -> float:
    return call.seconds if call.code == "OK" else math.inf
