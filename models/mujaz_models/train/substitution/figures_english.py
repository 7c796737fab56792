"""Figures in English text: reading them, and writing another value in the same way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_VALUES: Final = {
    **{word: n for n, word in enumerate(_ONES)},
    **{word: 10 * n for n, word in enumerate(_TENS, 2)},
}
_WORD: Final = "|".join([*reversed(_ONES), *_TENS, "hundred", *_SCALES])
_WORDS: Final = re.compile(
    rf"(?<![\w-])(?<!\d )(?:{_WORD})"
    rf"(?:(?:[ -]|(?<=hundred) and |(?<=thousand) and )(?:{_WORD})(?!\w))*(?!\w)",
    re.IGNORECASE | re.ASCII,  # else other letters are taken for an i or an s
)
_DIGITS: Final = re.compile(r"([0-9]+(?:,[0-9]{3})*)(\.[0-9]+)?")
_MOST_DIGITS: Final = 15
_SCALE_AFTER: Final = re.compile(rf"[ -]({'|'.join(_SCALES)})\b")
_GLUED_BEFORE: Final = re.compile(r"(?:\w|[.,:/+-]|No\. )$")
_GLUED_AFTER: Final = re.compile(r"\w|[.,:/]\d|[/:+]|-[\dA-Z]| ?[-x] ?\d| and a | \d|-and-")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?:] )[\"']?$")


@dataclass(frozen=True, slots=True)
class EnglishFigure:
    """A figure as it is written.

    Attributes:
        value: what it says; None where it is part of something else (`S-300`, `2-2`).
        scale: of the word after its digits, which stays: 10 ** 6 in `1.5 million`.
        decimals: digits after the point; None in words.
        grouped: whether thousands have commas.
        fixed: whether it cannot be written with another value (`Group of Seven`).
    """

    start: int
    end: int
    text: str
    value: Decimal | None
    scale: int = 1
    decimals: int | None = None
    grouped: bool = False
    fixed: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it has four digits and no comma, as a year has."""
        return self.text.isdecimal() and len(self.text) == 4  # noqa: PLR2004

    def write(self, value: Decimal) -> str | None:
        """Write another value the same way; None if it cannot be."""
        if self.decimals is None:
            words = _words(int(value), with_and=" and " in self.text)
            return words.capitalize() if self.text[0].isupper() else words
        shown = value / self.scale
        if shown != round(shown, self.decimals):
            return None
        return f"{shown:{',' if self.grouped else ''}.{self.decimals}f}"


def read(text: str) -> Iterator[EnglishFigure]:
    """Yield all figures in digits and in words, those too that cannot be changed."""
    for found in _DIGITS.finditer(text):
        yield _digits(found, text)
    for found in _WORDS.finditer(text):
        yield _in_words(found, text)


def _digits(found: re.Match[str], text: str) -> EnglishFigure:
    start, end = found.span()
    whole, decimals = found[1], found[2] or ""
    scale = _SCALE_AFTER.match(text, end)
    factor = _SCALES[scale[1]] if scale else 1
    plain = whole.replace(",", "")
    padded = len(plain) > 1 and plain.startswith("0")
    unsure = padded or len(found[0]) > _MOST_DIGITS or _is_glued(text, start, end)
    value = None if unsure else Decimal(plain + decimals) * factor
    grouped = "," in whole or len(plain) <= 3  # noqa: PLR2004 (no comma to be seen)
    return EnglishFigure(start, end, found[0], value, factor, max(len(decimals) - 1, 0), grouped)


def _in_words(found: re.Match[str], text: str) -> EnglishFigure:
    start, end = found.span()
    value = _value(found[0].lower())
    again = _words(value, with_and=" and " in found[0]) if value else None
    named = found[0][0].isupper() and not _SENTENCE_START.search(text, 0, start)
    if again != found[0].lower() or named or _is_glued(text, start, end):
        return EnglishFigure(start, end, found[0], Decimal(value), fixed=True)
    return EnglishFigure(start, end, found[0], Decimal(value))


def _is_glued(text: str, start: int, end: int) -> bool:
    return bool(_GLUED_BEFORE.search(text, 0, start) or _GLUED_AFTER.match(text, end))


def _value(words: str) -> int:
    total = part = 0
    for word in re.split(r"[ -]", words):
        if word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word != "and":
            part += _VALUES[word]
    return total + part


def _words(value: int, *, with_and: bool) -> str:
    for scale, factor in reversed(_SCALES.items()):
        if value >= factor:
            many, rest = divmod(value, factor)
            head = f"{_words(many, with_and=with_and)} {scale}"
            return _joined(head, rest, with_and=with_and and rest < 100)  # noqa: PLR2004
    if value >= 100:  # noqa: PLR2004
        return _joined(f"{_ONES[value // 100]} hundred", value % 100, with_and=with_and)
    if value < len(_ONES):
        return _ONES[value]
    tens = _TENS[value // 10 - 2]
    return f"{tens}-{_ONES[value % 10]}" if value % 10 else tens


def _joined(head: str, rest: int, *, with_and: bool) -> str:
    return (
        f"{head}{' and ' if with_and else ' '}{_words(rest, with_and=with_and)}" if rest else head
    )
