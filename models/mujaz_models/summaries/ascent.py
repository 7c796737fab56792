"""Coordinate ascent over a grid: one weight at a time, until no other value of any is better."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from mujaz_server.summary.selection import Weights


def ascend(
    start: Weights,
    axes: Mapping[str, Sequence[float]],
    better: Callable[[Weights, Weights], bool],
) -> Weights:
    """Returns weights that no change of a single one improves.

    Args:
        start: Where to begin.
        axes: The values to try of each field of `Weights`.
        better: Whether the first is to be preferred to the second; never both ways, and in no
            circle.
    """
    best = start
    while True:
        before = best
        for name, values in axes.items():
            for value in values:
                changed = replace(best, **{name: value})
                if better(changed, best):
                    best = changed
        if best == before:
            return best
