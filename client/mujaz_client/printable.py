"""Text of documents and servers made fit to be shown: nothing in it may act on the screen.

An escape sequence in a document could move the cursor, recolour the terminal or
type into it; a bidi override could turn the words around it. White space that
moves the cursor becomes a space, invisible format characters are dropped, and
what remains of the controls becomes a visible replacement character.
"""

from __future__ import annotations

import unicodedata

# Joiners shape Arabic letters; the signs of Arabic numbers and verses are seen although
# Unicode files them under format characters.
_KEPT_FORMATS = frozenset(
    "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
    "\N{ARABIC NUMBER SIGN}\N{ARABIC SIGN SANAH}\N{ARABIC FOOTNOTE MARKER}\N{ARABIC SIGN SAFHA}"
    "\N{ARABIC SIGN SAMVAT}\N{ARABIC NUMBER MARK ABOVE}"
    "\N{ARABIC END OF AYAH}\N{ARABIC DISPUTED END OF AYAH}"
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " " if character.isspace() else _REPLACEMENT
        case "Cf":
            return character if character in _KEPT_FORMATS else ""
        case "Cs":
            return _REPLACEMENT
        case _:
            return character


class _Table(dict[int, str]):
    """A table for `str.translate` that fills itself as characters come up."""

    def __missing__(self, code_point: int) -> str:
        shown = self[code_point] = _shown(chr(code_point))
        return shown


_TABLE = _Table()


def printable(text: str) -> str:
    """The text on one line, without anything that could act on a terminal."""
    return text.translate(_TABLE)
