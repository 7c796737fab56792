"""Results as JSON for machines, one object a line.

Names are those of the .proto. `gaps` holds what lies before, between and after
the sentences' sources, so that `gaps[0] + sentences[0].source_text + gaps[1] + …`
is the document exactly as it was read. Of documents that were joined it is their
joined text; `source` then says which of them a sentence comes from, and where it
stands in that one.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from mujaz_client.errors import MujazError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mujaz_client.document import DocumentResult
    from mujaz_client.inputs import Document
    from mujaz_client.results import Model, SummarySentence, TranslatedSentence

Json: TypeAlias = dict[str, Any]

# JSON may hold these as they are, a terminal or a log viewer should not: C1 controls, line
# separators, bidi controls. (json escapes C0 itself.)
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def document(read: Document, result: DocumentResult) -> Json:
    """A whole document."""
    form = {
        "id": read.id,
        "model": result.outline.model,
        "outline": plain(result.outline),
        "sentences": plain(result.sentences),
        "gaps": result.gaps,
        "summary": plain(result.summary),
        "report": plain(result.report),
    }
    if read.part_ids:
        _trace(form["sentences"], result.sentences, read, result)
        if result.summary:
            _trace(form["summary"]["sentences"], result.summary.sentences, read, result)
    return form


def _trace(
    forms: list[Json],
    sentences: Sequence[TranslatedSentence | SummarySentence],
    read: Document,
    result: DocumentResult,
) -> None:
    """Adds to each sentence which of the joined documents it comes from."""
    for form, sentence in zip(forms, sentences, strict=True):
        start, end = result.span_in_document(sentence)
        identity = read.part_ids[sentence.document]
        form["source"] = {"id": identity, "start_offset": start, "end_offset": end}


def failure(identity: object, error: Exception) -> Json:
    """A document that failed, and why."""
    if not isinstance(error, MujazError):
        return {"id": identity, "error": {"code": "UNREADABLE", "message": str(error)}}
    details = {
        "code": error.code,
        "reason": error.reason,
        "message": error.message,
        "violations": plain(error.violations),
        "retry_after": error.retry_after,
        "request_id": error.request_id,
    }
    return {"id": identity, "error": details}


def models(listed: Sequence[Model]) -> Json:
    """The loaded models."""
    return {"models": plain(listed)}


def plain(value: object) -> Any:  # noqa: ANN401 - JSON is what it is
    """Dataclasses as objects, enums as their names, tuples as lists."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def line(value: Json) -> str:
    """One line of JSON: Arabic readable, invisible characters escaped."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
