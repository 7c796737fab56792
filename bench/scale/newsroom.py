"""When articles come: a daily curve, and bursts on breaking news.

A Poisson process whose rate changes with time, drawn by thinning (Lewis and Shedler, Simulation of
nonhomogeneous Poisson processes by thinning, 1979).
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

DAY_S = 86_400.0
NIGHT = 0.4
"""The least of the daily curve, where its mean is 1; the most is `2 - NIGHT`."""


@dataclass(frozen=True, slots=True)
class Curve:
    """What the mean rate is multiplied by.

    Attributes:
        at: Returns it for a moment, in seconds.
        most: What it never exceeds.
    """

    at: Callable[[float], float]
    most: float


@dataclass(frozen=True, slots=True)
class Breaking:
    """Breaking news: so many times the usual rate come on top, and die away.

    Attributes:
        height: Of the usual rate, at its beginning.
        fade_s: Seconds in which it falls to 1/e.
        every_s: Seconds from one to the next, in the mean; when is random.
    """

    height: float
    fade_s: float
    every_s: float


def steady() -> Curve:
    """Articles come at random moments, at one rate."""
    return Curve(lambda _: 1.0, 1.0)


def daily() -> Curve:
    """Returns the daily curve: the least at midnight, the most at noon, 1 in the mean."""
    return Curve(lambda at: 1 - (1 - NIGHT) * math.cos(2 * math.pi * at / DAY_S), 2 - NIGHT)


def breaking(news: Breaking, until: float, seed: int) -> Curve:
    """Returns bursts, drawn once; their mean over `until` seconds is 1."""
    chance = random.Random(seed)
    begins: list[float] = []
    at = chance.expovariate(1 / news.every_s)
    while at < until:
        begins.append(at)
        at += chance.expovariate(1 / news.every_s)

    faded = math.fsum(1 - math.exp((begin - until) / news.fade_s) for begin in begins)
    mean = 1 + news.height * news.fade_s * faded / until

    def curve(at: float) -> float:
        passed = (at - begin for begin in begins if begin <= at)
        extra = math.fsum(math.exp(-seconds / news.fade_s) for seconds in passed)
        return (1 + news.height * extra) / mean

    return Curve(curve, max(map(curve, [0.0, *begins])))


def surge(times: float, begins: float, rises_s: float, lasts_s: float) -> Curve:
    """Returns 1, then a straight rise to `times`, which lasts, then a fall as steep."""

    def curve(at: float) -> float:
        after = at - begins
        risen = min(after, rises_s + lasts_s + rises_s - after) / rises_s
        return 1 + (times - 1) * min(1.0, max(0.0, risen))

    return Curve(curve, times)


def arrivals(rate: float, curve: Curve, until: float, seed: int) -> Iterator[float]:
    """Yields the moments at which articles come.

    Args:
        rate: Articles a second in the mean.
        curve: What it is multiplied by.
        until: Seconds at which it ends.
        seed: Of the moments.

    Raises:
        ValueError: The curve is higher than its `most`.
    """
    chance = random.Random(seed)
    at = 0.0
    while (at := at + chance.expovariate(rate * curve.most)) < until:
        height = curve.at(at)
        if height > curve.most * (1 + 1e-9):
            raise ValueError(f"The curve is {height:.2f} at {at:.0f} s, over {curve.most:.2f}")
        if chance.random() * curve.most < height:
            yield at
