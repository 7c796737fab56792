"""What is written of a document: a row, with the names of the .proto; or why there is none."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mujaz_models.manifest import Manifest
from mujaz_server.bulk.documents import Document, Rejected
from mujaz_server.pipeline.attempts import NOTES
from mujaz_server.pipeline.events import Summary, TranslatedSentence
from mujaz_server.summary.selection import Pick
from mujaz_server.translation.checks import Flag

Json = dict[str, Any]


def row(
    document: Document,
    done: Sequence[TranslatedSentence],
    summary: Summary,
    manifest: Manifest,
) -> Json:
    """Returns the row of a document."""
    return {
        "id": document.id,
        "model": manifest.name,
        "model_digest": manifest.digest,
        "sentences": [_sentence(each) for each in done],
        "summary": {
            "sentences": [_pick(*each) for each in summary.picks],
            "word_count": summary.word_count,
            "compression": summary.compression,
            "considered_sentence_count": summary.considered_sentence_count,
        },
        "counts": _counts(document, done),
    }


def rejection(rejected: Rejected) -> Json:
    """Returns the dead letter of a document."""
    return asdict(rejected)


def line(value: Json) -> bytes:
    """Returns one line of JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _sentence(each: TranslatedSentence) -> Json:
    return {
        "index": each.index,
        "paragraph": each.paragraph,
        "start_offset": each.start,
        "end_offset": each.end,
        "source_text": each.source,
        "text": each.text,
        "score": each.score,
        "flags": [flag.name for flag in sorted(each.flags)],
        "missing": each.missing,
        "added": each.added,
    }


def _pick(pick: Pick, sentence: TranslatedSentence) -> Json:
    return {
        "index": sentence.index,
        "text": sentence.text,
        "score": pick.score,
        "rank": pick.rank,
        "reasons": [
            {"kind": each.kind.name, "contribution": each.contribution} for each in pick.reasons
        ],
    }


def _counts(document: Document, done: Sequence[TranslatedSentence]) -> Json:
    flags = [each.flags for each in done]
    return {
        "code_point_count": len(document.text),
        "paragraph_count": done[-1].paragraph + 1,
        "sentence_count": len(done),
        "flagged_sentence_count": sum(1 for each in flags if each - NOTES),
        "retried_sentence_count": sum(Flag.RETRIED in each for each in flags),
        "passed_through_sentence_count": sum(Flag.PASSED_THROUGH in each for each in flags),
        "source_token_count": sum(each.source_tokens for each in done),
        "target_token_count": sum(each.target_tokens for each in done),
    }
