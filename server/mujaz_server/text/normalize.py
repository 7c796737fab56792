"""The spelling that MarianMT models of Arabic are trained on, with the way back to the source.

Compatibility forms are composed (NFKC), diacritics, tatweel and controls are dropped, quotes and
dashes are made plain, white space is collapsed. Digits become ASCII: models have seen few others
(in the embedded model's training text ASCII digits are fifty times as frequent as Arabic-Indic
ones, and it misreads those), and decimals have a point. `،`, `؛` and `؟` stay, for the model knows
them.
"""

import bisect
import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mujaz_server.text.characters import ARABIC_LETTERS, ARABIC_MARKS, INVISIBLE
from mujaz_server.text.decimals import pointed

_LONGEST_RUN_OF_MARKS: Final = 30
"""Combining marks kept after one letter, as in the Stream-Safe Text Format of UAX #15. Without
a bound the canonical ordering of NFKC takes quadratic time."""

_DROPPED: Final = re.compile(
    f"[{ARABIC_MARKS}\u0600-\u0605\u06dd\u0890\u0891\u08ca-\u08ff{re.escape(INVISIBLE)}]"
)
_COMPOSING: Final = frozenset("\u0653\u0654\u0655")  # madda and hamza: part of a letter in NFKC
_PLAIN_FORMS: Final = str.maketrans(
    {
        **dict.fromkeys("«»“”„‟〝〞〟﴾﴿", '"'),
        **dict.fromkeys("‘’‚‛‹›", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "٪": "%",
        "٫": ".",
        "٬": ",",
        "٭": "*",
        "۔": ".",
        "⁄": "/",
        **dict(zip("ٱیېےکگہھەۀپچژڤ", "ايييككههههبجزف", strict=True)),
        **dict(zip("٠١٢٣٤٥٦٧٨٩", "0123456789", strict=True)),
        **dict(zip("۰۱۲۳۴۵۶۷۸۹", "0123456789", strict=True)),
        **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\N{REPLACEMENT CHARACTER}"),
    }
)
_PLAIN: Final = "!-~\u060c\u061b\u061f\u0621-\u063a\u0641-\u064a"
_PLAIN_TEXT: Final = re.compile(f"[{_PLAIN}]+(?: [{_PLAIN}]+)*")
_ARABIC: Final = re.compile(f"[{ARABIC_LETTERS}]")
_CACHED: Final = 4  # the longest cluster worth remembering
_FIRST_VOWEL, _LAST_TAIL = 0x1160, 0x11FF  # Hangul jamo that join the one before


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalized text with the place in the source of each of its code points.

    `offsets` has one entry more than `text`: `offsets[i]` is the index in the source of the code
    point that `text[i]` came from, and the last entry is the length of the source. They never
    decrease; two that are equal are the parts of one ligature.
    """

    text: str
    offsets: Sequence[int]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the half-open span of the source that `text[start:end]` came from."""
        if start >= end:
            return self.offsets[start], self.offsets[start]
        following = bisect.bisect_right(self.offsets, self.offsets[end - 1], lo=end - 1)
        return self.offsets[start], self.offsets[min(following, len(self.text))]


def has_arabic(text: str) -> bool:
    """Whether any Arabic letter, presentation forms included, is in the text."""
    return _ARABIC.search(text) is not None


def normalize(text: str) -> Normalized:
    """Spell the text as the model expects it. Normalizing twice changes nothing.

    Lone surrogates become U+FFFD. The time taken is linear in the text.
    """
    if not text or _PLAIN_TEXT.fullmatch(text):
        return Normalized(pointed(text), range(len(text) + 1))
    pieces: list[str] = []
    offsets: list[int] = []
    for index, cluster in _clusters(text):
        piece = _respell(cluster) if len(cluster) <= _CACHED else _respell.__wrapped__(cluster)
        if not pieces or pieces[-1][-1] == " ":
            piece = piece.lstrip(" ")
        if piece:
            pieces.append(piece)
            offsets += [index] * len(piece)
    normalized = "".join(pieces).rstrip(" ")
    return Normalized(pointed(normalized), (*offsets[: len(normalized)], len(text)))


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Yield the stretches that NFKC may compose, each with its index, without what is dropped.

    A stretch is a code point with those after it that may be composed with it.
    """
    cluster: list[str] = []
    start = marks = 0
    for index, character in enumerate(text):
        joins = _joins(character)
        if joins is None:
            continue
        if cluster and not joins:
            yield start, "".join(cluster)
            cluster = []
        if not cluster:
            start = index
        marks = marks + 1 if joins and unicodedata.combining(character) else 0
        if marks <= _LONGEST_RUN_OF_MARKS:
            cluster.append(character)
    if cluster:
        yield start, "".join(cluster)


@functools.lru_cache(maxsize=1 << 14)
def _joins(character: str) -> bool | None:
    """Whether NFKC may compose the character with the one before; None if it is dropped."""
    parts = unicodedata.normalize("NFKD", character)
    if all(part not in _COMPOSING and _DROPPED.match(part) for part in parts):
        return None
    first = parts[0]
    jamo = _FIRST_VOWEL <= ord(first) <= _LAST_TAIL
    return jamo or unicodedata.category(first) in {"Mn", "Mc"}


@functools.lru_cache(maxsize=1 << 14)
def _respell(cluster: str) -> str:
    """Respell one cluster; runs of white space become one space."""
    composed = unicodedata.normalize("NFKC", cluster).translate(_PLAIN_FORMS)
    kept = _DROPPED.sub("", composed)
    if len(kept) < len(composed):  # what was dropped may have kept two others apart
        kept = unicodedata.normalize("NFKC", kept)
    return re.sub(r"\s+", " ", kept)
