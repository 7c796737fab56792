"""From a text to the sentences that are to be translated: spans, pieces, parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mujaz_server.text.normalize import has_arabic, normalize
from mujaz_server.text.segment import Segment, split_long

Pieces = list[str]
Encode = Callable[[str], Pieces]


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
    text: str, segments: Sequence[Segment], encode: Encode, max_tokens: int
) -> list[PlannedSentence]:
    """Returns the sentences of a text in order, each in rows of at most `max_tokens` pieces."""
    return [_sentence(text, each, encode, max_tokens) for each in segments]


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
