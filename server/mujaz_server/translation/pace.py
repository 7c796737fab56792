"""How long a greedy batch is likely to last, from how long others took.

A batch takes a step for each target token of its longest output. What a step takes depends on the
model, the machine, what else runs there, and the number of rows. So it is measured as it happens;
nothing of it is a constant of ours.
"""

_SHARE = 0.25
"""Of the newest batch in what is known: one that was held up by chance weighs little, and after
four the pace is mostly theirs."""


class Pace:
    """Seconds a step, a moving average for each number of rows.

    May be used from several threads at once without a lock: of two that record the same number of
    rows in one moment, one may be forgotten, which an average does not mind.
    """

    def __init__(self) -> None:
        self._step_s: dict[int, float] = {}

    def record(self, rows: int, tokens: int, seconds: float) -> None:
        """Learn from a batch.

        A step with few rows left costs more a token than one with all. So the seconds a token,
        times the rows, are what a step of all rows takes, or more where some ended before others.

        Args:
            rows: how many it had.
            tokens: target tokens of them all, `</s>` included; at least one.
            seconds: how long it took.
        """
        took = seconds * rows / tokens
        known = self._step_s.get(rows, took)
        self._step_s[rows] = known + _SHARE * (took - known)

    def expected(self, rows: int, steps: int) -> float:
        """Tell how long a batch is likely to take, in seconds.

        Infinite if none of so many rows was seen. A row that loops to its output limit takes
        longer, which is rare; a model so slow that it matters is asked for in any case.

        Args:
            rows: how many it has.
            steps: after how many their outputs should have ended.
        """
        return steps * self._step_s.get(rows, float("inf"))
