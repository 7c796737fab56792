"""Runs one target a number of times, and says what came of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

SLOW_S = 1.0
"""Seconds of processor time that no input of so few bytes may take."""


@dataclass
class Tally:
    """What came of the runs so far.

    Attributes:
        run: The target.
        runs: How many there were.
        slowest_s: Processor time of the slowest; not of the wall clock, for others share the cores.
        slowest: Its input.
        broken: The inputs for which something did not hold, each with what was raised.
    """

    run: Callable[[bytes], None]
    runs: int = 0
    slowest_s: float = 0.0
    slowest: bytes = b""
    broken: list[tuple[bytes, str]] = field(default_factory=list)

    def __call__(self, data: bytes) -> None:
        """Runs the target once."""
        started = time.thread_time()
        try:
            self.run(data)
        except Exception as error:  # noqa: BLE001  whatever is raised is a find
            self.broken.append((data, f"{type(error).__name__}: {error}"))
        took = time.thread_time() - started
        self.runs += 1
        if took > self.slowest_s:
            self.slowest_s, self.slowest = took, data
