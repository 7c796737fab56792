"""The slope of noisy values over time, and how sure it is: Theil and Sen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

CONFIDENCE = 0.95
_NORMAL = 1.96
"""What a normal variable's absolute value exceeds in one case of twenty."""


@dataclass(frozen=True, slots=True)
class Trend:
    """A slope, and the interval that holds it with the confidence."""

    slope: float
    low: float
    high: float
    confidence: float = CONFIDENCE

    @property
    def margin(self) -> float:
        """How far the slope may be from the truth: a smaller one cannot be told from none."""
        return max(self.high - self.slope, self.slope - self.low)


def trend(points: Sequence[tuple[float, float]]) -> Trend:
    """The median of the slopes between all pairs of points, and its interval (Sen 1968).

    A third of the values may be wild without moving it far. The interval takes what the slope
    leaves of the values for independent; memory moves in steps that stay, for which it is a little
    too narrow.

    Raises:
        ValueError: There are fewer than three points.
    """
    count = len(points)
    if count < 3:
        raise ValueError(f"{count} points show no trend: at least three are needed")
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2))
    spread = _NORMAL * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2) - 1)
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    # All slopes lie on one side of the truth only where the points come in order by chance.
    confidence = min(CONFIDENCE, 1 - 2 / math.factorial(count))
    return Trend(median(slopes), slopes[low], slopes[high], confidence)
