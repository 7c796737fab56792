"""Arabic words for numbers, and those that may stand in the place of each."""

from dataclasses import dataclass
from typing import Final

from mujaz_models.train.substitution.slots import unhamza

_STEMS: Final = ("ثلاث", "أربع", "خمس", "ست", "سبع", "ثماني", "تسع", "عشر")
_UNITS: Final = {
    "masculine": {n: f"{stem}ة" for n, stem in enumerate(_STEMS, 3)},
    "feminine": dict(enumerate(_STEMS, 3)),
    "accusative": {n: f"{stem}ا" for n, stem in enumerate(_STEMS, 3)},
}
_TEN_STEMS: Final = ("عشر", "ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع")
_TENS: Final = {
    ending: {10 * n: stem + ending for n, stem in enumerate(_TEN_STEMS, 2)}
    for ending in ("ون", "ين")
}
_HUNDRED_STEMS: Final = ("ثلاث", "أربع", "خمس", "ست", "سبع", "ثمان", "تسع")
_HUNDREDS: Final = {
    ending: {100 * n: stem + ending for n, stem in enumerate(_HUNDRED_STEMS, 3)}
    for ending in ("مئة", "مائة")
}
_FIXED: Final = {
    "unit": {
        1: "واحد واحدة أحد إحدى",
        2: "اثنان اثنين اثنتان اثنتين اثنا اثني اثنتا اثنتي",
    },
    "hundred": {100: "مئة مائة", 200: "مئتان مئتين مئتا مئتي مائتان مائتين مائتا مائتي"},
    "scale": {
        10**3: "ألف ألفا آلاف",
        10**6: "مليون مليونا ملايين",
        10**9: "مليار مليارا مليارات",
    },
    "double": {
        2 * 10**3: "ألفان ألفين ألفي",
        2 * 10**6: "مليونان مليونين مليوني",
        2 * 10**9: "ملياران مليارين ملياري",
    },
}


@dataclass(frozen=True, slots=True)
class Numeral:
    """A word for a number.

    Attributes:
        kind: unit, tens, hundred, scale or double (a scale in the dual).
        others: what may stand in its place, by value; empty for what stays.
    """

    kind: str
    value: int
    others: dict[int, str]


def _lexicon() -> dict[str, Numeral]:
    known: dict[str, Numeral] = {}
    for kind, families in (("unit", _UNITS), ("tens", _TENS), ("hundred", _HUNDREDS)):
        for family in families.values():
            known |= {unhamza(word): Numeral(kind, n, family) for n, word in family.items()}
    for kind, words in _FIXED.items():
        for n, forms in words.items():
            known |= {unhamza(word): Numeral(kind, n, {}) for word in forms.split()}
    return known | {"ثمان": Numeral("unit", 8, _UNITS["feminine"])}


LEXICON: Final = _lexicon()
"""Each word as it is written without hamza."""

PLURALS: Final = frozenset({"الاف", "ملايين", "مليارات"})
"""Of which there are unsaid many where no number stands before them."""
