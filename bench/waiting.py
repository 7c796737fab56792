"""How long short texts would wait if batches were all there is: no service, no calls, no lengths.

A batch of n rows takes `fixed + n * row` seconds, measured offline. Calls come at random moments
(a Poisson process), threads take all that wait, as many as a batch holds, first come, first served:
bulk service as in Bailey, On queueing processes with bulk service, 1954. Whatever the
server loses beyond this is its own doing; what this loses, no service can win back without other
batches.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles

from limit import Offline, Rows

_MANY = 12
_ROUNDS = 5
_SEED = 6


@dataclass(frozen=True, slots=True)
class Cost:
    """What a batch takes while every thread has one.

    Attributes:
        fixed: Seconds of a batch, whatever is in it.
        row: Seconds that each row adds.
        rows: How many a batch may have.
    """

    fixed: float
    row: float
    rows: int

    def of(self, rows: int) -> float:
        """Returns the seconds of a batch."""
        return self.fixed + rows * self.row


def cost(offline: Offline, rows: Rows, beam: int, batch_tokens: int, threads: int) -> Cost:
    """Measures batches of one row and of many, all rows of the median length."""
    usual = sorted(rows, key=len)[len(rows) // 2]

    def seconds(count: int) -> float:
        batches = [usual] * (count * threads)
        return median(offline.seconds(batches, beam, count * len(usual)) for _ in range(_ROUNDS))

    one, many = seconds(1), seconds(_MANY)
    row = (many - one) / (_MANY - 1)
    return Cost(max(0.0, one - row), row, max(1, batch_tokens // len(usual)))


def waits(cost: Cost, rate: float, threads: int, count: int = 20_000) -> float:
    """Returns the 95th percentile of waiting and service, over the service of one row alone.

    Args:
        cost: Of a batch.
        rate: Calls a second.
        threads: Batches at once.
        count: How many calls are simulated.
    """
    latencies: list[float] = []
    arrivals = list(_arrivals(rate, count))
    free = [0.0] * threads
    first = 0
    while first < count:
        begin = max(heapq.heappop(free), arrivals[first])
        last = first + 1
        while last < min(count, first + cost.rows) and arrivals[last] <= begin:
            last += 1
        end = begin + cost.of(last - first)
        latencies += [end - arrival for arrival in arrivals[first:last]]
        heapq.heappush(free, end)
        first = last
    return quantiles(latencies, n=20)[-1] / cost.of(1)


def _arrivals(rate: float, count: int) -> Iterator[float]:
    chance = random.Random(_SEED)
    now = 0.0
    for _ in range(count):
        now += chance.expovariate(rate)
        yield now
