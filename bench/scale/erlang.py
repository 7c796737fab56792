"""What is known of queues in closed form: the simulator is held against it before it is believed.

M/M/c: arrivals at random moments (Poisson), exponential service, c servers, one queue. Erlang,
Solution of some problems in the theory of probabilities of significance in automatic telephone
exchanges, 1917.
"""

import math


def waits_share(load: float, servers: int) -> float:
    """Returns the share of customers that wait: Erlang's C.

    Args:
        load: Of each server, from 0 to below 1.
        servers: How many.

    Raises:
        ValueError: The load is no such share.
    """
    if not 0 <= load < 1:
        raise ValueError(f"A queue is stable from load 0 to below 1, not at {load}")
    offered = load * servers
    blocked = 1.0
    for number in range(1, servers + 1):  # Erlang's B, by its recursion
        blocked = offered * blocked / (number + offered * blocked)
    return blocked / (1 - load * (1 - blocked))


def mean_wait(load: float, servers: int) -> float:
    """Returns the mean time before service, in mean services."""
    return waits_share(load, servers) / (servers * (1 - load))


def wait_quantile(load: float, servers: int, share: float) -> float:
    """Returns the wait that `share` of the customers do not exceed, in mean services."""
    waiting = waits_share(load, servers)
    if waiting <= 1 - share:
        return 0.0
    return math.log(waiting / (1 - share)) / (servers * (1 - load))


def two_choices(load: float) -> float:
    """Returns the mean time in a system of very many queues, the shorter of two random ones joined.

    In mean services; Mitzenmacher, The power of two choices in randomized load balancing, 2001.
    """
    return math.fsum(load ** (2.0**number - 2) for number in range(1, 12))
