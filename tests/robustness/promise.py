"""One line of the table: what is promised, the figure to reach, the figure measured."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        promise: Its number on the list of promises.
        what: What is measured.
        reach: The figure to reach.
        measured: What was measured.
        kept: Whether it reaches the figure.
    """

    promise: int
    what: str
    reach: str
    measured: str
    kept: bool


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned text."""
    cells = [("promise", "", "to reach", "measured", "")]
    cells += [
        (str(row.promise), row.what, row.reach, row.measured, "kept" if row.kept else "BROKEN")
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
