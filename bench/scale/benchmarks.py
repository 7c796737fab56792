"""Figures of docs/benchmarks.md that the plan rests on, read off that page."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
CORES = 2
"""Of the machine of that page."""
_RATE = re.compile(r"^\| (.+), beam (\d), source tokens/s \| [^|]*\| (\d+) ", re.MULTILINE)


def rates(page: Path = PAGE) -> dict[tuple[str, int], float]:
    """Returns the source tokens a second of a core offline, by model and beam.

    Raises:
        ValueError: The page has none.
    """
    found = {
        (model, int(beam)): float(rate) / CORES
        for model, beam, rate in _RATE.findall(page.read_text(encoding="utf-8"))
    }
    if not found:
        raise ValueError(f"{page.name} has no row of source tokens/s: make bench")
    return found
