"""One line of the table: what is promised, the figure to reach, the figure measured."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

SHORT_LEEWAY = 7.0
leeway = 1.0
"""How much laxer bounds on time are: `SHORT_LEEWAY` in the short form, whose machine is shared."""


def within(seconds: float) -> float:
    """A bound on time, as it holds in this form."""
    return seconds * leeway


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

    @property
    def exact(self) -> bool:
        """Whether it counts what must never happen, which no busy machine excuses."""
        return self.reach == "0"


TRIES = 3
"""How often the short form is measured before a figure counts as missed."""
TIMEOUT_S = 180
"""What a test of a short form may take, with all its tries."""


async def missed(measure: Callable[[], Awaitable[Iterable[Row]]]) -> list[str]:
    """The figures that each of `TRIES` runs misses, or one run if they are exact."""
    always: dict[str, str] = {}
    for number in range(TRIES):
        rows = [row for row in await measure() if not row.kept]
        told = {row.what: f"{row.what}: {row.measured}, to reach {row.reach}" for row in rows}
        if never := [told[row.what] for row in rows if row.exact]:
            return never
        always = {what: told[what] for what in told if number == 0 or what in always}
        if not always:
            break
    return list(always.values())


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
