"""Which quotes and brackets belong together, so that none of them is cut open."""

import re
from dataclasses import dataclass, field
from typing import Final

REACH: Final = 600
"""The most code points between a quote or bracket and its partner. One that waits longer
is a stray mark and encloses nothing: it must not swallow the document."""

QUOTES: Final = frozenset('"“”„‟«‹')
"""The opening marks of quotations; any other opening mark is a bracket."""

_DOUBLE: Final = '"'
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›", "﴿": "﴾"}
_CLOSING: Final = {close: open_ for open_, close in _BRACKETS.items()}
_MARK: Final = re.compile(r'["“”„‟()\[\]{}«»‹›﴿﴾]')
_AFTER_OPENING: Final = frozenset("([{«‹﴿:-–—،/=")
_BEFORE_CLOSING: Final = frozenset(")]}»›﴾.،؛:!؟?…,;/-–—")


@dataclass(slots=True)
class Enclosures:
    """The pairs of quotes and brackets in one block, by the index of each mark."""

    partner: dict[int, int] = field(default_factory=dict)
    """From the index of each closing mark to that of its opening mark."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    """The outermost pairs in order: index of the opening and of the closing mark."""


def enclosures(block: str) -> Enclosures:
    """Pair the quotes and brackets of `block` in one pass.

    Straight and curly double quotes are told apart by what stands beside them, because
    Arabic keyboards produce either form for either end; where that does not tell, they
    alternate. A mark without a partner within `REACH` is left out.
    """
    pairing = _Pairing()
    for mark in _MARK.finditer(block):
        index, character = mark.start(), mark.group()
        if character in _BRACKETS:
            pairing.open(character, index)
        elif character in _CLOSING:
            pairing.close(_CLOSING[character], index)
        elif _opens(block, index, waiting=pairing.waits(_DOUBLE, index)):
            pairing.drop(_DOUBLE, index)
            pairing.open(_DOUBLE, index)
        else:
            pairing.close(_DOUBLE, index)
    return Enclosures(pairing.partner, _outermost(pairing.partner))


def _opens(block: str, index: int, *, waiting: bool) -> bool:
    """Whether the double quote at `index` opens; `waiting` says that one is open before it."""
    before = block[index - 1] if index else " "
    after = block[index + 1] if index + 1 < len(block) else " "
    may_open = (before.isspace() or before in _AFTER_OPENING) and not after.isspace()
    may_close = not before.isspace() and (after.isspace() or after in _BEFORE_CLOSING)
    return not waiting if may_open == may_close else may_open


def _outermost(partner: dict[int, int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in sorted((start, end) for end, start in partner.items()):
        if not spans or start > spans[-1][1]:
            spans.append((start, end))
    return spans


class _Pairing:
    """A stack of open marks. Each mark enters and leaves once, so pairing is linear."""

    def __init__(self) -> None:
        self.partner: dict[int, int] = {}
        self._stack: list[tuple[str, int]] = []
        self._positions: dict[str, list[int]] = {}

    def open(self, kind: str, index: int) -> None:
        self._stack.append((kind, index))
        self._positions.setdefault(kind, []).append(index)

    def close(self, kind: str, index: int) -> None:
        """Pair the mark at `index` with the nearest open one of its kind, if within reach."""
        if self.waits(kind, index):
            self.partner[index] = self._pop(kind)

    def drop(self, kind: str, index: int) -> None:
        """Forget the nearest open mark of this kind: it was a stray."""
        if self.waits(kind, index):
            self._pop(kind)

    def waits(self, kind: str, index: int) -> bool:
        """Whether a mark of this kind within reach of `index` waits for its partner."""
        positions = self._positions.get(kind, [])
        return bool(positions) and index - positions[-1] <= REACH

    def _pop(self, kind: str) -> int:
        while True:
            top, index = self._stack.pop()
            self._positions[top].pop()
            if top == kind:
                return index
