"""Whether the simulation is to be believed: against theory, and against the real server."""

import itertools
import random
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from statistics import mean

import simpy
from rounds import Chart, Goal, Table, at_most
from scale import erlang
from scale.balancing import Balancer, round_robin, two_choices
from scale.fleet import Fleet
from scale.measured import Answered, Measured
from scale.newsroom import arrivals, steady
from scale.outcome import quantile
from scale.replica import Article, Shape

_SEED = 8
_WARM = 0.1
"""The share of the customers that come first and are left out."""
MANY = 64
_LEAST = 0.1
"""Shorter waits are those of too few customers to be held against theory."""

Line = tuple[str, str, float, float]
"""A queue, what is looked at, what it is exactly, and as simulated."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """Service of one second in the mean, whatever the batch."""

    def seconds(self, rows: int, longest: int, crowd: float, chance: random.Random) -> float:
        """Returns exponential seconds."""
        del rows, longest, crowd
        return chance.expovariate(1)


def customers(
    load: float,
    servers: int,
    count: int,
    replicas: int = 1,
    balancer: Callable[[random.Random], Balancer] = round_robin,
) -> list[Article]:
    """Returns customers of one sentence, served alone: M/M/c where there is one replica."""
    env = simpy.Environment()
    chance = random.Random(_SEED)
    patient = Shape(servers, 1.0, batch_rows=1, max_queue_wait=1e9)
    fleet = Fleet(env, Exponential(), patient, balancer(chance), chance)
    fleet.add(replicas)
    rate = load * servers * replicas
    moments = arrivals(rate, steady(), count / rate, _SEED + 1)
    fleet.feed(moments, [(1,)])
    env.run()
    return fleet.articles[int(_WARM * len(fleet.articles)) :]


def waits(articles: list[Article]) -> list[float]:
    """Returns the seconds before service."""
    return [each.started - each.arrived for each in articles if each.started is not None]


def m_m_c(servers: int, load: float, count: int) -> list[Line]:
    """Returns waits of M/M/c, by Erlang and simulated."""
    seen = waits(customers(load, servers, count))
    name = f"M/M/{servers} at {load:.0%}"
    return [
        (name, "mean wait", erlang.mean_wait(load, servers), mean(seen)),
        (name, "p95 wait", erlang.wait_quantile(load, servers, 0.95), quantile(seen, 0.95)),
    ]


def chosen(load: float, count: int) -> list[Line]:
    """Returns the mean time of many queues by two choices, by Mitzenmacher and simulated."""
    seen = customers(load, 1, count, MANY, two_choices)
    times = [each.ended - each.arrived for each in seen if each.ended is not None]
    name = f"two choices of {MANY} at {load:.0%}"
    return [(name, "mean time", erlang.two_choices(load), mean(times))]


def theory(count: int, pool: Executor) -> tuple[list[Goal], Table]:
    """Holds the simulator against M/M/1, M/M/c and the power of two choices."""
    parts = [pool.submit(chosen, load, 2 * count) for load in (0.8, 0.9)]
    parts += [pool.submit(m_m_c, c, load, count) for c in (1, 2, 8) for load in (0.5, 0.8)]
    lines = [line for part in parts for line in part.result() if line[2] > _LEAST]
    worst = max(abs(simulated / exact - 1) for *_, exact, simulated in lines)
    row = at_most("the simulator's error against theory, at worst", 0.05, worst, "{:.1%}")
    heads = ("queue", "what", "exact", "simulated", "error")
    cells = [
        (name, what, f"{exact:.3f}", f"{simulated:.3f}", f"{simulated / exact - 1:+.1%}")
        for name, what, exact, simulated in lines
    ]
    return [row], Table("The simulator against theory, in mean services", heads, cells)


def replayed(measured: Measured, load: float) -> list[Article]:
    """Simulates an open loop that was measured: the same articles at the same moments."""
    env = simpy.Environment()
    chance = random.Random(_SEED)
    fleet = Fleet(env, measured.service(), measured.shape, round_robin(chance), chance)
    fleet.add()
    fleet.feed((each.due for each in measured.loops[load]), measured.documents)
    env.run()
    return fleet.articles


def server(measured: Measured) -> tuple[list[Goal], Table]:
    """Holds the simulator against the real server: the same articles at the same moments."""
    lines, rows = [], []
    for load, answers in measured.loops.items():
        simulated = [_answered(each) for each in replayed(measured, load)]
        for what, share in itertools.product(("first", "whole"), (0.5, 0.95)):
            real, ours = (
                quantile([asdict(each)[what] for each in some], share)
                for some in (answers, simulated)
            )
            kind = "first sentence" if what == "first" else "whole article"
            told = f"{kind}, p{share:.0%}".rstrip("%")
            times = (f"{1000 * real:.0f}", f"{1000 * ours:.0f}", f"{ours / real:.2f}")
            lines.append((f"{load:.0%}", told, *times))
            error = abs(ours / real - 1)
            rows.append(
                at_most(f"{told} at {load:.0%}: off the real server's", 0.25, error, "{:.0%}")
            )
    heads = ("load", "what", "the real server, ms", "simulated, ms", "simulated / real")
    return rows, Table("The simulation against the real server", heads, lines)


def quantiles(measured: Measured, load: float) -> Chart:
    """Returns how long articles took, simulated and measured, by the share that took less."""
    times = {
        "the real server": [each.whole for each in measured.loops[load]],
        "simulated": [_answered(each).whole for each in replayed(measured, load)],
    }
    shares = [*range(5, 100, 5), 99]
    series = {
        name: [(float(share), 1000 * quantile(some, share / 100)) for share in shares]
        for name, some in times.items()
    }
    title = f"Whole articles at {load:.0%} load"
    return Chart("quantiles", title, "% of articles that took less", "ms", series)


def _answered(article: Article) -> Answered:
    if article.first is None or article.ended is None:
        raise RuntimeError("An article of a loop that ended has no end. This is a bug")
    due = article.arrived
    return Answered(due, article.first - due, article.ended - due)


@dataclass(frozen=True, slots=True)
class Study:
    """Both comparisons."""

    parts: Sequence[tuple[list[Goal], Table]]
    quantiles: Sequence[Chart]

    def rows(self) -> list[Goal]:
        """Returns how far the simulator is off."""
        return [row for rows, _ in self.parts for row in rows]

    def tables(self) -> list[Table]:
        """Returns each figure beside what it should be."""
        return [table for _, table in self.parts]

    def charts(self) -> list[Chart]:
        """Returns the whole distribution of the busiest loop."""
        return list(self.quantiles)


def study(measured: Measured, pool: Executor, count: int) -> Study:
    """Holds the simulator against theory with so many customers, and against the server."""
    parts = [theory(count, pool), *([server(measured)] if measured.loops else [])]
    return Study(parts, [quantiles(measured, load) for load in sorted(measured.loops)[-1:]])
