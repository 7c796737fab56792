"""Kubernetes' HorizontalPodAutoscaler, as its documentation tells it.

    desired = ceil(current * measured / target)

for each metric, where measured is the mean over the replicas; nothing within a tolerance of a tenth
around the target; the most of all metrics; up at once within a rate, down only to the most that was
desired in the last five minutes.
https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

TOLERANCE = 0.1
SYNC_S = 15.0
"""From one decision to the next."""
DOWN_STABILISATION_S = 300.0
UP_SHARE, UP_PODS, UP_PERIOD_S = 1.0, 4, 15.0
"""Within each period at most this share of the replicas is added, or so many if that is more."""


def desired(current: int, total: float, target: float) -> int:
    """Returns the replicas that one metric asks for.

    Args:
        current: How many there are, those that are starting counted.
        total: Of the metric, over all of them; a replica that is starting has 0.
        target: Of the metric for each replica (`AverageValue`).
    """
    if abs(total / (current * target) - 1) <= TOLERANCE:
        return current
    return math.ceil(total / target)


@dataclass(eq=False)
class Autoscaler:
    """The decisions of one HPA with its default behaviour; the caller asks every `SYNC_S`.

    Attributes:
        targets: Of each metric.
        least: The fewest replicas.
        most: The most replicas.
    """

    targets: Sequence[float]
    least: int
    most: int
    _wanted: deque[tuple[float, int]] = field(default_factory=deque)
    _grown: deque[tuple[float, int]] = field(default_factory=deque)

    def decide(self, now: float, current: int, totals: Sequence[float]) -> int:
        """Returns how many replicas there should be.

        Args:
            now: Seconds.
            current: How many there are or are starting.
            totals: Of each metric, in the order of `targets`.
        """
        wanted = max(
            desired(current, total, target)
            for total, target in zip(totals, self.targets, strict=True)
        )
        bounded = min(self.most, max(self.least, self._stabilised(now, current, wanted)))
        allowed = min(bounded, self._ceiling(now, current))
        if allowed > current:
            self._grown.append((now, allowed - current))
        return allowed

    def _stabilised(self, now: float, current: int, wanted: int) -> int:
        """Returns what is wanted, or the most that was wanted lately if that is less of a fall."""
        self._wanted = self._wanted or deque([(now, current)])
        self._wanted.append((now, wanted))
        while self._wanted[0][0] <= now - DOWN_STABILISATION_S:
            self._wanted.popleft()
        return max(wanted, min(current, max(each for _, each in self._wanted)))

    def _ceiling(self, now: float, current: int) -> int:
        while self._grown and self._grown[0][0] <= now - UP_PERIOD_S:
            self._grown.popleft()
        before = current - sum(count for _, count in self._grown)
        return max(before + UP_PODS, math.ceil(before * (1 + UP_SHARE)))
