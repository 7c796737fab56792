"""What one run has done so far, told as events: outline, sentences, summaries, report."""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Sequence

from mujaz_server.pipeline.attempts import NOTES
from mujaz_server.pipeline.events import (
    DocumentRequest,
    Event,
    Observer,
    Outline,
    Report,
    Summary,
    SummaryOptions,
    TranslatedSentence,
)
from mujaz_server.pipeline.plan import PlannedSentence
from mujaz_server.pipeline.summaries import considered, summary_of
from mujaz_server.pipeline.translated import TranslatedSentences
from mujaz_server.summary.selection import WEIGHTS, Language, Pick, Sentence, count_words, summarize
from mujaz_server.text.segment import Segment
from mujaz_server.translation.checks import Flag

# Fewer sentences are summarized on the event loop: a thread costs more than they do.
_INLINE_SENTENCES = 50


class DocumentRun:
    """What has happened to one document so far."""

    def __init__(
        self, request: DocumentRequest, observer: Observer, clock: Callable[[], float]
    ) -> None:
        self._request = request
        self._observer = observer
        self._clock = clock
        self._arrived = clock()
        self._first: float | None = None
        self._done: list[TranslatedSentence] = []
        self._sources: list[Sentence] = []
        self._summaries = 0

    async def selected(
        self, planned: Sequence[PlannedSentence], options: SummaryOptions
    ) -> list[Pick]:
        """Selects among the sources, before any of them is translated."""
        self._sources = [
            Sentence(
                each.segment.index,
                each.segment.paragraph,
                each.source,
                document=each.segment.document,
            )
            for each in planned
            if each.parts
        ]
        return await self._picked(self._sources, options, "ar")

    async def events(
        self,
        cut: Sequence[Segment],
        sentences: TranslatedSentences,
        picks: list[Pick] | None,
    ) -> AsyncGenerator[Event]:
        """Yields the events of the document, in their order.

        Args:
            cut: All its sentences.
            sentences: The translations of those that are streamed.
            picks: What was selected before translating; None: select afterwards, if at all.
        """
        count = len(cut) if picks is None else len(picks)
        yield Outline(
            sentence_count=len(cut),
            streamed_sentence_count=count,
            paragraph_count=cut[-1].paragraph + 1,
            code_point_count=len(self._request.text),
            document_count=len(self._request.document_starts),
        )
        options = self._request.summary
        revisions = _revision_points(count, options) if picks is None else frozenset()
        async for sentence in sentences:
            self._count(sentence)
            yield sentence
            if options and len(self._done) in revisions:
                yield await self._summary(options, final=False)
        if options and picks is None:
            yield await self._summary(options, final=True)
        elif picks is not None:
            yield self._selected(picks)
        yield self._report(sentences.queue_duration)

    def _count(self, sentence: TranslatedSentence) -> None:
        if self._first is None:
            self._first = self._clock()
            self._observer.first_sentence(self._first - self._arrived)
        self._done.append(sentence)
        self._observer.sentence(
            (flag.name for flag in sentence.flags), sentence.source_tokens, sentence.target_tokens
        )

    async def _summary(self, options: SummaryOptions, *, final: bool) -> Summary:
        sentences = considered(self._done)
        picks = await self._picked(sentences, options, "en")
        self._summaries += 1
        return summary_of(self._done, sentences, picks, revision=self._summaries, final=final)

    async def _picked(
        self,
        sentences: Sequence[Sentence],
        options: SummaryOptions,
        language: Language,
    ) -> list[Pick]:
        began = self._clock()
        picks = await _summarize(sentences, options, language)
        self._request.timeline.summarized(
            began, self._clock(), considered=len(sentences), picked=len(picks)
        )
        return picks

    def _selected(self, picks: Sequence[Pick]) -> Summary:
        kept = sum(count_words(each.source) for each in self._done)
        words = sum(count_words(each.text) for each in self._sources)
        self._summaries += 1
        return Summary(
            revision=self._summaries,
            final=True,
            picks=tuple(zip(picks, self._done, strict=True)),
            word_count=sum(count_words(each.text) for each in self._done),
            compression=kept / words if words else 0.0,
            considered_sentence_count=len(self._sources),
        )

    def _report(self, queue_duration: float) -> Report:
        now = self._clock()
        flags = [sentence.flags for sentence in self._done]
        return Report(
            streamed_sentence_count=len(self._done),
            flagged_sentence_count=sum(1 for each in flags if each - NOTES),
            retried_sentence_count=sum(1 for each in flags if Flag.RETRIED in each),
            passed_through_sentence_count=sum(1 for each in flags if Flag.PASSED_THROUGH in each),
            summary_count=self._summaries,
            source_token_count=sum(each.source_tokens for each in self._done),
            target_token_count=sum(each.target_tokens for each in self._done),
            first_sentence_duration=(self._first or now) - self._arrived,
            total_duration=now - self._arrived,
            queue_duration=queue_duration,
        )


async def _summarize(
    sentences: Sequence[Sentence],
    options: SummaryOptions,
    language: Language,
) -> list[Pick]:
    def picks() -> list[Pick]:
        return summarize(
            sentences,
            options.budget,
            language=language,
            query=options.query,
            diversity=options.diversity,
            weights=WEIGHTS["ar"],  # an article is built as it was written, in whatever language
        )

    return picks() if len(sentences) <= _INLINE_SENTENCES else await asyncio.to_thread(picks)


def _revision_points(count: int, options: SummaryOptions | None) -> frozenset[int]:
    """After how many sentences an interim summary is due: evenly spaced, none at the end."""
    parts = options.revision_count + 1 if options else 1
    return frozenset(math.ceil(count * part / parts) for part in range(1, parts)) - {count}
