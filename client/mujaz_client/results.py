"""What the server answers, as frozen dataclasses.

Names and meanings are those of `mujaz/v1/mujaz.proto`, which is the reference;
durations are seconds. Offsets are half-open and count Unicode code points of
the text as it was sent, which is how Python indexes a `str`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Self, TypeAlias


class OpenEnum(enum.Enum):
    """An enum of the API: a number this version does not know is `UNSPECIFIED` (AIP-126)."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls(0) if isinstance(value, int) and value else None


class QualityFlag(OpenEnum):
    """A doubt or a note about a sentence's translation."""

    UNSPECIFIED = 0
    NUMBERS_DIFFER = 1
    REPETITION = 2
    COPIED = 3
    UNTRANSLATED = 4
    TRUNCATED = 5
    RETRIED = 6
    SPLIT = 7
    PASSED_THROUGH = 8
    EMPTY = 9
    LENGTH_RATIO = 10
    FAILED = 11

    @property
    def is_doubt(self) -> bool:
        """Whether the flag casts doubt; the others only say what was done."""
        return self not in NOTES


NOTES = frozenset({QualityFlag.RETRIED, QualityFlag.SPLIT, QualityFlag.PASSED_THROUGH})


class ReasonKind(OpenEnum):
    """Why a sentence was selected for a summary."""

    UNSPECIFIED = 0
    CENTRALITY = 1
    POSITION = 2
    NUMBERS = 3
    NAMES = 4
    QUERY = 5
    HEADLINE = 6
    REDUNDANCY = 7
    LENGTH = 8
    DOUBT = 9
    CONTEXT = 10


@dataclass(frozen=True, slots=True)
class DocumentOutline:
    """What is about to be done with a document; the first event of every stream."""

    model: str
    model_digest: str
    source_language_code: str
    target_language_code: str
    sentence_count: int
    streamed_sentence_count: int
    paragraph_count: int
    code_point_count: int
    document_count: int = 0


@dataclass(frozen=True, slots=True)
class NumberDifference:
    """The numbers that stand in only one of source and translation."""

    missing: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TranslatedSentence:
    """One sentence of a document, `text[start_offset:end_offset]`, with its translation.

    `score` is the mean log-probability of a target token, at most 0, and None
    where the model was not asked. `document` counts the documents that were sent
    together.
    """

    index: int
    paragraph: int
    start_offset: int
    end_offset: int
    source_text: str
    text: str
    score: float | None
    flags: tuple[QualityFlag, ...]
    alternatives: tuple[str, ...]
    source_token_count: int
    target_token_count: int
    number_difference: NumberDifference | None
    document: int = 0

    @property
    def is_doubtful(self) -> bool:
        """Whether a flag casts doubt on the translation."""
        return any(flag.is_doubt for flag in self.flags)


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of the score of a selected sentence."""

    kind: ReasonKind
    contribution: float


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a summary, with where it comes from and why it is there."""

    index: int
    start_offset: int
    end_offset: int
    source_text: str
    text: str
    score: float
    rank: int
    reasons: tuple[Reason, ...]
    flags: tuple[QualityFlag, ...]
    document: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """Selected sentences in the order of the document; the last of a stream is `final`."""

    revision: int
    final: bool
    sentences: tuple[SummarySentence, ...]
    word_count: int
    compression: float
    considered_sentence_count: int


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """What was done with a document; the last event of every stream that ends well."""

    streamed_sentence_count: int
    flagged_sentence_count: int
    retried_sentence_count: int
    passed_through_sentence_count: int
    summary_count: int
    source_token_count: int
    target_token_count: int
    first_sentence_seconds: float
    total_seconds: float
    queue_seconds: float


Event: TypeAlias = DocumentOutline | TranslatedSentence | Summary | DocumentReport


@dataclass(frozen=True, slots=True)
class TextTranslation:
    """The translation of one short text and the sentences it consists of."""

    text: str
    sentences: tuple[TranslatedSentence, ...]


@dataclass(frozen=True, slots=True)
class ModelScore:
    """A measured score of a model, on the metric's own scale."""

    set: str
    metric: str
    value: float
    signature: str


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model."""

    name: str
    digest: str
    source_language_code: str
    target_language_code: str
    quantization: str
    license: str
    scores: tuple[ModelScore, ...]
    max_source_token_count: int
    max_code_point_count: int
    max_sentence_count: int
    is_default: bool


class Health(OpenEnum):
    """Whether the server takes calls (`grpc.health.v1`)."""

    UNSPECIFIED = 0
    SERVING = 1
    NOT_SERVING = 2
