"""Several documents as the one text that is sent."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Joined:
    """Documents with a blank line between them.

    Attributes:
        text: All of them.
        starts: Where each starts in it, in code points.
    """

    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Self:
        """Joins the texts in their order; none of them is changed."""
        lengths = (len(text) + len(SEPARATOR) for text in texts[:-1])
        starts = tuple(accumulate(lengths, initial=0)) if texts else ()
        return cls(SEPARATOR.join(texts), starts)
