"""The plan on paper: what replicas would do, simulated from what one was measured to do.

    python bench/scale/simulation.py [--quick]

Rests on bench/data/service_times.json (`service_times.py`), the costs on docs/benchmarks.md too, so
that it is the same each time. Prints its tables and writes build/scale/NAME.json of each part, of
which `page.py` makes docs/scale.md:

- *cost*: cores for a million documents a day;
- *validation*: the simulator against theory and against the real server;
- *loads*: what callers wait by load, balancer and number of replicas;
- *surges*: what autoscaling is worth;
- *losses*: what a lost replica does.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

sys.path.append(str(Path(__file__).parents[1]))

from rounds import Chart, Goal, Table, begun, shown, written
from scale import cost, loads, losses, surges, validation
from scale.measured import Measured
from signature import cores

INTO = Path(__file__).parents[2] / "build" / "scale"
CUSTOMERS, QUICK_CUSTOMERS = 60_000, 2_000


class Study(Protocol):
    """A part with its figures."""

    def rows(self) -> list[Goal]:
        """Returns goals and findings."""
        ...

    def tables(self) -> list[Table]:
        """Returns what they were read off."""
        ...

    def charts(self) -> list[Chart]:
        """Returns what is best seen."""
        ...


def studies(measured: Measured, pool: Executor, *, quick: bool) -> Iterator[tuple[str, Study]]:
    """Simulates part after part, the quickest first; yields each when it is done."""
    customers = QUICK_CUSTOMERS if quick else CUSTOMERS
    yield "cost", cost.study(measured.documents, measured.share)
    begun("losses, loads, surges, validation")
    yield "losses", losses.study(measured, pool)
    yield "loads", loads.study(measured, pool, quick=quick)
    yield "surges", surges.study(measured, pool, quick=quick)
    yield "validation", validation.study(measured, pool, customers)


def told(name: str, study: Study, signed: str, into: Path) -> bool:
    """Prints a part and writes its JSON; returns whether all its goals are kept."""
    rows, tables = study.rows(), study.tables()
    print(f"== {name}", shown(rows), *tables, sep="\n\n", flush=True)
    data = {
        "charts": [asdict(chart) for chart in study.charts()],
        "tables": [asdict(table) for table in tables],
    }
    written(into / f"{name}.json", name, rows, data, signed)
    return all(row.kept is not False for row in rows)


def main() -> int:
    """Simulates, prints and writes; returns 1 where a goal is missed."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="show that it works, on little")
    quick = options.parse_args().quick
    measured = Measured.read()
    context = multiprocessing.get_context("spawn")
    into = INTO.with_name("scale-quick") if quick else INTO
    with ProcessPoolExecutor(cores(), mp_context=context) as pool:
        found = studies(measured, pool, quick=quick)
        kept = [told(name, study, measured.signature, into) for name, study in found]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
