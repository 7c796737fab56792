"""A run: one document from its text to its report."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass

from mujaz_server.batching.worker import Worker
from mujaz_server.pipeline.events import (
    BlankTextError,
    DocumentRequest,
    Event,
    Observer,
    TextTooLargeError,
    TranslatedSentence,
)
from mujaz_server.pipeline.finished import FinishedSentences
from mujaz_server.pipeline.plan import INLINE_CODE_POINTS, Encode, PlannedSentence, Planning, plan
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.pipeline.run import DocumentRun
from mujaz_server.pipeline.translated import Row, TranslatedSentences
from mujaz_server.summary.selection import Pick
from mujaz_server.text.segment import NewlineMode, Segment, segment
from mujaz_server.translation.engine import Decoding, Translation


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may hold.

    Attributes:
        code_points: Code points of its text, or of all its texts.
        sentences: Sentences of its text, or of all its texts.
        source_tokens: Tokens of the longest row the model takes in one piece.
        window: Sentences translated ahead of their reader.
    """

    code_points: int
    sentences: int
    source_tokens: int
    window: int


class Pipeline:
    """Runs documents through text, batching, translation and summary.

    To be used on the event loop of its worker.
    """

    def __init__(
        self,
        worker: Worker[Row, Translation],
        encode: Encode,
        limits: Limits,
        retries: RetryBudget,
        finished: FinishedSentences,
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self.limits = limits
        self._worker = worker
        self._encode = encode
        self._retries = retries
        self._finished = finished
        self._observer = observer
        self._clock = clock
        self._one_is_ahead = False

    @asynccontextmanager
    async def document(self, request: DocumentRequest) -> AsyncIterator[AsyncIterator[Event]]:
        """Yields the events of a document: outline, sentences, summaries, report.

        The work is admitted on entering and whatever is left of it leaves the queue on exit.
        Sentences are translated at most `Limits.window` ahead of the reader.

        Raises:
            BlankTextError: The text has no sentence.
            TextTooLargeError: The text is over a limit.
            QueueFullError: The work could not be done in time.
            DeadlinePassedError: The deadline passed.
        """
        run = DocumentRun(request, self._observer, self._clock)
        self._require_code_points(len(request.text))
        planning = Planning(
            request.text,
            request.newline,
            self._encode,
            self.limits.source_tokens,
            request.document_starts,
        )
        async with self._translated(request) as sentences:
            with self._ahead(request, planning) as ahead:
                if ahead:
                    sentences.admit(planning.first())
                await planning.cut_all()
                self._require_sentences([planning.cut])
                picks = None
                if ahead:
                    sentences.follow(planning)
                else:
                    picks = await _admitted(await planning.rest(), sentences, run, request)
                async with aclosing(run.events(planning.cut, sentences, picks)) as events:
                    yield events

    async def texts(
        self, texts: Sequence[str], request: DocumentRequest
    ) -> list[tuple[str, list[TranslatedSentence]]]:
        """Returns the translation of each text and of its sentences; `request.text` is unused.

        Raises:
            BlankTextError: A text has no sentence.
            TextTooLargeError: The texts together are over a limit.
            QueueFullError: The work could not be done in time.
            DeadlinePassedError: The deadline passed.
        """
        planned = await self._plan(texts, request.newline)
        async with self._translated(request) as run:
            run.admit([sentence for each in planned for sentence in each])
            done = iter([self._reported(sentence) async for sentence in run])
        answers = []
        for text, each in zip(texts, planned, strict=True):
            sentences = [next(done) for _ in each]
            answers.append((_joined_by_gaps(text, sentences), sentences))
        return answers

    async def _plan(
        self, texts: Sequence[str], newline: NewlineMode
    ) -> list[list[PlannedSentence]]:
        code_points = sum(map(len, texts))
        self._require_code_points(code_points)

        def planned() -> list[list[PlannedSentence]]:
            cut = [segment(text, newline) for text in texts]
            self._require_sentences(cut)
            tokens = self.limits.source_tokens
            return [
                plan(text, segments, self._encode, tokens)
                for text, segments in zip(texts, cut, strict=True)
            ]

        inline = code_points <= INLINE_CODE_POINTS
        return planned() if inline else await asyncio.to_thread(planned)

    def _require_code_points(self, count: int) -> None:
        if count > self.limits.code_points:
            raise TextTooLargeError("code points", count, self.limits.code_points)

    def _require_sentences(self, cut: Sequence[Sequence[Segment]]) -> None:
        """Lets texts pass that have been cut."""
        if not all(cut):
            raise BlankTextError([bool(each) for each in cut].index(False))
        count = sum(map(len, cut))
        if count > self.limits.sentences:
            raise TextTooLargeError("sentences", count, self.limits.sentences)

    @contextmanager
    def _ahead(self, request: DocumentRequest, planning: Planning) -> Iterator[bool]:
        """Yields whether a long document may begin before all of it is cut and counted.

        It may where nothing waits, for then nobody is refused, whatever it holds: its first
        sentence is translated while the others are cut, and these follow while it is read. One
        document at a time does so, so that whoever comes next finds before it what it will wait
        for. Where tokens are metered they are counted first.
        """
        ahead = (
            planning.begins_soon
            and request.meter is None
            and not request.selects
            and not self._one_is_ahead
            and not self._worker.load().jobs
        )
        self._one_is_ahead |= ahead
        try:
            yield ahead
        finally:
            self._one_is_ahead &= not ahead

    def _translated(self, request: DocumentRequest) -> TranslatedSentences:
        hypotheses = request.alternative_count + 1
        decoding = Decoding(max(request.quality.value, hypotheses), hypotheses)
        return TranslatedSentences(
            decoding,
            self._worker,
            self._retries,
            self._finished.partition(decoding, request.caller),
            self._observer,
            self._clock,
            request,
            window=self.limits.window,
        )

    def _reported(self, sentence: TranslatedSentence) -> TranslatedSentence:
        self._observer.sentence(
            (flag.name for flag in sentence.flags), sentence.source_tokens, sentence.target_tokens
        )
        return sentence


async def _admitted(
    planned: Sequence[PlannedSentence],
    sentences: TranslatedSentences,
    run: DocumentRun,
    request: DocumentRequest,
) -> list[Pick] | None:
    """Queues a document, or what is selected of it; returns what was."""
    if request.summary is None or not request.selects:
        sentences.admit(planned)
        return None
    picks = await run.selected(planned, request.summary)
    sentences.admit([planned[pick.index] for pick in picks])
    return picks


def _joined_by_gaps(text: str, sentences: Sequence[TranslatedSentence]) -> str:
    joined = ""
    end = 0
    for sentence in sentences:
        gap = text[end : sentence.start]
        joined += (gap or " " if joined else gap) + sentence.text
        end = sentence.end
    return joined + text[end:]
