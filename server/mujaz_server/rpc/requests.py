"""Requests of mujaz.v1 as the domain has them. Nothing invalid gets past this module."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.pipeline.events import (
    DocumentRequest,
    Order,
    Quality,
    SummaryOptions,
)
from mujaz_server.rpc.errors import InvalidRequestError, Violation, no_arabic
from mujaz_server.summary.selection import Budget, Ratio, SentenceCount, WordCount
from mujaz_server.text.normalize import has_arabic
from mujaz_server.text.segment import NewlineMode

MAX_TEXTS = 128
MAX_DOCUMENTS = 128
MAX_ALTERNATIVES = 4
MAX_SENTENCE_COUNT = 1_000
MAX_WORD_COUNT = 100_000
MAX_QUERY_CODE_POINTS = 1_000
MAX_REVISIONS = 20

_QUALITIES = {
    pb.QUALITY_FAST: Quality.FAST,
    pb.QUALITY_BALANCED: Quality.BALANCED,
    pb.QUALITY_BEST: Quality.BEST,
}
_NEWLINES = {
    pb.NEWLINE_MODE_UNSPECIFIED: NewlineMode.BREAK,
    pb.NEWLINE_MODE_BREAK: NewlineMode.BREAK,
    pb.NEWLINE_MODE_WRAP: NewlineMode.WRAP,
}
_ORDERS = {
    pb.SUMMARY_ORDER_UNSPECIFIED: Order.TRANSLATE_FIRST,
    pb.SUMMARY_ORDER_TRANSLATE_FIRST: Order.TRANSLATE_FIRST,
    pb.SUMMARY_ORDER_SELECT_FIRST: Order.SELECT_FIRST,
}


class _Rules:
    """Collects every rule a request breaks, so that a caller can mend all at once."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def require(self, holds: bool, field: str, rule: str) -> None:  # noqa: FBT001  reads as an assertion
        if not holds:
            self._violations.append(Violation(field, rule))

    def close(self) -> None:
        if self._violations:
            raise InvalidRequestError(self._violations)


def text_request(
    message: pb.TranslateTextRequest, default: Quality, deadline: float
) -> DocumentRequest:
    """Returns what a `TranslateTextRequest` asks for; its texts stay in the message.

    Raises:
        InvalidRequestError: Fields break the rules that their comments state.
    """
    rules = _Rules()
    count = len(message.texts)
    rules.require(0 < count <= MAX_TEXTS, "texts", f"must be 1 to {MAX_TEXTS} texts, are {count}")
    for position, text in enumerate(message.texts[:MAX_TEXTS]):
        rules.require(bool(text.strip()), f"texts[{position}]", "must not be blank")
    alternatives = message.alternative_count
    rules.require(
        0 <= alternatives <= MAX_ALTERNATIVES,
        "alternative_count",
        f"must be 0 to {MAX_ALTERNATIVES}, is {alternatives}",
    )
    _check_options(rules, message.options)
    rules.close()
    texts = {f"texts[{position}]": text for position, text in enumerate(message.texts)}
    _require_arabic(message.options, texts)
    return _request("", message.options, default, deadline, alternative_count=alternatives)


def document_request(
    message: pb.TranslateDocumentRequest, default: Quality, deadline: float
) -> DocumentRequest:
    """Returns what a `TranslateDocumentRequest` asks for.

    Raises:
        InvalidRequestError: Fields break the rules that their comments state.
    """
    rules = _Rules()
    rules.require(bool(message.text.strip()), "text", "must not be blank")
    _check_options(rules, message.options)
    rules.close()
    _require_arabic(message.options, {"text": message.text})
    return _request(message.text, message.options, default, deadline)


def summary_request(
    message: pb.SummarizeDocumentRequest, default: Quality, deadline: float
) -> DocumentRequest:
    """Returns what a `SummarizeDocumentRequest` asks for.

    Raises:
        InvalidRequestError: Fields break the rules that their comments state.
    """
    rules = _Rules()
    rules.require(bool(message.text.strip()), "text", "must not be blank")
    _check_options(rules, message.options)
    _check_summary(rules, message.summary)
    starts = tuple(message.document_start_offsets)
    _check_starts(rules, starts, message.text)
    rules.close()
    documents = _documents(message.text, starts)
    for field, document in documents.items():
        rules.require(bool(document.strip()), field, "must not be where a blank document starts")
    rules.close()
    _require_arabic(message.options, documents or {"text": message.text})
    summary = _summary_options(message.summary)
    return _request(
        message.text, message.options, default, deadline, summary=summary, document_starts=starts
    )


def _request(
    text: str,
    options: pb.TranslationOptions,
    default: Quality,
    deadline: float,
    *,
    alternative_count: int = 0,
    summary: SummaryOptions | None = None,
    document_starts: tuple[int, ...] = (),
) -> DocumentRequest:
    return DocumentRequest(
        text=text,
        quality=_QUALITIES.get(options.quality, default),
        newline=_NEWLINES[options.newline_mode],
        deadline=deadline,
        alternative_count=alternative_count,
        summary=summary,
        document_starts=document_starts,
    )


def _require_arabic(options: pb.TranslationOptions, texts: Mapping[str, str]) -> None:
    lacking = [field for field, text in texts.items() if not has_arabic(text)]
    if options.require_arabic and lacking:
        raise no_arabic(lacking)


def _check_options(rules: _Rules, options: pb.TranslationOptions) -> None:
    known = options.quality == pb.QUALITY_UNSPECIFIED or options.quality in _QUALITIES
    rules.require(known, "options.quality", f"{options.quality} is not a Quality")
    known = options.newline_mode in _NEWLINES
    rules.require(known, "options.newline_mode", f"{options.newline_mode} is not a NewlineMode")


def _check_summary(rules: _Rules, options: pb.SummaryOptions) -> None:
    match options.WhichOneof("budget"):
        case "sentence_count":
            holds = 1 <= options.sentence_count <= MAX_SENTENCE_COUNT
            rule = f"must be 1 to {MAX_SENTENCE_COUNT}, is {options.sentence_count}"
            rules.require(holds, "summary.sentence_count", rule)
        case "word_count":
            holds = 1 <= options.word_count <= MAX_WORD_COUNT
            rule = f"must be 1 to {MAX_WORD_COUNT}, is {options.word_count}"
            rules.require(holds, "summary.word_count", rule)
        case "ratio":
            rule = f"must be over 0 and at most 1, is {options.ratio}"
            rules.require(0 < options.ratio <= 1, "summary.ratio", rule)
    known = options.order in _ORDERS
    rules.require(known, "summary.order", f"{options.order} is not a SummaryOrder")
    length = len(options.query)
    rule = f"must have at most {MAX_QUERY_CODE_POINTS} code points, has {length}"
    rules.require(length <= MAX_QUERY_CODE_POINTS, "summary.query", rule)
    rule = f"must be 0 to 1, is {options.diversity}"
    rules.require(0 <= options.diversity <= 1, "summary.diversity", rule)
    rule = f"must be 0 to {MAX_REVISIONS}, is {options.revision_count}"
    rules.require(0 <= options.revision_count <= MAX_REVISIONS, "summary.revision_count", rule)


def _check_starts(rules: _Rules, starts: Sequence[int], text: str) -> None:
    field, count = "document_start_offsets", len(starts)
    rules.require(count <= MAX_DOCUMENTS, field, f"must be at most {MAX_DOCUMENTS}, are {count}")
    if starts:
        rules.require(starts[0] == 0, f"{field}[0]", f"must be 0, is {starts[0]}")
    for position, (before, start) in enumerate(pairwise(starts[:MAX_DOCUMENTS]), start=1):
        rule = f"must be over {before} and under {len(text)}, is {start}"
        rules.require(before < start < len(text), f"{field}[{position}]", rule)


def _documents(text: str, starts: Sequence[int]) -> dict[str, str]:
    """Returns the documents that start there in a text, by the field that says so."""
    spans = enumerate(pairwise((*starts, len(text))))
    return {f"document_start_offsets[{n}]": text[start:end] for n, (start, end) in spans}


def _summary_options(options: pb.SummaryOptions) -> SummaryOptions:
    budget: Budget
    match options.WhichOneof("budget"):
        case "word_count":
            budget = WordCount(options.word_count)
        case "ratio":
            budget = Ratio(options.ratio)
        case "sentence_count":
            budget = SentenceCount(options.sentence_count)
        case _:
            budget = SummaryOptions().budget
    return SummaryOptions(
        budget=budget,
        order=_ORDERS[options.order],
        query=options.query.strip(),
        diversity=options.diversity if options.HasField("diversity") else 0.5,
        revision_count=options.revision_count,
    )
