"""The number words of Arabic and English, as they stand in running text.

A word means one value or, where usage leaves it open, several: `الثمانينات` are 80 and 1980. A
*vague* word is no count of things by itself (half, a dozen, once, a bare million): it may answer
for a number on the other side, but nothing must answer for it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

# Diacritics, tatweel, zero-width and bidi marks; raised digits, which are units or footnotes.
_DROPPED = re.compile(
    "[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2060-\u2069"
    "\ufeff\u00b2\u00b3\u00b9\u2070-\u2079]"
)
_PLAIN = dict(zip("أإآٱىیکؤ\N{RIGHT SINGLE QUOTATION MARK}", "ااااييكو'", strict=True))
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")

_ENGLISH_CARDINALS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen"
)
_ENGLISH_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"
)
_ENGLISH_TENS = "twent thirt fort fift sixt sevent eight ninet"
_ENGLISH_VAGUE = {
    0.5: "half halves halved",
    0.25: "quarter quarters",
    2: "both twice double doubled doubling pair couple twins dual bilateral",
    3: "triple tripled thirds trio",
    4: "fourths quadruple",
    5: "fifths",
}
# Without prefixes and the feminine ending.
_ARABIC = {
    0: "صفر",
    1: "واحد احد احدي حادي",
    2: "اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي ثان ثاني",
    3: "ثلاث ثالث ثلث ثلثا ثلثي ثلثين",
    4: "اربع رابع",
    5: "خمس خامس",
    6: "ست سادس",
    7: "سبع سابع",
    8: "ثمان ثماني ثامن",
    9: "تسع تاسع",
    10: "عشر عاشر",
}
_ARABIC_DUALS = {
    100: "مئتا مئتي مئتان مئتين مائتا مائتي مائتان مائتين",
    1_000: "الفي الفان الفين",
    1_000_000: "مليوني مليونان مليونين",
    1_000_000_000: "ملياري ملياران مليارين",
    1_000_000_000_000: "تريليوني تريليونان تريليونين",
}
_ARABIC_TENS = "عشر ثلاث اربع خمس ست سبع ثمان تسع"
_ARABIC_HUNDREDS = {3: "ثلاث", 4: "اربع", 5: "خمس", 6: "ست", 7: "سبع", 8: "ثمان ثماني", 9: "تسع"}
_ARABIC_VAGUE = {
    0.5: "نصف",
    0.25: "ربع",
    1: "اول اولي",
    2: "ضعف ضعفي ضعفين مرتين كلا كلتا زوج ثنائي",
    3: "ثلاثي ثلاثاء",
    4: "رباعي",
    5: "خماسي",
    6: "سداسي",
}
_ARABIC_PREFIXES = (
    *("ال", "و", "وال", "ف", "فال", "ب", "بال", "وب", "وبال"),
    *("ل", "لل", "ول", "ولل", "ك", "كال"),
)
# "I am not", "she covered", "the millennial" and surnames.
_NOT_NUMBERS = frozenset({"لست", "ولست", "لستا", "كست", "بست", "الالفي", "والالفي"})

_SCALE_WORDS = {
    12: "dozen دزينة",
    100: "hundred hundreds مئة مائة مية مئات",
    1_000: "thousand thousands الف الفا الاف",
    1_000_000: "million millions mn مليون مليونا ملايين",
    1_000_000_000: "billion billions bn milliard مليار مليارا مليارات بليون بلايين",
    1_000_000_000_000: "trillion trillions tn تريليون تريليونا تريليونات ترليون ترليونات",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a number word may mean.

    Attributes:
        values: the likeliest first.
        vague: nothing on the other side must answer for it.
    """

    values: tuple[Decimal, ...]
    vague: bool = False


def fold(text: str) -> str:
    """Fold a text for comparing: digits of every script to ASCII, lower case, no marks."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", text))
    for letter, plain in _PLAIN.items():  # a tenth of what `str.translate` takes
        text = text.replace(letter, plain)
    return _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text.lower())


def _with_prefixes(stems: str, *, endings: tuple[str, ...] = ("", "ة", "ه", "ا")) -> Iterator[str]:
    words = (stem + ending for stem in stems.split() for ending in endings)
    for word in words:
        yield word
        yield from (p + word for p in _ARABIC_PREFIXES if p + word not in _NOT_NUMBERS)


def _roman(value: int) -> str:
    tens, unit = divmod(value, 10)
    units = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
    return ("", "x", "xx", "xxx", "xl", "l")[tens] + units[unit]


def _english() -> Iterator[tuple[str, Meaning]]:
    for words, least in ((_ENGLISH_CARDINALS, 0), (_ENGLISH_ORDINALS, 1)):
        for value, word in enumerate(words.split(), start=least):
            yield word, Meaning((Decimal(value),))
    for value, stem in enumerate(_ENGLISH_TENS.split(), start=2):
        tens = Decimal(10 * value)
        yield f"{stem}y", Meaning((tens,))
        yield f"{stem}ieth", Meaning((tens,))
        yield f"{stem}ies", Meaning((tens, 1900 + tens, 1800 + tens), vague=True)
    for number, words in _ENGLISH_VAGUE.items():
        for word in words.split():
            yield word, Meaning((Decimal(number),), vague=True)
    for value in range(2, 60):  # kings, popes, Super Bowls
        if len(word := _roman(value)) > 1:
            yield word, Meaning((Decimal(value),), vague=True)


def _arabic() -> Iterator[tuple[str, Meaning]]:
    for value, stems in _ARABIC.items():
        yield from _arabic_words(stems, Meaning((Decimal(value),)))
    for value, stem in enumerate(_ARABIC_TENS.split(), start=2):
        tens = Decimal(10 * value)
        yield from _arabic_words(f"{stem}ون {stem}ين", Meaning((tens,)))
        decade = Meaning((tens, 1900 + tens, 1800 + tens), vague=True)
        yield from _arabic_words(f"{stem}ينات {stem}ينيات", decade)
    for value, stems in _ARABIC_HUNDREDS.items():
        hundreds = " ".join(f"{stem}مئ {stem}مائ" for stem in stems.split())
        yield from _arabic_words(hundreds, Meaning((Decimal(100 * value),)))
    for number, stems in _ARABIC_VAGUE.items():
        yield from _arabic_words(stems, Meaning((Decimal(number),), vague=True))


def _arabic_words(stems: str, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    return ((word, meaning) for word in _with_prefixes(stems))


WORDS: Mapping[str, Meaning] = dict([*_english(), *_arabic()])
"""What number words mean, by folded word."""

SCALES: Mapping[str, Decimal] = {
    word: Decimal(scale) for scale, words in _SCALE_WORDS.items() for word in _with_prefixes(words)
}
"""What multiplies the number before it, by folded word; alone it is a vague number."""

DUALS: Mapping[str, Decimal] = {
    word: Decimal(scale)
    for scale, words in _ARABIC_DUALS.items()
    for word in _with_prefixes(words, endings=("",))
}
"""The scale of which a word means two: `مليونين`."""

NUMBER_WORDS = frozenset([*WORDS, *SCALES, *DUALS])
"""All of these."""

FRACTIONS = frozenset(word for word, meaning in WORDS.items() if 0 < meaning.values[0] < 1)
"""The words for a half and a quarter."""
