"""Runs the benchmarks and writes docs/benchmarks.md and its plots from their JSON alone.

    python bench/report.py [NAME …] [--quick] [--keep] [--only-write]

Each runs in turn, alone, within its share of the time (see `schedule.py`), and what it prints
passes through. Those of speed write build/bench/NAME.json; the prose of the page stands in
bench/prose/NAME.md, in which `{goals}`, `{tables}`, `{charts}` and `{signature}` are filled in; no
figure is typed by hand. With `--keep`, only those run of which there is no JSON yet: what was
broken off goes on. With `--quick` they are shown to work, on little, and nothing is written into
docs/. A goal that is missed is told, and is no failure; a benchmark that ends without its JSON is
one, and so is a promise that is not kept.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chart import svg
from rounds import Chart, Goal, Table, verdict
from schedule import Step, limits, program, run

ROOT = Path(__file__).parents[1]
PROSE = Path(__file__).parent / "prose"
PROMISES = {
    "segmentation": 10,
    "queue_cost": 5,
    "checks": 5,
    "latency": 20,
    "promises": 20,
    "converters": 25,
    "access": 10,
}
"""Benchmarks that print a table and have no part in the page, with seconds of each."""
FIGURES = {
    "offline": 150,
    "output_layer": 140,
    "served": 130,
    "peers": 190,
    "first_sentence": 80,
    "path": 100,
    "growth": 100,
    "cache": 85,
    "composition": 60,
}
"""Benchmarks of which the page is made, with seconds of each."""
NAMES = tuple(FIGURES)
WITHIN_S = 19 * 60
"""All together; a minute of twenty is left for making the environment."""

UNMEASURED = "No figures are here yet: it was not run, or did not come to its end."

Found = Mapping[str, Any]
"""What a benchmark has written; see `rounds.written`."""


def steps(given: argparse.Namespace, into: Path) -> list[Step]:
    """Returns what is to run."""
    named = [name for name in (*PROMISES, *FIGURES) if name in given.names]
    if given.quick or given.keep:
        named = [name for name in named if name in FIGURES]
    if given.keep:
        named = [name for name in named if not _json(into, name).exists()]
    return [_step(name, into, quick=given.quick) for name in named]


def _step(name: str, into: Path, *, quick: bool) -> Step:
    if name in PROMISES:
        return Step(name, PROMISES[name])
    return Step(name, FIGURES[name], ("--json", str(_json(into, name)), *["--quick"] * quick))


def _json(into: Path, name: str) -> Path:
    return into / f"{name}.json"


def failed(planned: Sequence[Step], into: Path) -> list[str]:
    """Runs them in turn; returns those without a result, and those with a promise not kept."""
    names = []
    for step, limit in limits(planned, WITHIN_S):
        _json(into, step.name).unlink(missing_ok=True)
        status = run(program(ROOT, step), limit)
        good = _json(into, step.name).exists() if step.name in FIGURES else status == 0
        names += [] if good else [step.name]
    return names


def page(found: Mapping[str, Found]) -> str:
    """Returns docs/benchmarks.md of what was found, by the names of the benchmarks."""
    rows = [row for each in found.values() for row in goals_of(each) if row.goal]
    missed = [row for row in rows if not row.kept]
    told = f"{len(rows) - len(missed)} of {len(rows)} goals are kept."
    if missed:
        told += " Missed:\n\n" + markdown(
            ("what", "goal", "measured"), [(row.what, row.goal, row.measured) for row in missed]
        )
    index = (PROSE / "index.md").read_text(encoding="utf-8").replace("{summary}", told)
    return "\n".join([index, *(section(name, found.get(name)) for name in NAMES)])


def section(name: str, found: Found | None) -> str:
    """Returns a benchmark's part of the page; None: it has no result."""
    text = (PROSE / f"{name}.md").read_text(encoding="utf-8")
    filled = _filled(name, found) if found else {"{goals}": UNMEASURED}
    text = re.sub(r"\{[a-z]+\}", lambda mark: filled.get(mark[0], ""), text)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"  # where it has no tables, or no charts


def _filled(name: str, found: Found) -> dict[str, str]:
    goals = [
        (row.what, row.goal, row.measured, _emphasised(verdict(row))) for row in goals_of(found)
    ]
    tables = (
        f"{table.title}:\n\n{markdown(table.heads, table.lines)}" for table in tables_of(found)
    )
    pictures = (f"![{chart.title}](bench/{file_of(name, chart)})" for chart in charts_of(found))
    return {
        "{goals}": markdown(("what", "goal", "measured", ""), goals),
        "{tables}": "\n\n".join(tables),
        "{charts}": "\n\n".join(pictures),
        "{signature}": "`" + found["signature"].replace("|", "` · `") + "`",
    }


def _emphasised(word: str) -> str:
    return f"**{word}**" if word == "MISSED" else word


def goals_of(found: Found) -> list[Goal]:
    """Returns the rows of a benchmark."""
    return [Goal(row["what"], row["goal"], row["measured"], row["kept"]) for row in found["rows"]]


def charts_of(found: Found) -> list[Chart]:
    """Returns the charts of a benchmark."""
    return [Chart(**each) for each in _listed(found, "charts")]


def tables_of(found: Found) -> list[Table]:
    """Returns the tables of a benchmark."""
    return [Table(**each) for each in _listed(found, "tables")]


def _listed(found: Found, key: str) -> list[dict[str, Any]]:
    data = found["data"]
    listed: list[dict[str, Any]] = data.get(key, []) if isinstance(data, dict) else []
    return listed


def file_of(name: str, chart: Chart) -> str:
    """Returns what a chart's file is called."""
    return f"{name}-{chart.name}.svg"


def markdown(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Returns a table of Markdown."""
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in (heads, *lines)]
    head, *rest = ["| " + " | ".join(line) + " |" for line in escaped]
    return "\n".join([head, "| --- " * len(heads) + "|", *rest])


def write(found: Mapping[str, Found], docs: Path) -> None:
    """Writes the page and its plots; plots that are none any more go."""
    plots = docs / "bench"
    plots.mkdir(parents=True, exist_ok=True)
    drawn = {
        file_of(name, chart): svg(chart)
        for name, each in found.items()
        for chart in charts_of(each)
    }
    for name in NAMES:
        for old in plots.glob(f"{name}-*.svg"):
            old.unlink()
    for file, picture in drawn.items():
        (plots / file).write_text(picture, encoding="utf-8")
    (docs / "benchmarks.md").write_text(page(found), encoding="utf-8")


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Returns the options; `names` is all of them where none is given."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("names", nargs="*", type=_known, metavar="NAME")
    options.add_argument("--quick", action="store_true", help="show that all work, on little")
    options.add_argument("--keep", action="store_true", help="run those without a result alone")
    options.add_argument(
        "--only-write", action="store_true", help="write the page of what is there"
    )
    given = options.parse_args(arguments)
    given.names = given.names or [*PROMISES, *FIGURES]
    return given


def _known(name: str) -> str:
    if name not in PROMISES | FIGURES:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(PROMISES | FIGURES)}")
    return name


def main() -> int:
    """Runs what was named, then writes what is there; returns 1 where something has failed."""
    given = parsed()
    into = ROOT / "build" / ("bench-quick" if given.quick else "bench")
    into.mkdir(parents=True, exist_ok=True)
    planned = [] if given.only_write else steps(given, into)
    bad = failed(planned, into)
    there = [name for name in NAMES if _json(into, name).exists()]
    found = {name: json.loads(_json(into, name).read_text("utf-8")) for name in there}
    write(found, into / "docs" if given.quick else ROOT / "docs")
    kept = [row.kept for each in found.values() for row in goals_of(each) if row.goal]
    print(f"{sum(map(bool, kept))} of {len(kept)} goals are kept")
    if bad:
        print(f"without a result, or with a promise not kept: {', '.join(bad)}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
