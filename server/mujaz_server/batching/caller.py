"""The lines of one caller, and its share."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic

from mujaz_server.batching.job import P, R

if TYPE_CHECKING:
    from mujaz_server.batching.line import Line


class Caller(Generic[P, R]):
    """Whose lines share what is served to one of them.

    A caller belongs to its `FairQueue`, as its lines do.

    Attributes:
        name: What tells it from others; None for somebody who has this one line only.
        credit: Source tokens it may still be served in this round; below zero where it
            was served before its turn, or rode along in the batches of others.
        backlog: Source tokens of the jobs that wait in lines not held back by their
            reader.
        new: Its lines that may run and were never served, oldest first.
        ring: Its other lines that may run; the head leads when the caller does.
        first_tokens: Source tokens of first jobs it was served since its ring led.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name
        self.credit = 0
        self.backlog = 0
        self.new: OrderedDict[Line[P, R], None] = OrderedDict()
        self.ring: OrderedDict[Line[P, R], None] = OrderedDict()
        self.first_tokens = 0

    @property
    def takes_turns(self) -> bool:
        """Whether it stands in the ring of callers.

        It does while it has anything to run or is in debt: otherwise whoever is idle
        between two calls would be forgiven what was served before its turn. Somebody
        without a name has no second call, and no turn before the first.
        """
        if self.name is None:
            return bool(self.ring)
        return bool(self.ring or self.new) or self.credit < 0

    def settle(self, line: Line[P, R]) -> None:
        """Puts a line that changed where it now belongs."""
        runnable = line.runnable
        backlog = line.tokens if runnable else 0
        self.backlog += backlog - line.counted
        line.counted = backlog
        home = self.ring if line.served else self.new
        if runnable:
            home.setdefault(line)
        else:
            home.pop(line, None)
        if line.served:
            self.new.pop(line, None)

    def turn(self, quantum: int) -> Line[P, R]:
        """Returns the line whose turn it is; the caller must have something to run."""
        if not self.ring:
            return next(iter(self.new))
        while (line := next(iter(self.ring))).credit <= 0:
            line.credit += quantum
            self.ring.move_to_end(line)
        return line
