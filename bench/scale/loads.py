"""What callers wait against how busy the replicas are, by balancer and number of replicas."""

import itertools
import random
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from statistics import mean

import simpy
from rounds import Chart, Goal, Table, at_most, figure
from scale.balancing import BALANCERS
from scale.fleet import Fleet
from scale.measured import Measured, ServiceTimes
from scale.newsroom import Breaking, arrivals, breaking, steady
from scale.outcome import FIRST_S, WHOLE_S, Outcome, within

COUNTS = (2, 4, 8, 16)
LOADS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
NEWS = Breaking(height=1.0, fade_s=8.0, every_s=30.0)
"""A burst every half minute that doubles the usual rate and is gone as soon."""
SECONDS = {2: 120.0, 4: 60.0, 8: 40.0, 16: 30.0}
"""That are simulated, by replicas: fewer of these have fewer articles a second."""
WARM_S = 5.0
_END_S = 120.0
"""For the last articles to come to their end."""
USUAL = "least request"
USUAL_COUNT = 4
_SEED = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """One simulation.

    Attributes:
        balancer: Of `BALANCERS`.
        replicas: How many.
        load: Share of what they can do that is asked of them, in the mean.
        bursts: Whether news break; articles come at one rate otherwise.
        seconds: How long articles come.
    """

    balancer: str
    replicas: int
    load: float
    bursts: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a cell.

    Attributes:
        cell: Which.
        outcome: Of its articles, those that came while it was warming up left out.
        queued_tokens: That wait at a replica, in the mean over time.
    """

    cell: Cell
    outcome: Outcome
    queued_tokens: float


@dataclass(frozen=True, slots=True)
class Simulated:
    """A cell to be run in any process.

    Attributes:
        measured: What the simulation rests on.
        service: How long batches take.
        cell: What is simulated.
    """

    measured: Measured
    service: ServiceTimes
    cell: Cell

    def run(self) -> Found:
        """Simulates, to the end of all articles."""
        cell, chance = self.cell, random.Random(_SEED)
        env = simpy.Environment()
        balancer = BALANCERS[cell.balancer](random.Random(_SEED + 1))
        fleet = Fleet(env, self.service, self.measured.shape, balancer, chance)
        fleet.add(cell.replicas)
        curve = breaking(NEWS, cell.seconds, _SEED + 2) if cell.bursts else steady()
        rate = cell.load * cell.replicas * self.measured.documents_per_s
        fleet.feed(arrivals(rate, curve, cell.seconds, _SEED + 3), self.measured.documents)
        samples = fleet.scraped(1.0)
        env.run(cell.seconds)
        queued = mean(each.queued_tokens / cell.replicas for each in samples if each.at > WARM_S)
        env.run(cell.seconds + _END_S)
        return Found(cell, Outcome.of(within(fleet.articles, WARM_S, cell.seconds)), queued)


def cells(*, quick: bool) -> list[Cell]:
    """Returns all that is simulated, the longest first."""
    grid = [
        _cell(balancer, replicas, load, bursts=True, quick=quick)
        for replicas, load, balancer in itertools.product(COUNTS, LOADS, BALANCERS)
    ]
    even = [_cell(USUAL, USUAL_COUNT, load, bursts=False, quick=quick) for load in LOADS]
    return sorted([*grid, *even], key=lambda cell: -cell.replicas * cell.load)


def _cell(balancer: str, replicas: int, load: float, *, bursts: bool, quick: bool) -> Cell:
    return Cell(balancer, replicas, load, bursts, 2 * WARM_S if quick else SECONDS[replicas])


def run(each: Simulated) -> Found:
    """Runs it; for a pool of processes."""
    return each.run()


def study(measured: Measured, pool: Executor, *, quick: bool) -> "Study":
    """Simulates the grid."""
    service = measured.service()
    planned = [Simulated(measured, service, cell) for cell in cells(quick=quick)]
    return Study({found.cell: found for found in pool.map(run, planned)}, quick)


@dataclass(frozen=True, slots=True)
class Study:
    """The grid.

    Attributes:
        found: By cell.
        quick: Whether it only shows that all works.
    """

    found: dict[Cell, Found]
    quick: bool

    def at(self, balancer: str, replicas: int, load: float, *, bursts: bool = True) -> Found:
        """Returns what came of a cell."""
        return self.found[_cell(balancer, replicas, load, bursts=bursts, quick=self.quick)]

    def busiest(self, balancer: str, replicas: int) -> float:
        """Returns the highest load of the grid up to which nobody is late; 0 where none is."""
        good = itertools.takewhile(
            lambda load: not self.at(balancer, replicas, load).outcome.late, LOADS
        )
        return max(good, default=0.0)

    def rows(self) -> list[Goal]:
        """Returns the figures that a plan follows from."""
        usual = self.at(USUAL, USUAL_COUNT, 0.7)
        even = self.at(USUAL, USUAL_COUNT, 0.7, bursts=False)
        what = f"{USUAL}, {USUAL_COUNT} replicas at 70%"
        return [
            at_most(f"{what}: p99 to the first sentence, s", FIRST_S, usual.outcome.first_p99),
            at_most(f"{what}: p99 to the whole article, s", WHOLE_S, usual.outcome.whole_p99),
            figure(f"{what}: the same without bursts, s", even.outcome.whole_p99),
            figure(f"{what}: source tokens that wait at a replica", usual.queued_tokens, "{:.0f}"),
            *(
                figure(
                    f"{replicas} replicas, {balancer}: the highest load of the grid at which "
                    "nobody is late",
                    self.busiest(balancer, replicas),
                    "{:.0%}",
                )
                for replicas, balancer in itertools.product(COUNTS, BALANCERS)
            ),
        ]

    def tables(self) -> list[Table]:
        """Returns p99 of both times, and what waits."""
        loads = [f"{load:.0%}" for load in LOADS]
        tables = [
            Table(title, ("replicas", "balancer", *loads), self._lines(what))
            for title, what in (
                ("p99 to the first sentence, s, by load", "first_p99"),
                ("p99 to the whole article, s, by load", "whole_p99"),
            )
        ]
        queued = [
            [str(count), *(f"{self.at(USUAL, count, load).queued_tokens:.0f}" for load in LOADS)]
            for count in COUNTS
        ]
        title = f"Source tokens that wait at a replica, in the mean, {USUAL}, by load"
        return [*tables, Table(title, ("replicas", *loads), queued)]

    def _lines(self, what: str) -> list[Sequence[str]]:
        return [
            [str(count), balancer, *self._cells(balancer, count, what)]
            for count, balancer in itertools.product(COUNTS, BALANCERS)
        ]

    def _cells(self, balancer: str, count: int, what: str) -> Iterable[str]:
        outcomes = (self.at(balancer, count, load).outcome for load in LOADS)
        return (f"{asdict(outcome)[what]:.2f}" for outcome in outcomes)

    def charts(self) -> list[Chart]:
        """Returns p99 against load by balancer, and by replicas."""
        y, x = "p99 to the whole article, s", "% of what the replicas can do"
        by_balancer = {name: self._points(name, USUAL_COUNT) for name in BALANCERS}
        by_count = {f"{count} replicas": self._points(USUAL, count) for count in COUNTS}
        return [
            Chart("balancers", f"{USUAL_COUNT} replicas, by balancer", x, y, by_balancer),
            Chart("replicas", f"{USUAL}, by replicas".capitalize(), x, y, by_count),
        ]

    def _points(self, balancer: str, count: int) -> list[tuple[float, float]]:
        return [(100 * load, self.at(balancer, count, load).outcome.whole_p99) for load in LOADS]
