"""Runs the benchmarks of speed and writes docs/benchmarks.md and its plots from their JSON alone.

    python bench/report.py [NAME …] [--quick] [--only-write]

Each runs in turn, alone, and writes build/bench/NAME.json; what it prints passes through. The prose
of the page stands in bench/prose/NAME.md, in which `{goals}`, `{tables}`, `{charts}` and
`{signature}` are filled in; no figure is typed by hand. With `--quick` all are shown to work, on
little, and nothing is written into docs/. A goal that is missed is told, and is no failure; a
benchmark that ends without its JSON is one.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from chart import svg
from rounds import Chart, Goal, Table, verdict

ROOT = Path(__file__).parents[1]
PROSE = Path(__file__).parent / "prose"
NAMES = (
    "offline",
    "output_layer",
    "served",
    "peers",
    "first_sentence",
    "path",
    "growth",
    "cache",
    "composition",
)
LONGEST_S = 360
"""No benchmark may take longer."""

Found = Mapping[str, Any]
"""What a benchmark has written; see `rounds.written`."""


def run(name: str, into: Path, *, quick: bool) -> bool:
    """Runs a benchmark; returns whether it has written its JSON."""
    path = into / f"{name}.json"
    path.unlink(missing_ok=True)
    command = [sys.executable, str(ROOT / "bench" / f"{name}.py"), "--json", str(path)]
    print(f"== {name}", flush=True)
    began = time.monotonic()
    try:
        subprocess.run(command + ["--quick"] * quick, check=False, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        print(f"{name} was ended after {LONGEST_S} s")
    print(f"== {name}: {time.monotonic() - began:.0f} s\n", flush=True)
    return path.exists()


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
    return "\n".join([index, *(section(name, each) for name, each in found.items())])


def section(name: str, found: Found) -> str:
    """Returns a benchmark's part of the page."""
    goals = [
        (row.what, row.goal, row.measured, _emphasised(verdict(row))) for row in goals_of(found)
    ]
    tables = (
        f"{table.title}:\n\n{markdown(table.heads, table.lines)}" for table in tables_of(found)
    )
    pictures = (f"![{chart.title}](bench/{file_of(name, chart)})" for chart in charts_of(found))
    filled = {
        "{goals}": markdown(("what", "goal", "measured", ""), goals),
        "{tables}": "\n\n".join(tables),
        "{charts}": "\n\n".join(pictures),
        "{signature}": "`" + found["signature"].replace("|", "` · `") + "`",
    }
    text = (PROSE / f"{name}.md").read_text(encoding="utf-8")
    for mark, content in filled.items():
        text = text.replace(mark, content)
    return re.sub(r"\n{3,}", "\n\n", text)  # where it has no tables, or no charts


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
    for name in found:
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
    options.add_argument(
        "--only-write", action="store_true", help="write the page of what is there"
    )
    given = options.parse_args(arguments)
    given.names = given.names or list(NAMES)
    return given


def _known(name: str) -> str:
    if name not in NAMES:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(NAMES)}")
    return name


def main() -> int:
    """Runs what was named, then writes what is there; returns 1 where a benchmark has failed."""
    given = parsed()
    into = ROOT / "build" / ("bench-quick" if given.quick else "bench")
    into.mkdir(parents=True, exist_ok=True)
    names = () if given.only_write else given.names
    failed = [name for name in names if not run(name, into, quick=given.quick)]
    there = [name for name in NAMES if (into / f"{name}.json").exists()]
    found = {name: json.loads((into / f"{name}.json").read_text("utf-8")) for name in there}
    write(found, into / "docs" if given.quick else ROOT / "docs")
    kept = [row.kept for each in found.values() for row in goals_of(each) if row.goal]
    print(f"{sum(map(bool, kept))} of {len(kept)} goals are kept")
    if failed:
        print(f"without a result: {', '.join(failed)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
