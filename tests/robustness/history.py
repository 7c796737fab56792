"""What generators have recorded: calls with their events, and figures over them."""

import asyncio
import json
import math
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from robustness.machine import ENVIRONMENT
from robustness.plan import Plan
from robustness.promise import Row, within

Event = dict[str, Any]
MAX_LAG_S = 0.1
MAX_CPU = 0.9


@dataclass(slots=True)
class Call:
    """One call: what it meant to do, and what came of it.

    Attributes:
        meant: The first event: fate, method, intended start, deadline, count of sentences.
        events: All that followed, in order, the status among them.
    """

    number: int
    meant: Event
    events: list[Event] = field(default_factory=list)

    @property
    def status(self) -> Event | None:
        """How it ended; None where it never did."""
        return next((each for each in self.events if each["kind"] == "status"), None)

    @property
    def code(self) -> str:
        """The name of its status; empty where it never ended."""
        return self.status["code"] if self.status else ""

    @property
    def seconds(self) -> float:
        """From its intended start to its status; infinite where it never ended."""
        return self.status["t"] - self.meant["intended"] if self.status else math.inf

    @property
    def lag(self) -> float:
        """How late the generator was in starting it."""
        return float(self.meant["t"] - self.meant["intended"])


@dataclass(frozen=True, slots=True)
class History:
    """All calls of one generator, and the share of a core that it took itself."""

    calls: list[Call]
    cpu: float

    def phase(self, name: str) -> list[Call]:
        """The calls of a phase."""
        return [call for call in self.calls if call.meant["phase"] == name]

    def kept_up(self, promise: int) -> Row:
        """Whether the generator kept its plan; where not, the machine was short of time.

        The figures of such a run say nothing of the server.
        """
        lag = quantile([call.lag for call in self.calls], 0.99)
        return Row(
            promise,
            "the generator's own delay, p99: is this run worth anything",
            f"<= {within(MAX_LAG_S) * 1000:.0f} ms",
            f"{lag * 1000:.0f} ms, at {self.cpu:.0%} of a core",
            lag <= within(MAX_LAG_S) and self.cpu < MAX_CPU,
        )


def history(events: Iterable[Event]) -> History:
    """Sorts events by their calls."""
    calls: dict[int, Call] = {}
    cpu = math.nan
    for event in events:
        if event["kind"] == "generator":
            cpu = event["cpu"]
        elif event["kind"] == "meant":
            calls[event["call"]] = Call(event["call"], event)
        else:
            calls[event["call"]].events.append(event)
    return History(list(calls.values()), cpu)


def read_lines(path: Path) -> list[Event]:
    """The JSON objects of a file, one a line; a last line still being written is left out."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that a share of all do not exceed; NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@asynccontextmanager
async def generating(plan: Plan) -> AsyncIterator[asyncio.Task[History]]:
    """Starts a generator process; the task ends with its history, as the block does."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "robustness.traffic", path, plan.to_json(), env=ENVIRONMENT
        )

        async def finished() -> History:
            if await process.wait():
                raise RuntimeError("the generator has failed")
            return await asyncio.to_thread(lambda: history(read_lines(path)))

        task = asyncio.create_task(finished())
        try:
            yield task
            await task
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            task.cancel()


async def generated(plan: Plan) -> History:
    """Runs a generator to its end."""
    async with generating(plan) as task:
        return await task
