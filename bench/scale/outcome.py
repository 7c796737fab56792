"""What became of the articles of a simulation."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from scale.replica import Article

FIRST_S, WHOLE_S = 1.0, 5.0
"""What the 99th percentiles should not exceed: of the first sentence, and of the whole article."""


def quantile(values: Sequence[float], share: float) -> float:
    """Returns the least value that `share` of the values do not exceed; infinite for none."""
    if not values:
        return math.inf
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of some articles; seconds from when their callers asked first.

    Attributes:
        articles: How many.
        first_p50: The median time to the first sentence.
        first_p99: What one in a hundred first sentences exceeds.
        whole_p50: The median time to the end.
        whole_p99: What one in a hundred exceeds, of those that came to their end.
        refusals: How often a caller was told to come back.
        given_up: Articles whose callers went away without an answer.
    """

    articles: int
    first_p50: float
    first_p99: float
    whole_p50: float
    whole_p99: float
    refusals: int
    given_up: int

    @classmethod
    def of(cls, articles: Sequence[Article]) -> Self:
        """Returns the outcome of articles; those still in progress have no time yet."""
        first = [each.first - each.arrived for each in articles if each.first is not None]
        whole = [each.ended - each.arrived for each in articles if each.ended is not None]
        return cls(
            len(articles),
            quantile(first, 0.5),
            quantile(first, 0.99),
            quantile(whole, 0.5),
            quantile(whole, 0.99),
            sum(each.refusals for each in articles),
            sum(each.given_up for each in articles),
        )

    @property
    def late(self) -> bool:
        """Whether more than one in a hundred took too long, to the first sentence or to the end."""
        return self.first_p99 > FIRST_S or self.whole_p99 > WHOLE_S


def within(articles: Sequence[Article], begin: float, end: float) -> list[Article]:
    """Returns the articles that came from one moment to another."""
    return [each for each in articles if begin <= each.arrived < end]
