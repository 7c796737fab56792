"""mujaz-batch: its rate against the offline limit, its memory, kills, and actors of Ray.

    python bench/scale/batch.py [--quick] [--only PART …] [--documents N] [--kills N] [--texts FILE]

Prints a table of each part and writes it to build/scale/batch-PART.json:

- *rates*: a whole run, from lines of JSON to lines of JSON, with the model loaded before; the limit
  is CTranslate2's own on the same sentences. Where something else runs beside it, the ratio of
  processor seconds says more than that of rates;
- *memory*: the peak for an input and for four times as much;
- *kills*: `--documents` documents of some short sentences of `--texts`, a few lines among which are
  no documents, are translated twice: once in peace, and once killed with SIGKILL at `--kills`
  random points, and started again each time. The outputs must not differ by a byte;
- *actors*: two of a thread against one of two, and what one command can feed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
import texts
from rounds import Goal, begun, finished
from scale.actors import actors, feeding
from scale.kills import killed
from scale.memory import memory
from scale.rates import rates, widths
from signature import signature

INTO = Path(__file__).parents[2] / "build" / "scale"
DOCUMENTS, KILLS = 20_000, 20
QUICK_KILLS = 200, 3
"""Documents and kills that only show that all works."""
PARTS = ("rates", "memory", "kills", "actors")


def measured(part: str, folder: Path, given: argparse.Namespace) -> tuple[list[Goal], str]:
    """Returns the rows of a part, and their signature."""
    quick: bool = given.quick
    match part:
        case "rates":
            return [*rates(folder, quick=quick), *widths(quick=quick)], signature()
        case "memory":
            return memory(folder, quick=quick), signature()
        case "kills":
            documents, kills = QUICK_KILLS if quick else (given.documents, given.kills)
            return killed(folder, documents, kills, given.texts), signature(set=given.texts.name)
        case _:
            return [*actors(folder, quick=quick), *feeding(folder, quick=quick)], signature()


def main() -> int:
    """Prints the tables; returns 1 where a goal is missed."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--quick", action="store_true", help="show that it works, on little")
    options.add_argument("--documents", type=int, default=DOCUMENTS, metavar="N")
    options.add_argument("--kills", type=int, default=KILLS, metavar="N")
    texts.add_option(options)
    options.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    given = options.parse_args()
    into = INTO.with_name("scale-quick") if given.quick else INTO
    missed = 0
    for part in given.only:
        begun(part)
        with tempfile.TemporaryDirectory() as folder:
            rows, signed = measured(part, Path(folder), given)
        missed += finished(into / f"batch-{part}.json", part, rows, {}, signed)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
