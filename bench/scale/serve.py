"""mujaz on Ray Serve: two nodes with a replica each, of which one dies under load.

    python bench/scale/serve.py [--quick] [--json FILE]

Callers ask for the summary of an article, one after the other, by `mujaz_client`; what fails on the
way they ask again. Then the second node is killed and another started. Last, one caller asks for
the cheapest answer there is, which shows what the proxy adds to a call.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"
sys.path[:0] = [str(Path(__file__).parents[1]), str(TESTS)]
from rounds import Goal, at_most, begun, figure, finished, parser  # noqa: E402

from mujaz_client import AsyncClient, UnavailableError  # noqa: E402
from processes import running  # noqa: E402
from rayserve.clusters import RayCluster, two_nodes  # noqa: E402

INTO = Path(__file__).parents[2] / "build" / "scale" / "serve.json"
ARTICLE = TESTS.parent / "examples" / "article.ar.txt"
CALLERS, TRIES = 8, 3
BEFORE_S, AFTER_S = 10.0, 10.0
CHEAP_CALLS = 300


@dataclass
class Outcome:
    """What became of the calls around the death of a node.

    Attributes:
        answered: Calls whose whole answer came.
        again: Calls that failed on the way and were asked again.
        lost: Calls that were given up after as many tries.
        slowest_s: The longest time to an answer, with all its tries.
        replaced_s: From the death until as many replicas ran as before.
    """

    answered: int = 0
    again: int = 0
    lost: int = 0
    slowest_s: float = 0.0
    replaced_s: float = 0.0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def caller(self, client: AsyncClient, text: str) -> None:
        """Asks until it is over."""
        while not self.over.is_set():
            began = time.monotonic()
            await self._asked(client, text)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)

    async def _asked(self, client: AsyncClient, text: str) -> None:
        for _ in range(TRIES):
            try:
                await client.summarize(text)
            except UnavailableError:
                self.again += 1
            else:
                self.answered += 1
                return
        self.lost += 1


async def killed(cluster: RayCluster, before_s: float, after_s: float) -> Outcome:
    """Kills a node under load."""
    outcome, text = Outcome(), ARTICLE.read_text(encoding="utf-8")
    async with AsyncClient(cluster.address) as client, asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            callers.create_task(outcome.caller(client, text))
        await asyncio.sleep(before_s)
        died = time.monotonic()
        await cluster.kill_a_node()
        await cluster.replaced(2)
        outcome.replaced_s = time.monotonic() - died
        await asyncio.sleep(after_s)
        outcome.over.set()
    return outcome


async def cheap_ms(address: str, calls: int) -> float:
    """The median milliseconds of a call that translates nothing."""
    took = []
    async with AsyncClient(address) as client:
        for _ in range(calls):
            began = time.perf_counter()
            await client.list_models()
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def rows(outcome: Outcome, proxied_ms: float, direct_ms: float) -> list[Goal]:
    """Returns goals and findings."""
    return [
        at_most("calls lost", 0, outcome.lost, "{:.0f}"),
        at_most("calls asked again, of those in progress", CALLERS, outcome.again, "{:.0f}"),
        figure("calls answered", outcome.answered, "{:.0f}"),
        figure("slowest answer, with its tries, s", outcome.slowest_s),
        figure("until the replica was replaced, s", outcome.replaced_s),
        figure("a call that translates nothing, through Serve, ms", proxied_ms),
        figure("the same of mujaz-server, ms", direct_ms),
    ]


def main() -> int:
    """Prints the table and writes the figures; returns 1 where a goal is missed."""
    made = parser(__doc__)
    made.set_defaults(json=INTO)
    options = made.parse_args()
    before_s, after_s = (2.0, 2.0) if options.quick else (BEFORE_S, AFTER_S)
    begun("a cluster of two nodes, of which one dies")
    with (
        tempfile.TemporaryDirectory() as folder,
        two_nodes(Path(folder), "starter", fewest=2) as cluster,
    ):
        outcome = asyncio.run(killed(cluster, before_s, after_s))
        proxied_ms = asyncio.run(cheap_ms(cluster.address, CHEAP_CALLS))
    begun("one server")
    with running("--threads", "1") as server:
        direct_ms = asyncio.run(cheap_ms(server.address, CHEAP_CALLS))
    return finished(options.json, "serve", rows(outcome, proxied_ms, direct_ms), {})


if __name__ == "__main__":
    sys.exit(main())
