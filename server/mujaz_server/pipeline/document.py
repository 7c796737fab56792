"""A run: one document from its text to its report."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from mujaz_server.batching.worker import Worker
from mujaz_server.pipeline.events import (
    BlankTextError,
    DocumentRequest,
    Event,
    Observer,
    Order,
    TextTooLargeError,
    TranslatedSentence,
)
from mujaz_server.pipeline.plan import Encode, PlannedSentence, plan
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.pipeline.run import DocumentRun
from mujaz_server.pipeline.translated import Row, TranslatedSentences
from mujaz_server.text.normalize import has_arabic
from mujaz_server.text.segment import NewlineMode, segment
from mujaz_server.translation.engine import Decoding, Translation

# Shorter texts are planned on the event loop: a thread costs more than they do.
_INLINE_CODE_POINTS = 2_000


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
        observer: Observer,
        clock: Callable[[], float],
    ) -> None:
        self.limits = limits
        self._worker = worker
        self._encode = encode
        self._retries = retries
        self._observer = observer
        self._clock = clock

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
        [planned] = await self._plan([request.text], request.newline)
        summary = request.summary
        picks = None
        if summary and summary.order is Order.SELECT_FIRST:
            picks = await run.selected(planned, summary)
        chosen = planned if picks is None else [planned[pick.index] for pick in picks]
        async with self._translated(chosen, request) as sentences:
            request.meter(sum(each.tokens for each in chosen))
            query = summary.query if summary and picks is None else ""
            if has_arabic(query):
                query = await self._translated_query(query, request)
            async with aclosing(run.events(planned, sentences, picks, query)) as events:
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
        flat = [sentence for each in planned for sentence in each]
        async with self._translated(flat, request) as run:
            request.meter(sum(each.tokens for each in flat))
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
        if code_points > self.limits.code_points:
            raise TextTooLargeError("code points", code_points, self.limits.code_points)

        def planned() -> list[list[PlannedSentence]]:
            cut = [segment(text, newline) for text in texts]
            if not all(cut):
                raise BlankTextError(cut.index([]))
            count = sum(map(len, cut))
            if count > self.limits.sentences:
                raise TextTooLargeError("sentences", count, self.limits.sentences)
            tokens = self.limits.source_tokens
            return [
                plan(text, segments, self._encode, tokens)
                for text, segments in zip(texts, cut, strict=True)
            ]

        inline = code_points <= _INLINE_CODE_POINTS
        return planned() if inline else await asyncio.to_thread(planned)

    def _translated(
        self, planned: Sequence[PlannedSentence], request: DocumentRequest
    ) -> TranslatedSentences:
        hypotheses = request.alternative_count + 1
        return TranslatedSentences(
            planned,
            Decoding(beam_size=max(request.quality.value, hypotheses), hypotheses=hypotheses),
            self._worker,
            self._retries,
            self._clock,
            request,
            window=self.limits.window,
        )

    def _reported(self, sentence: TranslatedSentence) -> TranslatedSentence:
        self._observer.sentence(
            (flag.name for flag in sentence.flags), sentence.source_tokens, sentence.target_tokens
        )
        return sentence

    async def _translated_query(self, query: str, request: DocumentRequest) -> str:
        [(text, _)] = await self.texts([query], request)
        return text


def _joined_by_gaps(text: str, sentences: Sequence[TranslatedSentence]) -> str:
    joined = ""
    end = 0
    for sentence in sentences:
        gap = text[end : sentence.start]
        joined += (gap or " " if joined else gap) + sentence.text
        end = sentence.end
    return joined + text[end:]
