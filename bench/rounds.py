"""What benchmarks share: interleaved rounds, their spread, goals beside figures, one form of JSON.

A benchmark of speed makes its parser with `parser`, measures its candidates in turn (A B A B …)
with `interleaved` or `paired`, holds its figures against goals with `at_least`, `at_most` and
`figure`, and ends with `finished`, which prints the table and writes `--json`. `bench/report.py`
makes docs/benchmarks.md of those files alone.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from signature import signature

ROUNDS = 5
"""The fewest rounds of a comparison; with `--quick`, which only shows that all works, one."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures and their quartiles; formats as `median (low to high)`."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Returns the spread of at least one figure; quartiles lie within what was measured."""
        if len(values) == 1:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def __format__(self, spec: str) -> str:
        if self.low == self.high:
            return format(self.median, spec)
        return f"{self.median:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass(frozen=True, slots=True)
class Goal:
    """A row of a benchmark's table.

    Attributes:
        what: What was measured.
        goal: What it should be; empty for a figure without a goal.
        measured: What it is, with its unit.
        kept: Whether the goal is reached; None for a figure without one.
    """

    what: str
    goal: str
    measured: str
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot that the report draws: put `asdict(chart)` into `data["charts"]`.

    Attributes:
        name: What its file is called, beside the benchmark's name.
        title: What stands over it.
        x: What the axis of the first numbers is, with its unit.
        y: What the axis of the second numbers is, with its unit; it begins at 0.
        series: Points by what the legend calls them.
        logarithmic: Whether the first axis is, so that 1 and 10 are as far apart as 10 and 100.
        bars: Whether each of the series is a bar, as long as the second number of its one point.
    """

    name: str
    title: str
    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    logarithmic: bool = False
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table that the report shows beside that of goals: `asdict(table)` in `data["tables"]`.

    Attributes:
        title: What stands over it.
        heads: Of its columns.
        lines: Of as many cells as there are heads.
    """

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[str]]

    def __str__(self) -> str:
        return f"{self.title}\n{aligned([self.heads, *self.lines])}"


def begun(what: str) -> None:
    """Tells on standard error what is measured from now on: some parts take minutes."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def paired(candidates: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Measures each candidate once a round, in turn; returns their figures by round.

    What changes on the machine from minute to minute so meets all of them.
    """
    measured: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, measure in candidates.items():
            measured[name].append(measure())
    return measured


def interleaved(candidates: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Spread]:
    """Measures each candidate once a round, in turn; returns the spread of each."""
    return {name: Spread.of(values) for name, values in paired(candidates, rounds).items()}


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Returns the spread of ours over theirs, round by round: what a round shares cancels out."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])


def at_least(what: str, bound: float, measured: float | Spread, form: str = "{:.2f}") -> Goal:
    """Returns a row whose median should be at least `bound`; `form` formats both."""
    kept = _median(measured) >= bound
    return Goal(what, f"at least {form.format(bound)}", form.format(measured), kept)


def at_most(what: str, bound: float, measured: float | Spread, form: str = "{:.2f}") -> Goal:
    """Returns a row whose median should be at most `bound`; `form` formats both."""
    kept = _median(measured) <= bound
    return Goal(what, f"at most {form.format(bound)}", form.format(measured), kept)


def figure(what: str, measured: float | Spread, form: str = "{:.2f}") -> Goal:
    """Returns a row without a goal."""
    return Goal(what, "", form.format(measured), None)


def _median(measured: float | Spread) -> float:
    return measured.median if isinstance(measured, Spread) else measured


def shown(rows: Sequence[Goal]) -> str:
    """Returns the rows as an aligned table under one line of heads."""
    lines = [(row.what, row.goal, row.measured, verdict(row)) for row in rows]
    return aligned([("what", "goal", "measured", ""), *lines])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Returns lines of as many cells each with their columns below one another."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in lines
    )


def verdict(row: Goal) -> str:
    """Returns what the last column says of a row."""
    return {True: "kept", False: "MISSED", None: ""}[row.kept]


def parser(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser with what every benchmark takes: `--json` and `--quick`."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    made.add_argument(
        "--quick", action="store_true", help="show that it works, on little and in one round"
    )
    return made


def written(
    path: Path,
    name: str,
    rows: Sequence[Goal],
    data: object,
    signed: str | None = None,
) -> None:
    """Writes what a benchmark found; `data` is what JSON can hold, `signed` its signature."""
    found = {
        "name": name,
        "signature": signed or signature(),
        "rows": [asdict(row) for row in rows],
        "data": data,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def finished(
    path: Path | None,
    name: str,
    rows: Sequence[Goal],
    data: object,
    signed: str | None = None,
) -> int:
    """Prints the table and its signature, writes the JSON if asked to; returns the exit status."""
    signed = signed or signature()
    print(f"{shown(rows)}\n{signed}")
    if path:
        written(path, name, rows, data, signed)
    return int(any(row.kept is False for row in rows))
