"""What a lost replica does: it ends at once, and another takes its place when it has started."""

import itertools
import random
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import simpy
from rounds import Chart, Goal, Table, at_most, figure
from scale.balancing import least_request
from scale.fleet import Fleet
from scale.measured import Measured, ServiceTimes
from scale.newsroom import arrivals, steady
from scale.outcome import Outcome, within

COUNTS = (2, 4, 8)
LOADS = (0.5, 0.6, 0.7, 0.8)
LOST_S = 60.0
AWAY_S = 30.0
END_S = 240.0
PERIOD_S = 5.0
_SEED = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one loss.

    Attributes:
        replicas: Before it.
        load: Before it, of what they can do.
        before: Of the articles that came before.
        after: Of those that came while a replica was missing.
        late_s: For how long after the loss callers were late.
        again: Articles that were lost in progress, and asked again.
    """

    replicas: int
    load: float
    before: Outcome
    after: Outcome
    late_s: float
    again: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """A loss to be run in any process."""

    measured: Measured
    service: ServiceTimes
    replicas: int
    load: float

    def run(self) -> Found:
        """Simulates the loss and the time around it."""
        env, chance = simpy.Environment(), random.Random(_SEED)
        balancer = least_request(random.Random(_SEED + 1))
        fleet = Fleet(env, self.service, self.measured.shape, balancer, chance)
        fleet.add(self.replicas)
        rate = self.load * self.replicas * self.measured.documents_per_s
        fleet.feed(arrivals(rate, steady(), END_S, _SEED + 3), self.measured.documents)
        env.run(LOST_S)
        again = fleet.replicas[-1].calls
        fleet.crash()
        env.run(LOST_S + AWAY_S)
        fleet.add()
        env.run(END_S + 120)
        before = Outcome.of(within(fleet.articles, 10, LOST_S))
        after = Outcome.of(within(fleet.articles, LOST_S, LOST_S + AWAY_S))
        begins = [LOST_S + PERIOD_S * number for number in range(round(180 / PERIOD_S))]
        late = [
            begin + PERIOD_S - LOST_S
            for begin in begins
            if Outcome.of(within(fleet.articles, begin, begin + PERIOD_S)).late
        ]
        return Found(self.replicas, self.load, before, after, max(late, default=0.0), again)


def run(each: Simulated) -> Found:
    """Runs it; for a pool of processes."""
    return each.run()


@dataclass(frozen=True, slots=True)
class Study:
    """All losses."""

    losses: Sequence[Found]

    def rows(self) -> list[Goal]:
        """Returns up to which load one replica can be missing and nobody notices."""
        rows = []
        for count in COUNTS:
            mine = [found for found in self.losses if found.replicas == count]
            good = itertools.takewhile(lambda found: not found.late_s, mine)
            busiest = max((found.load for found in good), default=0.0)
            what = f"{count} replicas: the highest load at which the loss of one makes nobody late"
            rows.append(figure(what, busiest, "{:.0%}"))
        given_up = sum(found.after.given_up for found in self.losses)
        return [*rows, at_most("calls refused for good, in all losses", 0, given_up, "{:.0f}")]

    def tables(self) -> list[Table]:
        """Returns a line for each loss."""
        heads = (
            "replicas",
            "load before",
            "load of the others",
            "p99 whole before, s",
            "p99 first while away, s",
            "p99 whole while away, s",
            "late for, s",
            "asked again",
            "refusals",
        )
        lines = [
            (
                str(found.replicas),
                f"{found.load:.0%}",
                f"{found.load * found.replicas / (found.replicas - 1):.0%}",
                f"{found.before.whole_p99:.2f}",
                f"{found.after.first_p99:.2f}",
                f"{found.after.whole_p99:.2f}",
                f"{found.late_s:.0f}",
                str(found.again),
                str(found.after.refusals),
            )
            for found in self.losses
        ]
        return [Table(f"A replica is lost and back after {AWAY_S:.0f} s", heads, lines)]

    def charts(self) -> list[Chart]:
        """Returns p99 while a replica is away, by load."""
        series = {
            f"{count} replicas": [
                (100 * found.load, found.after.whole_p99)
                for found in self.losses
                if found.replicas == count
            ]
            for count in COUNTS
        }
        x, y = "% of what all replicas can do", "p99 to the whole article, s"
        return [Chart("away", "While a replica is away", x, y, series)]


def study(measured: Measured, pool: Executor) -> Study:
    """Simulates all losses."""
    service = measured.service()
    planned = itertools.product(COUNTS, LOADS)
    return Study(list(pool.map(run, (Simulated(measured, service, *each) for each in planned))))
