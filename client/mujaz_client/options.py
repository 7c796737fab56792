"""What a caller may ask for, with the defaults of `mujaz/v1/mujaz.proto`.

Values are checked by the server alone, which answers `InvalidArgumentError`
with the field's name: one rule, in one place.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias


class Quality(enum.Enum):
    """How much work goes into each sentence; `UNSPECIFIED` is the server's default."""

    UNSPECIFIED = 0
    FAST = 1
    BALANCED = 2
    BEST = 3


class NewlineMode(enum.Enum):
    """What a line break means: the end of a sentence, or text wrapped to a width."""

    UNSPECIFIED = 0
    BREAK = 1
    WRAP = 2


class SummaryOrder(enum.Enum):
    """Select among the English sentences, or among the Arabic ones and translate only those."""

    UNSPECIFIED = 0
    TRANSLATE_FIRST = 1
    SELECT_FIRST = 2


@dataclass(frozen=True, slots=True)
class SentenceCount:
    """At most `value` sentences, 1 to 1,000."""

    value: int


@dataclass(frozen=True, slots=True)
class WordCount:
    """At most `value` words, 1 to 100,000, of the language that is selected from."""

    value: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """At most this share of the document's words, over 0 to 1; at least one sentence."""

    value: float


Budget: TypeAlias = SentenceCount | WordCount | Ratio


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """What a text is translated with."""

    quality: Quality = Quality.UNSPECIFIED
    model: str = ""
    newline_mode: NewlineMode = NewlineMode.UNSPECIFIED
    require_arabic: bool = False


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """What summary to make. Without a budget, three sentences; without a diversity, 0.5."""

    budget: Budget | None = None
    order: SummaryOrder = SummaryOrder.UNSPECIFIED
    query: str = ""
    diversity: float | None = None
    revision_count: int = 0


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The deadline of each method in seconds, where a call names none of its own."""

    text: float = 60.0
    document: float = 600.0
    models: float = 10.0
    health: float = 5.0


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS, with what is its own; everything in PEM.

    Attributes:
        roots: What the server's certificate must lead to; None: the system's roots.
        certificate: What the client shows to a server that asks for it (mutual TLS), followed by
            the certificates up to its root.
        key: The key of `certificate`.
    """

    roots: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)


DEFAULT_TRANSLATION = TranslationOptions()
DEFAULT_SUMMARY = SummaryOptions()
DEFAULT_TIMEOUTS = Timeouts()
