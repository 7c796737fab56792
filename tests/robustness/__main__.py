"""Measures the promises and prints their table: `python -m robustness [NAME …] [--short]`.

Exits with 1 where a figure falls short. `make robustness` runs all of them in their long form,
`make robustness ONLY=overload` one.
"""

import argparse
import asyncio
import importlib
import sys
import time

from robustness import promise
from robustness.machine import TESTS

sys.path.insert(0, str(TESTS.parent / "bench"))
from signature import signature

PROMISES = (
    "overload",
    "refusals",
    "documents",
    "fairness",
    "cancelling",
    "deadlines",
    "drain",
    "crashes",
    "malformed",
    "fuzzing",
    "http2",
    "soak",
)
"""The modules, in the order they run. Each has `SHORT`, `LONG` and `measured`."""


def main() -> int:
    """Prints what was measured, each promise as it is done and all of them at the end."""
    parser = argparse.ArgumentParser(prog="python -m robustness", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which; none: all")
    parser.add_argument("--short", action="store_true", help="the short form, as in the tests")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(PROMISES):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(PROMISES)}")
    if arguments.short:
        promise.leeway = promise.SHORT_LEEWAY
    rows = []
    for name in arguments.names or PROMISES:
        module = importlib.import_module(f"robustness.{name}")
        began = time.monotonic()
        size = module.SHORT if arguments.short else module.LONG
        rows += asyncio.run(module.measured(size))
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    kept = sum(row.kept for row in rows)
    print(f"{promise.table(rows)}\n\nkept: {kept} of {len(rows)}\n{signature()}")
    return 0 if kept == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
