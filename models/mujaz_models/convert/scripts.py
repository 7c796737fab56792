"""Scripts: in which a language is written, and of which a piece is.

The names of letters begin with their script (`ARABIC LETTER BEH`; The Unicode Standard, 4.8), and
Python knows names but no property Script (UAX #24). Letters whose names begin otherwise, such as
`MICRO SIGN` and mathematical ones, belong to no script here.
"""

import re
import unicodedata
from collections.abc import Mapping

_SCRIPT = re.compile(
    r"""(?:FULLWIDTH\ |HALFWIDTH\ )?
    (ARABIC|ARMENIAN|BENGALI|BOPOMOFO|CJK|COPTIC|CYRILLIC|DEVANAGARI|ETHIOPIC|GEORGIAN|GREEK
    |GUJARATI|GURMUKHI|HANGUL|HEBREW|HIRAGANA|KANNADA|KATAKANA|KHMER|LAO|LATIN|MALAYALAM
    |MONGOLIAN|MYANMAR|ORIYA|SINHALA|SYRIAC|TAMIL|TELUGU|THAANA|THAI|TIBETAN)\b""",
    re.VERBOSE,
)
# Names of people and things are Latin, and quantities Greek, in every language's newswire.
_EVERYWHERE = frozenset({"LATIN", "GREEK"})
_WRITTEN_IN: Mapping[str, frozenset[str]] = {
    "ar": _EVERYWHERE | {"ARABIC"},
    "en": _EVERYWHERE,
}


def scripts_of(language: str) -> frozenset[str] | None:
    """Return the scripts that a text of a language may hold; None where they are not known.

    Args:
        language: BCP-47.
    """
    return _WRITTEN_IN.get(language.partition("-")[0].lower())


def foreign_script(piece: str, scripts: frozenset[str]) -> str | None:
    """Return the script of the first letter that is of none of the scripts, if there is one."""
    of_letters = (_script_of(character) for character in piece if character.isalpha())
    return next((script for script in of_letters if script and script not in scripts), None)


def _script_of(letter: str) -> str | None:
    found = _SCRIPT.match(unicodedata.name(letter, ""))
    return found[1] if found else None
