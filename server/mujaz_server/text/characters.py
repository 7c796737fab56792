"""Classes of characters that the rules of this room are written in."""

import functools
import re
import sys
import unicodedata
from typing import Final

WHITE_SPACE: Final = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace())
"""Every code point that `str.isspace` holds for."""

INVISIBLE: Final = "".join(
    chr(code)
    for first, last in (
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0xAD, 0xAD),  # soft hyphen
        (0x61C, 0x61C),  # Arabic letter mark
        (0x180E, 0x180E),
        (0x200B, 0x200F),  # zero width, joiners, marks of direction
        (0x202A, 0x202E),  # embeddings and overrides
        (0x2060, 0x206F),
        (0xFEFF, 0xFEFF),  # byte order mark
        (0xFFF9, 0xFFFB),
    )
    for code in range(first, last + 1)
    if not chr(code).isspace()
)
"""Controls that leave no ink: C0, C1, bidirectional controls, zero-width marks, BOM."""

PADDING: Final = WHITE_SPACE + INVISIBLE
"""What may stand between two segments."""

LINE_BREAK: Final = re.compile("\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")
"""The line breaks of `str.splitlines`."""

ARABIC_LETTERS: Final = (
    "\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06e5\u06e6\u06ee\u06ef"
    "\u06fa-\u06fc\u06ff\u0750-\u077f\u0870-\u0887\u0889-\u088e\u08a0-\u08c9"
    "\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc"
)
"""Arabic letters and their presentation forms, as the inside of a character class."""

ARABIC_MARKS: Final = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06ed"
)
"""Tatweel and the marks written above or below letters, as the inside of a character class."""

DIGITS: Final = "0-9\u0660-\u0669\u06f0-\u06f9"
"""ASCII, Arabic-Indic and Persian digits, as the inside of a character class."""

_UNWRITTEN: Final = re.compile(f"[{ARABIC_MARKS}]+")
_ALIKE: Final = str.maketrans("أإآٱىة", "اااايه")


@functools.lru_cache(maxsize=1 << 12)
def fold(word: str) -> str:
    """Reduce a word to what newswire spelling keeps of it.

    Hamza on or under an alif, the dots of a final ya and ta marbuta, diacritics and tatweel
    come and go between writers: two spellings of one word fold to the same string.
    """
    return _UNWRITTEN.sub("", unicodedata.normalize("NFKC", word)).translate(_ALIKE).lower()


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Narrow a span by the padding at its ends; where it holds no ink, what is left is empty."""
    piece = text[start:end].rstrip(PADDING)
    return start + len(piece) - len(piece.lstrip(PADDING)), start + len(piece)
