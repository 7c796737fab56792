"""Where the sentences of an Arabic document begin and end.

By rules, because they are exact and say why: segments are spans of the text as sent, and the
spans with the gaps between them give the document back. The time taken is linear in the text.
"""

import enum
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mujaz_server.text.boundaries import sentence_ends
from mujaz_server.text.characters import LINE_BREAK, PADDING, trim
from mujaz_server.text.clauses import split_long
from mujaz_server.text.newswire import dateline_end, signature_start

__all__ = ["NewlineMode", "Segment", "opens_within", "segment", "segments", "split_long"]

_WORD_CHARACTER: Final = re.compile(r"\w")
_RULE_LENGTH: Final = 3  # the fewest marks in a line of symbols, such as "***"


class NewlineMode(enum.Enum):
    """What a line break in the text means."""

    BREAK = enum.auto()
    """Every line break ends a sentence and a paragraph, as newswire has it."""
    WRAP = enum.auto()
    """A single line break is a space (text wrapped to a width); a blank line ends a sentence
    and a paragraph, and so does a line of symbols such as `***`."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One sentence, headline, dateline or signature of a document.

    `start` and `end` are half-open, in code points of the document as sent. A segment is never
    empty and neither begins nor ends with white space or an invisible control. `document` counts
    those of a text that holds several.
    """

    index: int
    paragraph: int
    start: int
    end: int
    document: int = 0


def segment(
    text: str, newline: NewlineMode = NewlineMode.BREAK, starts: Sequence[int] = ()
) -> list[Segment]:
    """Cut a document into segments, or several that are one text and begin at `starts`.

    They come in order and do not overlap; only white space, line breaks and invisible controls
    (NUL, byte order mark, marks of direction) lie between them. A document without ink has none.
    Quotes and brackets stay whole unless they hold more than `enclosures.REACH` code points.
    Each document is cut as if it came alone; sentences and paragraphs are counted on.
    """
    return list(segments(text, newline, starts))


def segments(
    text: str, newline: NewlineMode = NewlineMode.BREAK, starts: Sequence[int] = ()
) -> Iterator[Segment]:
    """Yield the segments of `segment` one by one; no line or paragraph is read before its turn."""
    blocks = _lines if newline is NewlineMode.BREAK else _paragraphs
    index, paragraphs = itertools.count(), itertools.count()
    for document, (first, last) in enumerate(itertools.pairwise((0, *starts[1:], len(text)))):
        alone = text[first:last]
        for start, end in blocks(alone):
            paragraph, offset = next(paragraphs), first + start
            for piece in _pieces(alone[start:end]):
                span = offset + piece[0], offset + piece[1]
                yield Segment(next(index), paragraph, *span, document)


def opens_within(text: str, newline: NewlineMode, code_points: int) -> bool:
    """Whether the first line or paragraph is so short that the first segment is soon known."""
    end = "\n" if newline is NewlineMode.BREAK else "\n\n"
    return end in text.lstrip(PADDING)[:code_points]


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the trimmed spans of the lines that are not blank."""
    start = 0
    for line_break in LINE_BREAK.finditer(text):
        line = trim(text, start, line_break.start())
        start = line_break.end()
        if line[0] < line[1]:
            yield line
    line = trim(text, start, len(text))
    if line[0] < line[1]:
        yield line


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of lines that are joined, parted at blank lines and lines of symbols."""
    joined: tuple[int, int] | None = None
    for start, end in _lines(text):
        line = text[start:end]
        rule = len(line) >= _RULE_LENGTH and not _WORD_CHARACTER.search(line)
        if joined is not None and (rule or _blank_line(text[joined[1] : start])):
            yield joined
            joined = None
        joined = (start if joined is None else joined[0], end)
        if rule:
            yield joined
            joined = None
    if joined is not None:
        yield joined


def _blank_line(gap: str) -> bool:
    return "\N{PARAGRAPH SEPARATOR}" in gap or len(LINE_BREAK.findall(gap)) > 1


def _pieces(block: str) -> Iterator[tuple[int, int]]:
    """Yield the trimmed spans of the sentences of one block, which is trimmed itself."""
    body, signature = dateline_end(block), signature_start(block)
    cuts = [0, body, *sentence_ends(block, body, signature), signature, len(block)]
    spans = [trim(block, *cut) for cut in itertools.pairwise(cuts)]
    spans = [span for span in spans if span[0] < span[1]]
    if len(spans) > 1 and not _WORD_CHARACTER.search(block, *spans[-1]):
        spans[-2:] = [(spans[-2][0], spans[-1][1])]  # an emoji belongs to what it comments
    yield from spans
