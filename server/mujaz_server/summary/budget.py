"""How long a summary may be."""

import math
from dataclasses import dataclass

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class SentenceCount:
    """At most `value` sentences; at least 1."""

    value: int

    def __post_init__(self) -> None:
        if self.value < 1:
            raise ValueError(f"a summary has at least 1 sentence, not {self.value}")


@dataclass(frozen=True, slots=True)
class WordCount:
    """At most `value` words, as `count_words` counts them; at least 1."""

    value: int

    def __post_init__(self) -> None:
        if self.value < 1:
            raise ValueError(f"a summary has at least 1 word, not {self.value}")


@dataclass(frozen=True, slots=True)
class Ratio:
    """At most this share of the document's words, over 0 to 1, but always one sentence."""

    value: float

    def __post_init__(self) -> None:
        if not 0.0 < self.value <= 1.0:
            raise ValueError(f"a summary is a share of its document over 0 to 1, not {self.value}")


Budget = SentenceCount | WordCount | Ratio


@dataclass(frozen=True, slots=True)
class Room:
    """The most sentences and the most words that a summary may have."""

    sentences: int
    words: int


def room(budget: Budget, document: Room) -> Room:
    """Returns the room that a budget allows in a document of so many sentences and words."""
    match budget:
        case SentenceCount(value):
            return Room(value, document.words)
        case WordCount(value):
            return Room(document.sentences, value)
        case Ratio(value):
            return Room(document.sentences, math.floor(value * document.words + _ROUNDING))
