"""Words and terms of Arabic and English text.

A *word* is what a reader counts. A *term* is what two sentences are compared by: a word
folded to one spelling, stemmed, and not a stop word. Both languages are handled side by
side and told apart by script, because Arabic news quotes Latin names and a query may be in
either language.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from mujaz_server.summary.lexicon import STOP_WORDS
from mujaz_server.summary.stemming import stem

_BMP_END = 0x10000


class _Folding(dict[int, str]):
    """A `str.translate` table that works out each code point when it first meets it.

    Code point by code point, so that folding stays linear: normalizing a whole text sorts
    its combining marks, and a letter with 100,000 of them would take minutes.
    """

    def __missing__(self, code: int) -> str:
        folded = "".join(_SPELLINGS.get(char, char) for char in _decompose(chr(code)))
        if code < _BMP_END:  # the rest is rare, and the table must not grow with it
            self[code] = folded
        return folded


# Spellings that newswire and its readers do not tell apart, beyond what decomposition does
# (which already takes the hamza off its seat).
_SPELLINGS = {
    "ى": "ي",
    "ی": "ي",
    "ة": "ه",
    "ک": "ك",
    "ٱ": "ا",
    "ء": "",
    "\N{ARABIC TATWEEL}": "",
    "\N{ARABIC DECIMAL SEPARATOR}": ".",
    "\N{ARABIC THOUSANDS SEPARATOR}": ",",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{HYPHEN}": "-",
}


def _decompose(char: str) -> str:
    """Returns one character in lower case without its marks; digits become ASCII."""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    parts = (part for part in unicodedata.normalize("NFKD", char) if not _is_mark(part))
    return "".join(parts).casefold()


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me", "Cf"}


_FOLDING = _Folding()

# A run of letters and digits; apostrophes, hyphens and the separators of a number stay inside.
_WORD = re.compile(r"[^\W_]+(?:(?:['-]|(?<=\d)[.,](?=\d))[^\W_]+)*")
# As a word, but the parts of a hyphenated word are terms of their own.
_TERM = re.compile(r"[^\W_]+(?:(?:'|(?<=\d)[.,](?=\d))[^\W_]+)*")


def fold(text: str) -> str:
    """Returns `text` in lower case, without marks, in one spelling of hamza, alef, ya and digits.

    Time is linear in the length of `text`, whatever it holds.
    """
    return text.translate(_FOLDING)


def count_words(text: str) -> int:
    """Counts the words of `text` as a reader would.

    A word is a run of letters and digits in any script; vowel marks do not cut it, and a
    hyphenated word, one with an apostrophe and a number with separators count once.
    """
    return count_folded(fold(text))


def count_folded(folded: str) -> int:
    """Counts the words of a text that was folded."""
    return len(_WORD.findall(folded))


def words(text: str) -> list[str]:
    """Returns the words of `text` in folded spelling, the parts of hyphenated ones apart."""
    return words_of(fold(text))


def words_of(folded: str) -> list[str]:
    """Returns the words of a text that was folded."""
    return _TERM.findall(folded)


def terms(text: str) -> list[str]:
    """Returns the terms of `text` in order, repeats included."""
    return terms_of(words(text))


def terms_of(folded: Sequence[str]) -> list[str]:
    """Returns the terms of words, as `words` returns them."""
    return [term for term in map(_term, folded) if term]


def _term(word: str) -> str:
    """Returns the term of a folded word, or an empty string where it has none."""
    return word.replace(",", "") if word[0].isdigit() else _stem(word)


# Holds the words of a day's news; no numbers, of which there is no end.
@lru_cache(maxsize=1 << 12)
def _stem(word: str) -> str:
    return "" if word.split("'", 1)[0] in STOP_WORDS else stem(word)
