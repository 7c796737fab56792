"""Who gets the next call, by the calls that each replica has in progress at this balancer.

*Round robin* looks at none of them. *Least request* looks at all: Envoy's LEAST_REQUEST with
`selection_method: FULL_SCAN`. *Two choices* looks at two drawn at random: the same policy as Envoy
comes with it, and nearly as good where there are many (Mitzenmacher, 2001).
"""

import itertools
import random
from collections.abc import Callable, Sequence

Balancer = Callable[[Sequence[int]], int]
"""Returns the index of a replica, given the calls in progress of each; there is at least one."""


def round_robin(_: random.Random) -> Balancer:
    """Returns what takes the replicas in turn."""
    turns = itertools.count()
    return lambda loads: next(turns) % len(loads)


def least_request(chance: random.Random) -> Balancer:
    """Returns what takes the least busy replica, any of them where several are."""

    def pick(loads: Sequence[int]) -> int:
        least = min(loads)
        return chance.choice([index for index, load in enumerate(loads) if load == least])

    return pick


def two_choices(chance: random.Random) -> Balancer:
    """Returns what takes the less busy of two different replicas, drawn at random."""

    def pick(loads: Sequence[int]) -> int:
        drawn = chance.sample(range(len(loads)), min(2, len(loads)))
        return min(drawn, key=lambda index: loads[index])

    return pick


BALANCERS: dict[str, Callable[[random.Random], Balancer]] = {
    "round robin": round_robin,
    "two choices": two_choices,
    "least request": least_request,
}
"""By what tables call them."""
