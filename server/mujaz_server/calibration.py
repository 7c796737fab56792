"""How wide a batch is worth being on this machine, and how fast it is then.

The weights of a model are read once a step for all rows of a batch. Where they fit into the caches
of a core a wide batch gains little, and a short call waits longer for it; where they do not, be it
that the model is large or that others share the caches, it gains a third. No table tells which
machine this is, so it is measured.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

WIDTHS = (256, 512)
"""What a batch may hold, in padded source tokens: the quick one first."""
_WORTH = 1.05
_ROUNDS = 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model does on this machine.

    Attributes:
        batch_tokens: The width of its batches, in padded source tokens.
        tokens_per_s: Source tokens that all threads together translate in a second so.
    """

    batch_tokens: int
    tokens_per_s: float


def calibrate(
    translate: Callable[[int], object],
    row_tokens: int,
    *,
    threads: int,
    most_rows: int,
    widths: Sequence[int] = WIDTHS,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration:
    """Measures batches of each width on all threads at once, in turn.

    Args:
        translate: Translates a batch of so many rows; called in several threads at once.
        row_tokens: Source tokens of each of these rows.
        threads: How many batches run at once.
        most_rows: The most rows of a batch.
        widths: Which widths may be chosen, rising.
        clock: Seconds of a steady clock.

    Returns:
        The smallest width, or a wider one that is faster by a twentieth and more.
    """
    rows = {width: max(1, min(most_rows, width // row_tokens)) for width in widths}
    seconds = dict.fromkeys(widths, float("inf"))
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(_ROUNDS):
            for width in widths:
                began = clock()
                list(pool.map(translate, [rows[width]] * threads))
                seconds[width] = min(seconds[width], clock() - began)
    found = [
        Calibration(width, threads * rows[width] * row_tokens / seconds[width]) for width in widths
    ]
    chosen = found[0]
    for wider in found[1:]:
        if wider.tokens_per_s > _WORTH * chosen.tokens_per_s:
            chosen = wider
    return chosen
