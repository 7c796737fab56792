"""Events of the pipeline as messages of mujaz.v1."""

import math

from google.protobuf.duration_pb2 import Duration

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_models.manifest import Manifest
from mujaz_server.pipeline.events import Event, Outline, Report, Summary, TranslatedSentence
from mujaz_server.summary.selection import Pick, ReasonKind
from mujaz_server.translation.checks import Flag

_FLAGS = {flag: pb.QualityFlag.Value(f"QUALITY_FLAG_{flag.name}") for flag in Flag}
_REASONS = {kind: pb.ReasonKind.Value(f"REASON_KIND_{kind.name}") for kind in ReasonKind}


def translate_event(event: Event, manifest: Manifest) -> pb.TranslateDocumentResponse:
    """Returns an event as `TranslateDocument` streams it."""
    match event:
        case Outline():
            return pb.TranslateDocumentResponse(outline=_outline(event, manifest))
        case TranslatedSentence():
            return pb.TranslateDocumentResponse(sentence=sentence(event))
        case Report():
            return pb.TranslateDocumentResponse(report=_report(event))
        case Summary():
            raise AssertionError("a translation was summarized. This is a bug")


def summarize_event(event: Event, manifest: Manifest) -> pb.SummarizeDocumentResponse:
    """Returns an event as `SummarizeDocument` streams it."""
    match event:
        case Outline():
            return pb.SummarizeDocumentResponse(outline=_outline(event, manifest))
        case TranslatedSentence():
            return pb.SummarizeDocumentResponse(sentence=sentence(event))
        case Summary():
            return pb.SummarizeDocumentResponse(summary=_summary(event))
        case Report():
            return pb.SummarizeDocumentResponse(report=_report(event))


def sentence(event: TranslatedSentence) -> pb.TranslatedSentence:
    """Returns one translated sentence."""
    message = pb.TranslatedSentence(
        index=event.index,
        paragraph=event.paragraph,
        start_offset=event.start,
        end_offset=event.end,
        source_text=event.source,
        text=event.text,
        score=event.score,
        flags=_flags(event),
        alternatives=event.alternatives,
        source_token_count=event.source_tokens,
        target_token_count=event.target_tokens,
        document=event.document,
    )
    if event.missing or event.added:
        message.number_difference.missing.extend(event.missing)
        message.number_difference.added.extend(event.added)
    return message


def model(manifest: Manifest, *, max_code_points: int, max_sentences: int) -> pb.Model:
    """Returns what `ListModels` says of the loaded model."""
    return pb.Model(
        name=manifest.name,
        digest=manifest.digest,
        source_language_code=manifest.source_language,
        target_language_code=manifest.target_language,
        quantization=manifest.quantization,
        license=manifest.license,
        scores=[
            pb.ModelScore(
                set=each.set, metric=each.metric, value=each.value, signature=each.signature
            )
            for each in manifest.scores
        ],
        max_source_token_count=manifest.max_source_tokens,
        max_code_point_count=max_code_points,
        max_sentence_count=max_sentences,
        is_default=True,
    )


def _outline(event: Outline, manifest: Manifest) -> pb.DocumentOutline:
    return pb.DocumentOutline(
        model=manifest.name,
        model_digest=manifest.digest,
        source_language_code=manifest.source_language,
        target_language_code=manifest.target_language,
        sentence_count=event.sentence_count,
        streamed_sentence_count=event.streamed_sentence_count,
        paragraph_count=event.paragraph_count,
        code_point_count=event.code_point_count,
        document_count=event.document_count,
    )


def _summary(event: Summary) -> pb.Summary:
    return pb.Summary(
        revision=event.revision,
        final=event.final,
        sentences=[_summary_sentence(pick, translated) for pick, translated in event.picks],
        word_count=event.word_count,
        compression=event.compression,
        considered_sentence_count=event.considered_sentence_count,
    )


def _summary_sentence(pick: Pick, translated: TranslatedSentence) -> pb.SummarySentence:
    reasons = sorted(pick.reasons, key=lambda each: -each.contribution)
    return pb.SummarySentence(
        index=translated.index,
        start_offset=translated.start,
        end_offset=translated.end,
        source_text=translated.source,
        text=translated.text,
        score=pick.score,
        rank=pick.rank,
        reasons=[
            pb.Reason(kind=_REASONS[each.kind], contribution=each.contribution) for each in reasons
        ],
        flags=_flags(translated),
        document=translated.document,
    )


def _report(event: Report) -> pb.DocumentReport:
    return pb.DocumentReport(
        streamed_sentence_count=event.streamed_sentence_count,
        flagged_sentence_count=event.flagged_sentence_count,
        retried_sentence_count=event.retried_sentence_count,
        passed_through_sentence_count=event.passed_through_sentence_count,
        summary_count=event.summary_count,
        source_token_count=event.source_token_count,
        target_token_count=event.target_token_count,
        first_sentence_duration=_duration(event.first_sentence_duration),
        total_duration=_duration(event.total_duration),
        queue_duration=_duration(event.queue_duration),
    )


def _flags(event: TranslatedSentence) -> list[pb.QualityFlag.ValueType]:
    return sorted(_FLAGS[flag] for flag in event.flags)


def _duration(seconds: float) -> Duration:
    whole = math.floor(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
