"""How far a run is: a bar on a terminal, elsewhere a line a minute."""

import sys
import time
from collections.abc import Callable
from typing import NoReturn, TextIO

from tqdm import tqdm

_EVERY_S = 60.0
_UNIT = " documents"


class Progress:
    """Tells documents done, the rate of this start, and the time left.

    Args:
        total: Documents of the input.
        out: Where to.
        clock: Seconds of a steady clock.
    """

    def __init__(
        self,
        total: int,
        out: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._clock = clock
        self._began = self._told = clock()
        self._total = total
        self._done = self._found = 0
        self._bar: tqdm[NoReturn] | None = None
        if out.isatty():
            self._bar = tqdm(total=total, unit=_UNIT, file=out, smoothing=0.05)

    def found(self, documents: int) -> None:
        """Counts documents that were done before this start."""
        self._found += documents
        self._done += documents
        if self._bar is not None:
            self._bar.initial += documents
            self._bar.update(documents)

    def advance(self, documents: int) -> None:
        """Counts documents that have been done now."""
        self._done += documents
        now = self._clock()
        if self._bar is not None:
            self._bar.update(documents)
        elif now - self._told >= _EVERY_S:
            self._told = now
            print(self._line(now - self._began), file=self._out, flush=True)

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar is not None:
            self._bar.close()

    def _line(self, elapsed: float) -> str:
        return tqdm.format_meter(
            self._done, self._total, elapsed, initial=self._found, unit=_UNIT, ncols=0
        )
