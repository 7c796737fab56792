"""What a run is asked for, and the events it answers with."""

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from mujaz_server.batching.observer import DropReason
from mujaz_server.pipeline.timeline import UNTOLD, Timeline
from mujaz_server.summary.selection import Budget, Pick, SentenceCount
from mujaz_server.text.segment import NewlineMode
from mujaz_server.translation.checks import Flag


class Quality(enum.Enum):
    """How much work goes into a sentence; the value is the width of its beam."""

    FAST = 1
    BALANCED = 2
    BEST = 5


class Order(enum.Enum):
    """Whether sentences are selected after they are translated, or before."""

    TRANSLATE_FIRST = enum.auto()
    SELECT_FIRST = enum.auto()


@dataclass(frozen=True, slots=True)
class SummaryOptions:
    """What summary to make."""

    budget: Budget = field(default_factory=lambda: SentenceCount(3))
    order: Order = Order.TRANSLATE_FIRST
    query: str = ""
    diversity: float = 0.5
    revision_count: int = 0


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """A text to translate, and what else to do with it.

    Attributes:
        text: The document as sent.
        quality: How much work goes into each sentence.
        newline: What a line break means.
        deadline: When the caller stops waiting, on the worker's clock; None: never.
        alternative_count: How many other translations of each sentence to return.
        summary: What summary to make; None: none.
        document_starts: Where each of several documents starts in the text, the first at 0;
            empty: it is one document.
        meter: Called once with the source tokens of work that was admitted, which finished
            sentences are not; what it raises refuses it. None: any amount may pass.
        request_id: What logs call the request.
        caller: Who shares what is served to this request with others of its; None: nobody.
        timeline: Told where its time goes.
    """

    text: str
    quality: Quality
    newline: NewlineMode = NewlineMode.BREAK
    deadline: float | None = None
    alternative_count: int = 0
    summary: SummaryOptions | None = None
    document_starts: tuple[int, ...] = ()
    meter: Callable[[int], None] | None = None
    request_id: str = ""
    caller: str | None = None
    timeline: Timeline = UNTOLD

    @property
    def selects(self) -> bool:
        """Whether sentences are selected before they are translated."""
        return self.summary is not None and self.summary.order is Order.SELECT_FIRST


@dataclass(frozen=True, slots=True)
class Outline:
    """What is about to be done; the first event.

    `document_count` is the number of documents that the request told apart, 0 where none.
    """

    sentence_count: int
    streamed_sentence_count: int
    paragraph_count: int
    code_point_count: int
    document_count: int


@dataclass(frozen=True, slots=True)
class TranslatedSentence:
    """A sentence with its translation; offsets count code points of the text as sent.

    Attributes:
        document: Which of several documents it stands in.
        score: Mean log-probability of a target token; None where no model was asked.
        missing: Numbers of the source that the translation lacks.
        added: Numbers of the translation that the source lacks.
    """

    index: int
    paragraph: int
    start: int
    end: int
    source: str
    text: str
    score: float | None
    flags: frozenset[Flag]
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    source_tokens: int = 0
    target_tokens: int = 0
    document: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """Selected sentences in the order of the document, each with its translation."""

    revision: int
    final: bool
    picks: tuple[tuple[Pick, TranslatedSentence], ...]
    word_count: int
    compression: float
    considered_sentence_count: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was done; the last event. Durations are seconds since the request arrived."""

    streamed_sentence_count: int
    flagged_sentence_count: int
    retried_sentence_count: int
    passed_through_sentence_count: int
    summary_count: int
    source_token_count: int
    target_token_count: int
    first_sentence_duration: float
    total_duration: float
    queue_duration: float


Event = Outline | TranslatedSentence | Summary | Report


class Observer(Protocol):
    """What the pipeline reports."""

    def sentence(self, flags: Iterable[str], source_tokens: int, target_tokens: int) -> None:
        """A sentence has been answered, with these flags."""

    def first_sentence(self, seconds: float) -> None:
        """A document has got its first sentence, so many seconds after it arrived."""

    def dropped(self, reason: DropReason, count: int) -> None:
        """So many sentences were dropped before they were queued."""

    def looked_up(self, *, hits: int, misses: int) -> None:
        """Of admitted sentences so many had been finished before, and so many had not."""


class TextTooLargeError(Exception):
    """A text is over a limit of this server. Trying again cannot help.

    Attributes:
        unit: What is counted: "code points" or "sentences".
        actual: How many the text has.
        limit: How many it may have.
    """

    def __init__(self, unit: str, actual: int, limit: int) -> None:
        super().__init__(f"the text has {actual} {unit}; this server takes at most {limit}")
        self.unit = unit
        self.actual = actual
        self.limit = limit


class BlankTextError(Exception):
    """A text is empty or holds nothing that could be a sentence.

    Attributes:
        position: Which of the request's texts it is, from 0.
    """

    def __init__(self, position: int) -> None:
        super().__init__(f"text {position} is blank")
        self.position = position


class DeadlinePassedError(Exception):
    """The caller's deadline passed before the work was done."""
