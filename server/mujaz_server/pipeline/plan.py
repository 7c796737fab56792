"""From a text to the sentences that are to be translated: spans, pieces, parts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from mujaz_server.text.normalize import has_arabic, normalize
from mujaz_server.text.segment import NewlineMode, Segment, opens_within, segments, split_long

Pieces = list[str]
Encode = Callable[[str], Pieces]
T = TypeVar("T")

# Shorter texts are planned on the event loop: a thread costs more than they do.
INLINE_CODE_POINTS = 2_000
# Sentences that are cut or planned in one turn: about a millisecond.
_TURN = 64


@dataclass(frozen=True, slots=True)
class PlannedSentence:
    """A sentence and the rows of pieces it goes through the model as.

    Attributes:
        segment: Where it stands.
        source: The text as sent.
        parts: One row; several where the sentence is too long for the model; none where there is
            nothing to translate.
    """

    segment: Segment
    source: str
    parts: tuple[Pieces, ...]

    @property
    def tokens(self) -> int:
        """The source tokens of all parts."""
        return sum(map(len, self.parts))


def plan(
    text: str, cut: Sequence[Segment], encode: Encode, max_tokens: int
) -> list[PlannedSentence]:
    """Returns the sentences of a text in order, each in rows of at most `max_tokens` pieces."""
    return [_sentence(text, each, encode, max_tokens) for each in cut]


class Planning:
    """A text that is cut and planned in turns, a long one in a thread.

    One thread of Python runs at a time. Where a book is planned in one go, the event loop and the
    threads of the engine that have finished a batch wait for milliseconds to run at all.

    Attributes:
        cut: Its segments, as far as it is cut.
    """

    def __init__(
        self,
        text: str,
        newline: NewlineMode,
        encode: Encode,
        max_tokens: int,
        starts: Sequence[int] = (),
    ) -> None:
        self.cut: list[Segment] = []
        self._text = text
        self._newline = newline
        self._encode = encode
        self._max_tokens = max_tokens
        self._segments = segments(text, newline, starts)
        self._planned = 0
        self._inline = len(text) <= INLINE_CODE_POINTS

    @property
    def begins_soon(self) -> bool:
        """Whether the first sentence is known long before the last one is."""
        return not self._inline and opens_within(self._text, self._newline, INLINE_CODE_POINTS)

    def first(self) -> list[PlannedSentence]:
        """Returns the first sentence alone, or nothing; to be called before all else."""
        self.cut += islice(self._segments, 1)
        return self._plan_some()

    async def cut_all(self) -> None:
        """Cuts what is left of the text."""
        while some := await self._turn(lambda: list(islice(self._segments, _TURN))):
            self.cut += some

    async def more(self) -> list[PlannedSentence]:
        """Returns the sentences of the next turn, of those that are cut; nothing at their end."""
        return await self._turn(self._plan_some)

    async def rest(self) -> list[PlannedSentence]:
        """Returns all that are cut and not planned yet."""
        planned: list[PlannedSentence] = []
        while some := await self.more():
            planned += some
        return planned

    def _plan_some(self) -> list[PlannedSentence]:
        some = self.cut[self._planned : self._planned + _TURN]
        self._planned += len(some)
        return plan(self._text, some, self._encode, self._max_tokens)

    async def _turn(self, work: Callable[[], T]) -> T:
        return work() if self._inline else await asyncio.to_thread(work)


def _sentence(text: str, where: Segment, encode: Encode, max_tokens: int) -> PlannedSentence:
    source = text[where.start : where.end]
    if not has_arabic(source):
        return PlannedSentence(where, source, ())

    def pieces(part: str) -> Pieces:
        return encode(normalize(part).text)

    whole = pieces(source)
    if len(whole) <= max_tokens:
        return PlannedSentence(where, source, (whole,) if whole else ())
    spans = split_long(text, where.start, where.end, lambda part: len(pieces(part)) <= max_tokens)
    rows = (pieces(text[start:end]) for start, end in spans)
    return PlannedSentence(where, source, tuple(row for row in rows if row))
