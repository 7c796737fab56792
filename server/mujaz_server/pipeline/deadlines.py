"""When a caller that has left counts as out of time."""

_ROUNDED = 0.01
_JITTER_S = 0.05


def out_of_time(left: float, allowed: float) -> bool:
    """Whether a caller with `left` of `allowed` seconds has left because its time was up.

    Clients end a call themselves when its deadline passes, and the word of it may arrive before the
    deadline passes here: on the wire it is rounded up, by a hundredth at most, and no two messages
    take equally long.
    """
    return left <= max(_JITTER_S, _ROUNDED * allowed)
