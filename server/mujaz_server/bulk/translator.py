"""A chunk from its documents to their rows: cut, translated together, checked, summarized."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mujaz_models.manifest import Manifest
from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.documents import Document, Entry, Rejected
from mujaz_server.bulk.lanes import Lanes, Row
from mujaz_server.bulk.rows import line, rejection, row
from mujaz_server.pipeline.attempts import (
    Attempt,
    better,
    deserves_retry,
    passed_through,
    strict,
)
from mujaz_server.pipeline.events import Quality, Summary, TranslatedSentence
from mujaz_server.pipeline.plan import PlannedSentence, plan
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.pipeline.summaries import considered, summary_of
from mujaz_server.summary.selection import WEIGHTS, SentenceCount, summarize
from mujaz_server.text.segment import NewlineMode, segment
from mujaz_server.translation.checks import Flag
from mujaz_server.translation.engine import Decoding, EngineError, Translation

_GREETING = "صباح الخير"


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done with every document; what rows depend on beside model and input.

    Attributes:
        quality: How much work goes into a sentence.
        newline: What a line break means.
        summary_sentences: Sentences of a summary, at most.
        retry_share: Of a chunk's source tokens, what second tries may take beside a first credit.
        max_code_points: Of a document.
        max_sentences: Of a document.
    """

    quality: Quality
    newline: NewlineMode
    summary_sentences: int
    retry_share: float
    max_code_points: int
    max_sentences: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a chunk, as it is written.

    Attributes:
        index: The chunk's.
        documents: How many it had.
        rows: A line of JSON for each document that was translated, in their order.
        rejected: A line of JSON for each that was not.
    """

    index: int
    documents: int
    rows: bytes
    rejected: bytes


@dataclass(frozen=True, slots=True)
class _Planned:
    document: Document
    sentences: Sequence[PlannedSentence]


class Translator:
    """Translates chunks; several at once, from a thread each.

    Equal chunks have equal rows, whatever else is translated beside them: their batches are their
    own, and so is their budget of second tries.

    Args:
        lanes: The engine.
        manifest: Of its model.
        work: What is to be done.
    """

    def __init__(self, lanes: Lanes, manifest: Manifest, work: Work) -> None:
        self._lanes = lanes
        self._manifest = manifest
        self._work = work
        self._decoding = Decoding(work.quality.value)

    def translate(self, chunk: Chunk) -> Outcome:
        """Translates one chunk.

        Raises:
            EngineError: The engine translates nothing at all, which no document is to blame for.
        """
        planned = [self._plan(entry) for entry in chunk.entries]
        sentences = [
            sentence
            for each in planned
            if isinstance(each, _Planned)
            for sentence in each.sentences
        ]
        done = iter(self._translated(chunk.index, sentences))
        rows, rejected = [], []
        for each in planned:
            made = self._finished(each, done)
            if isinstance(made, Rejected):
                rejected.append(line(rejection(made)))
            else:
                rows.append(made)
        return Outcome(chunk.index, len(planned), b"".join(rows), b"".join(rejected))

    def _plan(self, entry: Entry) -> _Planned | Rejected:
        if isinstance(entry, Rejected):
            return entry
        text, work = entry.text, self._work
        if len(text) > work.max_code_points:
            return _rejected(entry, f"{len(text)} code points, over {work.max_code_points}")
        cut = segment(text, work.newline)
        if not cut:
            return _rejected(entry, "the text is blank")
        if len(cut) > work.max_sentences:
            return _rejected(entry, f"{len(cut)} sentences, over {work.max_sentences}")
        model = self._lanes.model
        return _Planned(entry, plan(text, cut, model.encode, model.max_source_tokens))

    def _translated(
        self, chunk: int, sentences: Sequence[PlannedSentence]
    ) -> list[TranslatedSentence]:
        """Returns sentences translated and checked, the doubtful ones a second time."""
        first = self._tried(chunk, sentences, self._decoding)
        budget = RetryBudget(self._work.retry_share)
        again = []
        for position, each in enumerate(first):
            budget.earn(each.source_tokens)
            if deserves_retry(each) and budget.spend(each.source_tokens):
                again.append(position)
        second = self._tried(chunk, [sentences[each] for each in again], strict(self._decoding))
        for position, each in zip(again, second, strict=True):
            first[position] = better(first[position], each)
        return first

    def _tried(
        self, chunk: int, sentences: Sequence[PlannedSentence], decoding: Decoding
    ) -> list[TranslatedSentence]:
        rows = [tuple(part) for each in sentences for part in each.parts]
        found = self._lanes.translate(chunk, rows, decoding)
        if rows and not any(found.values()):
            self._require_sound_engine(chunk)
        return [_joined(each, found) for each in sentences]

    def _require_sound_engine(self, chunk: int) -> None:
        greeting: Row = tuple(self._lanes.model.encode(_GREETING))
        if not any(self._lanes.translate(chunk, [greeting], self._decoding).values()):
            raise EngineError("the engine fails on every sentence: see that it has memory enough")

    def _finished(
        self, each: _Planned | Rejected, done: Iterator[TranslatedSentence]
    ) -> bytes | Rejected:
        if isinstance(each, Rejected):
            return each
        sentences = [next(done) for _ in each.sentences]
        for sentence in sentences:
            if Flag.FAILED in sentence.flags:
                return _rejected(each.document, f"the engine failed on sentence {sentence.index}")
        return line(row(each.document, sentences, self._summary(sentences), self._manifest))

    def _summary(self, done: Sequence[TranslatedSentence]) -> Summary:
        sentences = considered(done)
        budget = SentenceCount(self._work.summary_sentences)
        picks = summarize(sentences, budget, language="en", weights=WEIGHTS["ar"])
        return summary_of(done, sentences, picks, revision=1, final=True)


def _rejected(document: Document, reason: str) -> Rejected:
    return Rejected(document.number, document.id, reason)


def _joined(
    planned: PlannedSentence, found: Mapping[Row, Translation | None]
) -> TranslatedSentence:
    if not planned.parts:
        return passed_through(planned)
    results = {part: found[tuple(pieces)] for part, pieces in enumerate(planned.parts)}
    return Attempt(planned.segment.index, planned, results=results).joined()
