"""Between the messages of `mujaz.v1` and the client's own types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client.options import Ratio, SentenceCount, SummaryOptions, TranslationOptions, WordCount
from mujaz_client.results import (
    DocumentOutline,
    DocumentReport,
    Event,
    Health,
    Model,
    ModelScore,
    NumberDifference,
    QualityFlag,
    Reason,
    ReasonKind,
    Summary,
    SummarySentence,
    TextTranslation,
    TranslatedSentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.duration_pb2 import Duration
    from grpc_health.v1 import health_pb2

AnyResponse: TypeAlias = pb.TranslateDocumentResponse | pb.SummarizeDocumentResponse


def translate_text_request(
    texts: Iterable[str], options: TranslationOptions, alternative_count: int
) -> pb.TranslateTextRequest:
    """The request of `TranslateText`."""
    return pb.TranslateTextRequest(
        texts=texts, options=_translation(options), alternative_count=alternative_count
    )


def translate_document_request(
    text: str, options: TranslationOptions
) -> pb.TranslateDocumentRequest:
    """The request of `TranslateDocument`."""
    return pb.TranslateDocumentRequest(text=text, options=_translation(options))


def summarize_document_request(
    text: str,
    options: TranslationOptions,
    summary: SummaryOptions,
    document_start_offsets: Sequence[int],
) -> pb.SummarizeDocumentRequest:
    """The request of `SummarizeDocument`."""
    return pb.SummarizeDocumentRequest(
        text=text,
        options=_translation(options),
        summary=_summary_options(summary),
        document_start_offsets=document_start_offsets,
    )


def _translation(options: TranslationOptions) -> pb.TranslationOptions:
    return pb.TranslationOptions(
        quality=pb.Quality.ValueType(options.quality.value),
        model=options.model,
        newline_mode=pb.NewlineMode.ValueType(options.newline_mode.value),
        require_arabic=options.require_arabic,
    )


def _summary_options(options: SummaryOptions) -> pb.SummaryOptions:
    message = pb.SummaryOptions(
        order=pb.SummaryOrder.ValueType(options.order.value),
        query=options.query,
        diversity=options.diversity,
        revision_count=options.revision_count,
    )
    match options.budget:
        case None:
            pass
        case SentenceCount(value):
            message.sentence_count = value
        case WordCount(value):
            message.word_count = value
        case Ratio(value):
            message.ratio = value
        case _:
            assert_never(options.budget)
    return message


def event(response: AnyResponse) -> Event | None:
    """The event of a stream's message, or None for one that this version does not know."""
    match response.WhichOneof("event"):
        case "outline":
            return _outline(response.outline)
        case "sentence":
            return sentence(response.sentence)
        case "summary" if isinstance(response, pb.SummarizeDocumentResponse):
            return _summary(response.summary)
        case "report":
            return _report(response.report)
        case _:
            return None


def text_translations(response: pb.TranslateTextResponse) -> list[TextTranslation]:
    """The translations of `TranslateText`, in the order of the request."""
    return [
        TextTranslation(item.text, tuple(sentence(part) for part in item.sentences))
        for item in response.translations
    ]


def sentence(message: pb.TranslatedSentence) -> TranslatedSentence:
    """A translated sentence."""
    difference = None
    if message.HasField("number_difference"):
        numbers = message.number_difference
        difference = NumberDifference(tuple(numbers.missing), tuple(numbers.added))
    return TranslatedSentence(
        index=message.index,
        paragraph=message.paragraph,
        start_offset=message.start_offset,
        end_offset=message.end_offset,
        source_text=message.source_text,
        text=message.text,
        score=message.score if message.HasField("score") else None,
        flags=_flags(message.flags),
        alternatives=tuple(message.alternatives),
        source_token_count=message.source_token_count,
        target_token_count=message.target_token_count,
        number_difference=difference,
        document=message.document,
    )


def model(message: pb.Model) -> Model:
    """A loaded model."""
    return Model(
        name=message.name,
        digest=message.digest,
        source_language_code=message.source_language_code,
        target_language_code=message.target_language_code,
        quantization=message.quantization,
        license=message.license,
        scores=tuple(
            ModelScore(score.set, score.metric, score.value, score.signature)
            for score in message.scores
        ),
        max_source_token_count=message.max_source_token_count,
        max_code_point_count=message.max_code_point_count,
        max_sentence_count=message.max_sentence_count,
        is_default=message.is_default,
    )


def health(response: health_pb2.HealthCheckResponse) -> Health:
    """Whether the server takes calls."""
    return Health(response.status)


def _outline(message: pb.DocumentOutline) -> DocumentOutline:
    return DocumentOutline(
        model=message.model,
        model_digest=message.model_digest,
        source_language_code=message.source_language_code,
        target_language_code=message.target_language_code,
        sentence_count=message.sentence_count,
        streamed_sentence_count=message.streamed_sentence_count,
        paragraph_count=message.paragraph_count,
        code_point_count=message.code_point_count,
        document_count=message.document_count,
    )


def _flags(numbers: Iterable[int]) -> tuple[QualityFlag, ...]:
    return tuple(QualityFlag(number) for number in numbers)


def _summary(message: pb.Summary) -> Summary:
    return Summary(
        revision=message.revision,
        final=message.final,
        sentences=tuple(_summary_sentence(item) for item in message.sentences),
        word_count=message.word_count,
        compression=message.compression,
        considered_sentence_count=message.considered_sentence_count,
    )


def _summary_sentence(message: pb.SummarySentence) -> SummarySentence:
    return SummarySentence(
        index=message.index,
        start_offset=message.start_offset,
        end_offset=message.end_offset,
        source_text=message.source_text,
        text=message.text,
        score=message.score,
        rank=message.rank,
        reasons=tuple(
            Reason(ReasonKind(reason.kind), reason.contribution) for reason in message.reasons
        ),
        flags=_flags(message.flags),
        document=message.document,
    )


def _report(message: pb.DocumentReport) -> DocumentReport:
    return DocumentReport(
        streamed_sentence_count=message.streamed_sentence_count,
        flagged_sentence_count=message.flagged_sentence_count,
        retried_sentence_count=message.retried_sentence_count,
        passed_through_sentence_count=message.passed_through_sentence_count,
        summary_count=message.summary_count,
        source_token_count=message.source_token_count,
        target_token_count=message.target_token_count,
        first_sentence_seconds=_seconds(message.first_sentence_duration),
        total_seconds=_seconds(message.total_duration),
        queue_seconds=_seconds(message.queue_duration),
    )


def _seconds(duration: Duration) -> float:
    return duration.ToNanoseconds() / 1e9
