"""A document as the summarizer sees it: its sentences, its headline, its furniture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mujaz_server.summary.lexicon import AGENCIES
from mujaz_server.summary.words import fold


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence to select from.

    Attributes:
        index: The caller's number for it; it comes back in the pick and means nothing here.
        paragraph: The number of its paragraph; neighbours with the same number share one.
        text: The sentence, in the language that is selected from.
        doubtful: Whether something is wrong with it (a flagged translation).
        eligible: False where the caller knows that it is no content, as a segment that was
            passed through untranslated.
    """

    index: int
    paragraph: int
    text: str
    doubtful: bool = False
    eligible: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines of a document are for, by position in it.

    Attributes:
        headline: The position of the headline, or None.
        eligible: For each sentence, whether it may be selected.
        opening: For each sentence, whether it opens a paragraph.
    """

    headline: int | None
    eligible: tuple[bool, ...]
    opening: tuple[bool, ...]


_HEADLINE_WORDS = 20
_SUBHEADING_WORDS = 8
_DATELINE_LENGTH = 80

_CLOSERS = "\"'”’»)]}"
_TERMINALS = (".", "!", "?", "…", "؟", "۔", ":", "؛", "،", ",", ";")

_AGENCY = f"(?:{AGENCIES})"
_SIGNATURE = re.compile(rf"\W*{_AGENCY}(?:\W+{_AGENCY})*\W*")
_DATELINE = re.compile(rf".*(?:\(\W*{_AGENCY}(?:\W+{_AGENCY})*\W*\)\s*[-:]?|\s[-–—])\s*")


def read_layout(sentences: Sequence[Sentence], sizes: Sequence[int]) -> Layout:
    """Tells a document's content from its headline, subheadings, datelines and signatures.

    A bare line is short, without closing punctuation and alone in its paragraph. The first
    line of a document that is no furniture is its headline if it is bare; the very short
    bare lines below are subheadings, bylines and captions. Where every line is bare the
    document is a list, and they are its content. `sizes` are the words of each.
    """
    opening = _openings(sentences)
    alone = [a and b for a, b in zip(opening, (*opening[1:], True), strict=False)]
    content = [not is_furniture(s.text, size) for s, size in zip(sentences, sizes, strict=True)]
    bare = [
        single and size <= _HEADLINE_WORDS and not _is_closed(sentence.text)
        for sentence, single, size in zip(sentences, alone, sizes, strict=True)
    ]
    headline = None
    if not all(bare):
        first = content.index(True) if any(content) else 0
        headline = first if bare[first] else None
        for position, size in enumerate(sizes):
            if bare[position] and (size <= _SUBHEADING_WORDS or position == headline):
                content[position] = False
    eligible = tuple(a and s.eligible for a, s in zip(content, sentences, strict=True))
    return Layout(headline, eligible, opening)


def is_furniture(text: str, size: int) -> bool:
    """Whether `text`, of `size` words, is symbols only, an agency's signature or a dateline."""
    if not size:
        return True
    if len(text) > _DATELINE_LENGTH:
        return False
    folded = fold(text).strip()
    return bool(_SIGNATURE.fullmatch(folded) or _DATELINE.fullmatch(folded))


def _openings(sentences: Sequence[Sentence]) -> tuple[bool, ...]:
    before = [None, *(sentence.paragraph for sentence in sentences)]
    return tuple(
        sentence.paragraph != last for sentence, last in zip(sentences, before, strict=False)
    )


def _is_closed(text: str) -> bool:
    """Whether `text` ends as a sentence does, closing quotes and brackets aside."""
    return text.rstrip().rstrip(_CLOSERS).rstrip().endswith(_TERMINALS)
