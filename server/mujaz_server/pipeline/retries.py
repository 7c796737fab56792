"""How much second tries may cost: a token bucket that first tries fill."""


class RetryBudget:
    """Holds second tries to a share of all work.

    Every source token of a first try adds `share` tokens of credit, a second try spends its own.
    The bucket starts full, so that the first doubtful sentence of a quiet server gets its second
    try, and holds no more than `burst`, so that a quiet day does not pay for a bad hour (the
    retry throttling of gRFC A6, counted in tokens).

    Attributes:
        share: Tokens of second tries for each token of first ones, 0 to 1.
        burst: The most credit, in tokens.
    """

    def __init__(self, share: float, burst: int = 512) -> None:
        self.share = share
        self.burst = burst
        self._credit = float(burst) if share else 0.0

    def earn(self, tokens: int) -> None:
        """Counts the tokens of a first try."""
        self._credit = min(self.burst, self._credit + self.share * tokens)

    def spend(self, tokens: int) -> bool:
        """Returns whether a second try of so many tokens may be made, and takes its credit."""
        if tokens > self._credit:
            return False
        self._credit -= tokens
        return True
