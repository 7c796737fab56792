"""A document's events put together, and the proof that none is missing."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from mujaz_client.errors import IncompleteStreamError
from mujaz_client.results import (
    DocumentOutline,
    DocumentReport,
    Event,
    Summary,
    SummarySentence,
    TranslatedSentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """A whole document: what was sent and everything that came back.

    `summaries` holds the interim ones and the final one, and is empty where only
    a translation was asked for. `document_start_offsets` tell where each of several
    documents starts in the text; without them it is one.
    """

    text: str
    outline: DocumentOutline
    sentences: tuple[TranslatedSentence, ...]
    summaries: tuple[Summary, ...]
    report: DocumentReport
    document_start_offsets: tuple[int, ...] = ()

    @property
    def summary(self) -> Summary | None:
        """The final summary, or None where only a translation was asked for."""
        return self.summaries[-1] if self.summaries else None

    @property
    def gaps(self) -> tuple[str, ...]:
        """What lies before, between and after the sentences: one more than there are sentences.

        Gaps and sources in turn give the document back exactly.
        """
        starts = [sentence.start_offset for sentence in self.sentences]
        ends = [sentence.end_offset for sentence in self.sentences]
        edges = zip([0, *ends], [*starts, len(self.text)], strict=True)
        return tuple(self.text[start:end] for start, end in edges)

    def span_in_document(self, sentence: TranslatedSentence | SummarySentence) -> tuple[int, int]:
        """Where a sentence stands in its own document, counted from that document's start."""
        start = (self.document_start_offsets or (0,))[sentence.document]
        return sentence.start_offset - start, sentence.end_offset - start

    def events(self) -> Iterator[Event]:
        """The events again: the outline, the sentences, the final summary, the report."""
        yield self.outline
        yield from self.sentences
        if self.summary is not None:
            yield self.summary
        yield self.report


class Collector:
    """Takes the events of one stream and hands out the result once it is proved whole."""

    def __init__(
        self, text: str, *, summarized: bool, document_start_offsets: Sequence[int] = ()
    ) -> None:
        self._text = text
        self._summarized = summarized
        self._starts = tuple(document_start_offsets)
        self._outline: DocumentOutline | None = None
        self._sentences: list[TranslatedSentence] = []
        self._summaries: list[Summary] = []
        self._report: DocumentReport | None = None

    def add(self, event: Event) -> None:
        """Takes the next event.

        Raises:
            IncompleteStreamError: The event cannot follow those before it.
        """
        if self._report is not None:
            raise IncompleteStreamError("an event follows the report that should end the stream")
        if self._outline is None and not isinstance(event, DocumentOutline):
            raise IncompleteStreamError("the stream does not begin with its outline")
        match event:
            case DocumentOutline():
                self._check_documents(event)
                self._outline = event
            case TranslatedSentence():
                self._check_span(event)
                self._sentences.append(event)
            case Summary():
                self._summaries.append(event)
            case DocumentReport():
                self._report = event
            case _:
                assert_never(event)

    def _check_documents(self, outline: DocumentOutline) -> None:
        if outline.document_count != len(self._starts):
            raise IncompleteStreamError(
                f"the server tells {outline.document_count} of {len(self._starts)} documents "
                "apart; is it of this version?"
            )

    def _check_span(self, sentence: TranslatedSentence) -> None:
        start, end = sentence.start_offset, sentence.end_offset
        floor = self._sentences[-1].end_offset if self._sentences else 0
        if not floor <= start < end or self._text[start:end] != sentence.source_text:
            raise IncompleteStreamError(
                f"sentence {sentence.index} is not what the document holds from {start} to {end}"
            )
        starts = self._starts or (0,)
        documents = {bisect_right(starts, start) - 1, bisect_right(starts, end - 1) - 1}
        if documents != {sentence.document}:
            raise IncompleteStreamError(
                f"sentence {sentence.index} does not stand in document {sentence.document} alone"
            )

    def result(self) -> DocumentResult:
        """The whole document.

        Raises:
            IncompleteStreamError: The report is missing, or counts other events
                than those that arrived.
        """
        if self._outline is None or self._report is None:
            raise IncompleteStreamError(
                f"the stream ended without its report, after {len(self._sentences)} sentences"
            )
        self._compare("sentences", len(self._sentences), self._report.streamed_sentence_count)
        self._compare("sentences", len(self._sentences), self._outline.streamed_sentence_count)
        self._compare("summaries", len(self._summaries), self._report.summary_count)
        if self._summarized and not (self._summaries and self._summaries[-1].final):
            raise IncompleteStreamError("the final summary is missing")
        return DocumentResult(
            text=self._text,
            outline=self._outline,
            sentences=tuple(self._sentences),
            summaries=tuple(self._summaries),
            report=self._report,
            document_start_offsets=self._starts,
        )

    def _compare(self, what: str, arrived: int, announced: int) -> None:
        if arrived != announced:
            raise IncompleteStreamError(f"{arrived} of {announced} {what} arrived")
