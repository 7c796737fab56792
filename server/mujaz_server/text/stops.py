"""Whether one full stop, question mark, exclamation mark or ellipsis ends a sentence.

Every rule looks at a bounded number of code points on either side.
"""

import re
from dataclasses import dataclass
from typing import Final

from mujaz_server.text.abbreviations import (
    ABBREVIATIONS,
    CONTINUATIONS,
    DEPENDENT,
    LATIN,
    LATIN_BEFORE_NUMBER,
    LETTER_NAMES,
    OPENERS,
    SITES,
    UNITS,
)
from mujaz_server.text.characters import ARABIC_LETTERS, ARABIC_MARKS, DIGITS, fold
from mujaz_server.text.enclosures import QUOTES

TERMINATORS: Final = ".؟?!…۔‼⁇⁈⁉。！？"
LOOK: Final = 24
"""The most code points that a rule reads on either side of a stop."""

_LETTER: Final = f"[{ARABIC_LETTERS}][{ARABIC_MARKS}]{{0,4}}"
_WORD_BACKWARDS: Final = re.compile(  # a search for the end of a string would try every start
    rf"\s{{0,2}}((?:[{ARABIC_MARKS}]{{0,4}}[{ARABIC_LETTERS}])+"
    rf"|[A-Za-z]+(?![A-Za-z/@=_-])|[{DIGITS}]+)"
)
_NEXT_WORD: Final = re.compile(rf"[\"“”«(\[﴿–—•*-]?\s?((?:{_LETTER}){{1,24}}|\w{{1,24}})?")
_LIST_NUMBER_LENGTH: Final = 12
_LIST_NUMBER: Final = re.compile(
    rf"(?:^|[\n\r])\W{{0,3}}(?:[{DIGITS}]{{1,3}}(?:[.-][{DIGITS}]{{1,2}}){{0,3}}"
    rf"|{_LETTER}|[A-Za-z]|[ivxIVX]{{1,4}})\s?$"
)
_MEASURE_BACKWARDS: Final = re.compile(
    rf"(?:[{ARABIC_MARKS}]{{0,4}}[{ARABIC_LETTERS}])+\s?[{DIGITS}]"
)
_DOTTED_BACKWARDS: Final = re.compile(rf" ?\.([{ARABIC_LETTERS}]{{1,6}})")
_DOTTED_AFTER: Final = re.compile(rf" ?((?:{_LETTER}){{1,6}})\.")


@dataclass(slots=True)
class Stop:
    """A run of terminators in its surroundings; all fields but `block` are indices into it."""

    block: str
    begin: int  # where the sentence so far begins
    start: int  # the run of terminators
    end: int
    after: int  # past the quotes and brackets that close behind it
    next: int  # what follows the white space
    opening: int  # the opening mark of the last pair that closes here, or -1

    def ends(self) -> bool:
        """Whether the sentence ends here."""
        if self.block[self.next] in "،؛,;:":
            return False
        if self.opening >= 0:
            return self._closed_sentence_ends()
        run = self.block[self.start : self.end]
        if run in {".", "。", "۔"}:
            return self._full_stop_ends()
        if run.strip(".…") == "":
            return self._ellipsis_ends(run)
        return self.next > self.after or not (run == "?" or self._latin_or_digit(self.after))

    def _closed_sentence_ends(self) -> bool:
        """A sentence inside quotes or brackets was closed: does the outer one end with it?"""
        if self.opening + 1 == self.start:  # (!) or "..."
            return False
        word = self._next_word()
        if word in OPENERS:
            return True
        if word in CONTINUATIONS or self._abbreviates(self._last_word()):
            return False
        head = self.block[max(self.begin, self.opening - LOOK) : self.opening].rstrip()
        if self.block[self.opening] not in QUOTES:
            return not head and self.block[self.next] not in TERMINATORS
        spoken = head.endswith(":") or self.block[self.next] in '"“«-–—'
        return spoken or self.block[self.end - 1] in ".…"

    def _ellipsis_ends(self, run: str) -> bool:
        last, word = self._last_word(), self._next_word()
        if run == "..":  # a pause, as the Arabic press writes it
            return word in OPENERS
        if self.next == self.after:
            return False
        return len(last) != 1 and word != last and word not in DEPENDENT

    def _full_stop_ends(self) -> bool:
        if self._list_number():
            return False
        last, word = self._last_word(), self._next_word()
        if self._abbreviates(last):
            return word in OPENERS
        if self.next == self.after:
            return self._glued_sentence_ends(last, word)
        following = self.block[self.next]
        return not (following.isascii() and following.islower())

    def _glued_sentence_ends(self, last: str, word: str) -> bool:
        """No space follows the stop: a slip of the typist, or a number, name or address?"""
        following = self.block[self.after]
        if self._latin_or_digit(self.after):
            return following.isdigit() and not last.isascii() and not last.isdigit()
        before = self.block[self.start - 1]
        if not (last or before.isalnum() or before in ')]}»"” '):
            return False
        glued_word = (len(word) > 1 and word not in SITES) or word == "و"
        return glued_word or following in '"“«('

    def _abbreviates(self, last: str) -> bool:
        """Whether the word before the stop is an abbreviation or an initial."""
        if not last or last.isdigit() or self.block[self.start - 1].isspace():
            return False
        if last.isascii():
            numbered = last in LATIN_BEFORE_NUMBER and self.block[self.next].isdigit()
            return len(last) == 1 or last in LATIN or numbered
        if last in UNITS:
            return _MEASURE_BACKWARDS.match(self._behind()) is not None
        return len(last) == 1 or last in ABBREVIATIONS or self._spelled(last)

    def _spelled(self, last: str) -> bool:
        """Whether the word names a Latin letter and has such a neighbour: «سي.إن.إن»."""
        if last not in LETTER_NAMES:
            return False
        word = _WORD_BACKWARDS.match(self._behind())
        before = _DOTTED_BACKWARDS.match(self._behind(), word.end()) if word else None
        after = _DOTTED_AFTER.match(self.block, self.end)
        return (
            self._next_word() in LETTER_NAMES
            or (before is not None and fold(before[1][::-1]) in LETTER_NAMES)
            or (after is not None and fold(after[1]) in LETTER_NAMES)
        )

    def _list_number(self) -> bool:
        head = max(self.begin, self.start - _LIST_NUMBER_LENGTH)
        text = self.block[head : self.start]
        return _LIST_NUMBER.search(text if head == self.begin else "#" + text) is not None

    def _latin_or_digit(self, index: int) -> bool:
        character = self.block[index]
        return character.isdigit() or (character.isascii() and character.isalpha())

    def _last_word(self) -> str:
        """The word before the stop, folded; empty if something else stands there."""
        found = _WORD_BACKWARDS.match(self._behind())
        return fold(found[1][::-1]) if found else ""

    def _behind(self) -> str:
        """What stands before the stop, read backwards."""
        return self.block[max(self.begin, self.start - LOOK) : self.start][::-1]

    def _next_word(self) -> str:
        """The word after the stop and an opening mark, folded."""
        found = _NEXT_WORD.match(self.block, self.next)
        return fold(found.group(1) or "") if found else ""
