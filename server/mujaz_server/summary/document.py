"""A document as the summarizer sees it: its sentences, its headline, its furniture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

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
        document: The number of its document, where several are summarized together; the
            sentences of one stand together.
        source: What it was translated from, where it was; a query is looked for there too.
        confidence: How sure the model is of it, over 0 to 1: the geometric mean of the
            probabilities of its tokens, where it is a translation.
    """

    index: int
    paragraph: int
    text: str
    doubtful: bool = False
    eligible: bool = True
    document: int = 0
    source: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Layout:
    """What the lines of a document are for, by position in it.

    Attributes:
        headlines: The position of its headline, where it has one; of several documents each.
        eligible: For each sentence, whether it may be selected.
        opening: For each sentence, whether it opens a paragraph.
    """

    headlines: tuple[int, ...]
    eligible: tuple[bool, ...]
    opening: tuple[bool, ...]


_HEADLINE_WORDS = 20
_SUBHEADING_WORDS = 8
_DATELINE_LENGTH = 80
_CREDITS_LENGTH = 300

_CLOSERS = "\"'”’»)]}"
_TERMINALS = (".", "!", "?", "…", "؟", "۔", ":", "؛", "،", ",", ";")

_AGENCY = f"(?:{AGENCIES})"
_DATELINE = re.compile(rf".*(?:\(\W*{_AGENCY}(?:\W+{_AGENCY})*\W*\)\s*[-:]?|\s[-–—])\s*")
# Agencies, then the initials of those who wrote and edited; or these alone: «ش م/ر ن».
_SIGNATURE = re.compile(rf"\W*{_AGENCY}(?:\W+{_AGENCY})*(?:\W+[ء-ي]{{1,2}}\b){{0,6}}\W*")
_INITIALS = re.compile(
    r"(?=.*/)\W*(?:[ء-ي]{1,2}(?:\W+[ء-ي]{1,2}){1,9}|[a-z]{1,4}(?:/[a-z]{1,4})+)\W*"
)
# «القاهرة - وكالات»
_CITY = re.compile(rf"\w+(?: \w+)?\W* ?[-–—+/] ?{_AGENCY}(?:\W+{_AGENCY})*\W*")
_BYLINE_EN = re.compile(r"\W*(?:By|BY) [A-Z][\w.'’-]+(?: (?:in|and|[A-Z][\w.'’-]+)){1,7}\W*")
_BYLINE = re.compile(
    r"\W*(?:(?:source|photos?|المصدر|تصوير|صوره) ?:.*"
    r"|بقلم\b[^.!?؟]*|(?:كتب|كتبت|اعداد|تحرير|ترجمه) ?[-–—:].*|(?:©|copyright \W*\d).*)"
)
# "(Reporting by A; Editing by B)", however many they were.
_CREDITS = re.compile(
    r"\((?:(?:additional )?(?:reporting|writing|editing|compiled) by|اعداد|تحرير|تغطيه)\b"
    r"[^()]*\)\W*"
)
# "DUBAI:", «وقال:»
_LABEL = re.compile(r"\w+(?: \w+){0,2} ?:")
_FURNITURE = (_SIGNATURE, _INITIALS, _DATELINE, _CITY, _BYLINE, _CREDITS, _LABEL)


def read_layout(sentences: Sequence[Sentence], sizes: Sequence[int]) -> Layout:
    """Tells content from headlines, subheadings, datelines and signatures, document by document.

    A bare line is short, without closing punctuation and alone in its paragraph. The first
    line of a document that is no furniture is its headline if it is bare; the very short
    bare lines below are subheadings, bylines and captions. Where every line is bare the
    document is a list, and they are its content. `sizes` are the words of each.
    """
    headlines: list[int] = []
    eligible: list[bool] = []
    opening: list[bool] = []
    for _, group in groupby(zip(sentences, sizes, strict=True), lambda pair: pair[0].document):
        alone = _read_document(*zip(*group, strict=True))
        headlines += [len(eligible) + position for position in alone.headlines]
        eligible += alone.eligible
        opening += alone.opening
    return Layout(tuple(headlines), tuple(eligible), tuple(opening))


def _read_document(sentences: Sequence[Sentence], sizes: Sequence[int]) -> Layout:
    opening = _openings(sentences)
    alone = [a and b for a, b in zip(opening, (*opening[1:], True), strict=False)]
    content = [not is_furniture(s.text, size) for s, size in zip(sentences, sizes, strict=True)]
    bare = [
        single and size <= _HEADLINE_WORDS and not _is_closed(sentence.text)
        for sentence, single, size in zip(sentences, alone, sizes, strict=True)
    ]
    headlines: tuple[int, ...] = ()
    if not all(bare):
        first = content.index(True) if any(content) else 0
        headlines = (first,) if bare[first] else ()
        for position, size in enumerate(sizes):
            if bare[position] and (size <= _SUBHEADING_WORDS or position in headlines):
                content[position] = False
    eligible = tuple(a and s.eligible for a, s in zip(content, sentences, strict=True))
    return Layout(headlines, eligible, _past_datelines(sentences, opening, sizes))


def _past_datelines(
    sentences: Sequence[Sentence], opening: Sequence[bool], sizes: Sequence[int]
) -> tuple[bool, ...]:
    """Lets what follows a dateline in its paragraph open that too."""
    passed: list[bool] = []
    for position, opens in enumerate(opening):
        before = position - 1
        follows = (
            position and passed[before] and is_furniture(sentences[before].text, sizes[before])
        )
        passed.append(opens or bool(follows))
    return tuple(passed)


def is_furniture(text: str, size: int) -> bool:
    """Whether `text`, of `size` words, is no content wherever it stands.

    That is symbols only, a signature, a dateline, a byline, credits or a label.
    """
    if not size:
        return True
    if len(text) > _CREDITS_LENGTH:
        return False
    folded = fold(text).strip()
    shapes = (_CREDITS,) if len(text) > _DATELINE_LENGTH else _FURNITURE
    return bool(_BYLINE_EN.fullmatch(text)) or any(shape.fullmatch(folded) for shape in shapes)


def _openings(sentences: Sequence[Sentence]) -> tuple[bool, ...]:
    before = [None, *(sentence.paragraph for sentence in sentences)]
    return tuple(
        sentence.paragraph != last for sentence, last in zip(sentences, before, strict=False)
    )


def _is_closed(text: str) -> bool:
    """Whether `text` ends as a sentence does, closing quotes and brackets aside."""
    return text.rstrip().rstrip(_CLOSERS).rstrip().endswith(_TERMINALS)
