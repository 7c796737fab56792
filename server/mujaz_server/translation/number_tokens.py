"""Finding the numbers of a text: digits of any script, words of Arabic and English.

A number is read as all it may mean: `1.200` is 1200 or 1.2, `80s` are 80 or 1980, `4:30` is 0430 or
1630. What stands between two numbers is told as a link, from which `numerals` puts them together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from mujaz_server.translation.number_words import (
    DUALS,
    FRACTIONS,
    NUMBER_WORDS,
    SCALES,
    WORDS,
    fold,
)

# Twelve digits at a time: a longer string is read in pieces, which keeps the arithmetic exact.
_TOKEN = re.compile(
    r"[^\W\d_]+"  # a word
    r"|[^\s\w]|_"  # a mark
    r"|(?P<time>(?<![\d:])\d{1,2}:\d\d(?![\d:]))"
    r"|(?P<year>(?<=[12]\d{3}[-/\u2013])\d\d(?![\d.,]))"
    r"|(?P<digits>\d{1,12}(?:[.,٫٬،]\d{1,12}){0,7})(?P<suffix>(?:s|m|mn|k|b|bn|tn|st|nd|rd|th)\b)?"
)
_TATWEEL_RANGE = re.compile(r"(?<=\d)\u0640+(?=\d)")
_PERCENT = re.compile(r"(?:في ?|ب)الم(?:ا?ئ|ي)[ةه]\b|\bper ?cent(?:age)?\b")
# `ستينات القرن العشرين` are the 1960s: the century is no number of its own.
_CENTURY_OF_DECADE = re.compile(r"(?<=ات )القرن \w+(?: عشر)?")
_LINKS = {"و": "+", "and": "+", **dict.fromkeys(("to", "or", "الي", "او", "/"), "-")}
_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013\u2014")
_TRANSPARENT = frozenset({"a", "an", "$", "€", "£", "'"})
_SHORT_SCALES = {"k": Decimal(10**3), "m": Decimal(10**6), "b": Decimal(10**9)}
_GROUP = 3  # digits between thousands separators
_CENTURY = 1900  # of `the 80s`
_YEARS = 100
_OF_DAY = re.compile(
    r"\b(?:[وبف]?الساع[ةه]|ت ?غ|بتوقيت|بالتوقيت|(?:ال)?(?:صباح|ظهر|مساء|فجر|ليل)ا?"
    r"|gmt|utc|at|until|hours?|local|[ap]\.?m)\b"
)
_NEAR = 24  # characters
_HOURS = 24
_MINUTES = 60


@dataclass(frozen=True, slots=True)
class NumberToken:
    """A number word or a string of digits.

    Attributes:
        values: all it may mean, the likeliest first.
        link: what stands between it and the number before: " " nothing, "+" `and`, "-" the sign
            or word of a range, "" anything else.
        digits: it is written in digits.
        vague: nothing on the other side must answer for it.
        scale: it multiplies the number before it.
        word: the folded word, or the time of day as it is written.
    """

    values: tuple[Decimal, ...]
    link: str
    digits: bool = False
    vague: bool = False
    scale: bool = False
    word: str = ""


def number_tokens(text: str) -> Iterator[NumberToken]:
    """Find the numbers of a text, in order."""
    text = fold(_TATWEEL_RANGE.sub("-", text))
    text = _CENTURY_OF_DECADE.sub("", _PERCENT.sub("%", text))
    link = ""
    distance = 0  # words since the last number
    for match in _TOKEN.finditer(text):
        word = match[0]
        if match.lastgroup:
            yield from _digit_tokens(match, "-" if link == "~" else link)
            link, distance = " ", 0
        elif word in NUMBER_WORDS:
            if word in FRACTIONS and word[0] == "و" and distance == 1:  # ثلاثة أمتار ونصف
                link = " "
            yield from _word_tokens(word, " " if link == "~" else link)
            link, distance = " ", 0
        elif word in _HYPHENS:
            link = link and "~"  # joins words, parts digits
        elif word not in _TRANSPARENT:
            link = link and _LINKS.get(word, "")
            distance += 1


def _word_tokens(word: str, link: str) -> Iterator[NumberToken]:
    if word[0] == "و" and link and word[1:] in NUMBER_WORDS:
        link = "+"
    if word in FRACTIONS and word[0] == "و":  # ساعة ونصف
        fraction = WORDS[word].values[0]
        yield NumberToken((fraction, 1 + fraction), link, vague=True, word=word)
    elif word in WORDS:
        yield NumberToken(WORDS[word].values, link, vague=WORDS[word].vague, word=word)
    elif word in SCALES:
        scale = SCALES[word]
        readings = (scale, 2 * scale) if word[-1] == "ا" else (scale,)  # الفا جندي
        yield NumberToken(readings, link, vague=True, scale=True, word=word)
    else:
        yield NumberToken((Decimal(2),), link, word=word)
        yield NumberToken((DUALS[word],), " ", vague=True, scale=True, word=word)


def _digit_tokens(match: re.Match[str], link: str) -> Iterator[NumberToken]:
    if time := match["time"]:
        yield NumberToken(_clock(time), link, digits=True, word=time)
        return
    if year := match["year"]:
        century = match.string[match.start() - 5 : match.start() - 3]
        yield NumberToken((Decimal(year), Decimal(century + year)), link, digits=True)
        return
    before = match.string[match.start() - 1 : match.start()]
    in_name = before.isascii() and before.isalpha()  # B52, H1N1
    suffix = match["suffix"] or ""
    near = max(0, match.start() - _NEAR), match.end() + _NEAR
    for values in _literals(
        match["digits"], of_day=_OF_DAY.search(match.string, *near) is not None
    ):
        yield NumberToken(_with_suffix(values, suffix), link, digits=True, vague=in_name)
        link = ""
    if suffix in SCALES:
        yield NumberToken((SCALES[suffix],), " ", vague=True, scale=True)


def _with_suffix(values: tuple[Decimal, ...], suffix: str) -> tuple[Decimal, ...]:
    if suffix == "s":
        return (*values, *(_CENTURY + v if v < _YEARS else v % _YEARS for v in values))
    if scale := _SHORT_SCALES.get(suffix):
        return (*values, *(value * scale for value in values))
    return values


def _clock(written: str) -> tuple[Decimal, ...]:
    """Read `4:30` as 0430 and 1630, as 4.30 and as four and a half."""
    hour, minute = (int(part) for part in written.split(":"))
    values = []
    for hours in (hour, (hour + _HOURS // 2) % _HOURS):
        values += [
            Decimal(100 * hours + minute),
            hours + Decimal(minute) / 100,
            hours + Decimal(minute) / _MINUTES,
        ]
    return tuple(values)


def _literals(written: str, *, of_day: bool) -> list[tuple[Decimal, ...]]:
    """Read digits with separators: one number with all its readings, or several numbers."""
    digits = written.replace("٬", "")
    groups = re.split("[.,،٫]", digits)
    separators = [character for character in digits if not character.isdecimal()]
    if readings := _readings(groups, separators, of_day=of_day):
        return [readings]
    return [(Decimal(group),) for group in groups]


def _readings(groups: list[str], separators: list[str], *, of_day: bool) -> tuple[Decimal, ...]:
    whole = Decimal("".join(groups))
    decimal = Decimal("".join(groups[:-1]) + "." + groups[-1])
    thousands = (
        groups[0] != "0"
        and len(groups[0]) <= _GROUP
        and all(len(group) == _GROUP for group in groups[1:])
    )
    match separators:
        case []:
            return (whole,)
        case [separator]:
            if of_day and not thousands and _is_hour(*groups):
                return (decimal, whole)  # newswire writes 22,00 and 22.00 for 2200 hours
            return _readings_of_two(whole, decimal, separator if thousands else "")
        case [*_] if thousands and len(set(separators)) == 1:
            return (whole,)
        case [*others, last] if last not in others and len(set(others)) == 1:
            return (decimal,)
        case _:
            return ()


def _readings_of_two(whole: Decimal, decimal: Decimal, thousands: str) -> tuple[Decimal, ...]:
    if thousands:
        return (whole, decimal) if thousands in ",،" else (decimal, whole)
    return (decimal,)


def _is_hour(hour: str, minute: str) -> bool:
    return len(hour) <= len("22") == len(minute) and int(hour) <= _HOURS and int(minute) < _MINUTES
