"""What is told of the peers: a table for each load, one of costs, a chart of rates."""

from collections.abc import Sequence
from dataclasses import dataclass

from rounds import Chart, Spread, Table
from traffic import Answer, p50, p95

from peer_services.loads import Load


@dataclass(frozen=True, slots=True)
class Row:
    """A peer under a load.

    Attributes:
        peer: Its name.
        load: Which.
        rate: Sentences a second, of the rounds.
        p50_ms: Of the calls of all rounds.
        p95_ms: Of the calls of all rounds.
        calls: How many they were.
    """

    peer: str
    load: Load
    rate: Spread
    p50_ms: float
    p95_ms: float
    calls: int

    @classmethod
    def of(cls, peer: str, load: Load, rates: Sequence[float], answers: Sequence[Answer]) -> "Row":
        """Returns what rounds have shown."""
        latencies = (1000 * p50(answers), 1000 * p95(answers))
        return cls(peer, load, Spread.of(rates), *latencies, len(answers))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a peer costs before anybody calls, and what it has held at most by the end.

    Attributes:
        peer: Its name.
        start_up: Seconds from its start to its first translation.
        peak_mb: Of resident memory, its children's included.
        nearness: chrF of its translations against mujaz's.
        as_it_comes: What it does by default.
    """

    peer: str
    start_up: float
    peak_mb: float
    nearness: float
    as_it_comes: str


def load_table(load: Load, rows: Sequence[Row]) -> Table:
    """Returns the peers under one load; the best of each column has a star."""
    its = [row for row in rows if row.load == load]
    best = (
        max(row.rate.median for row in its),
        min(row.p50_ms for row in its),
        min(row.p95_ms for row in its),
    )
    lines = [
        (
            row.peer,
            f"{row.rate:.1f}" + "*" * (row.rate.median == best[0]),
            f"{row.p50_ms:.1f}" + "*" * (row.p50_ms == best[1]),
            f"{row.p95_ms:.1f}" + "*" * (row.p95_ms == best[2]),
            str(row.calls),
        )
        for row in its
    ]
    return Table(str(load), ("", "sentences a second", "p50, ms", "p95, ms", "calls"), lines)


def costs_table(costs: Sequence[Cost]) -> Table:
    """Returns start-up, memory and what each does by default."""
    lines = [
        (
            each.peer,
            f"{each.start_up:.1f}",
            f"{each.peak_mb:.0f}",
            f"{each.nearness:.1f}",
            each.as_it_comes,
        )
        for each in costs
    ]
    heads = ("", "start-up, s", "peak memory, MB", "chrF to mujaz", "as it comes")
    return Table("What each costs, and what it does unless told otherwise", heads, lines)


def rates_chart(rows: Sequence[Row]) -> Chart:
    """Returns sentences a second over callers of one sentence a call."""
    peers = dict.fromkeys(row.peer for row in rows)
    series = {
        peer: [
            (float(row.load.callers), row.rate.median)
            for row in rows
            if row.peer == peer and row.load.sentences == 1
        ]
        for peer in peers
    }
    title = "Sentences a second, one sentence a call"
    return Chart("rates", title, "callers", "sentences a second", series, logarithmic=True)
