"""Decimals whose comma a model could take for an hour.

Agencies write `13,25 جنيها`, thirteen pounds and a quarter, and `الساعة 13,25 ت غ`, an hour that
becomes `1325 GMT`. The words around tell them apart, and a point in the place of the comma tells
the model.
"""

import re
from typing import Final

_DECIMAL: Final = re.compile(r"(?<![\d.,])(\d{1,9}),(?=\d{1,2}(?![\d,]))")
_OF_DAY: Final = re.compile(
    r"\b(?:[وبف]?الساع[ةه]|ت ?غ|بتوقيت|بالتوقيت|(?:ال)?(?:صباح|ظهر|مساء|فجر|ليل)ا?)\b"
)
_BEFORE: Final = 24
_AFTER: Final = 10
"""Code points in which a word of the hour counts: `الساعة` stands farther off than `ت غ`."""


def pointed(text: str) -> str:
    """Return the text, of the same length, with a point in decimals that are no hours.

    Thousands (`1,250`) and lists (`1,2,3`) stay as they are. Doing it twice changes nothing.
    """
    return _DECIMAL.sub(_pointed, text) if "," in text else text


def _pointed(match: re.Match[str]) -> str:
    near = max(0, match.start() - _BEFORE), match.end() + _AFTER
    comma = "," if _OF_DAY.search(match.string, *near) else "."
    return f"{match[1]}{comma}"
