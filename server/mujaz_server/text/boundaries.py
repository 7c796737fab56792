"""Where the sentences inside one line or paragraph end.

The walk is linear in the text however hostile it is: each run of terminators is read once, and
each rule about it looks at a bounded number of code points.
"""

import re
from collections.abc import Iterator
from typing import Final

from mujaz_server.text.characters import DIGITS
from mujaz_server.text.enclosures import Enclosures, enclosures
from mujaz_server.text.stops import LOOK, TERMINATORS, Stop

_INNER: Final = f"[A-Za-z{DIGITS}]"
# A run of terminators, but no stop inside a number, a domain or a file name. (No possessive
# quantifiers here or elsewhere: Python 3.11.2 matches wrongly with them, gh-100061.)
_RUN: Final = re.compile(
    rf"(?!(?<={_INNER})[.]{_INNER})[{TERMINATORS}]+"
    rf"(?:[ \xa0]{{1,2}}[{TERMINATORS}]+(?=[\s\"»”)\]]|$))*"
)
_WORD_CHARACTER: Final = re.compile(r"\w")
_CLOSERS: Final = frozenset("\"”’'»›)]}﴾")
_FOOTNOTE: Final = re.compile(r"(?:\[\d{1,3}\]){1,3}")
_GAP: Final = re.compile(r"\s*")
_LINK: Final = re.compile(r"(?:https?://|www\.)[^\s«»\"“”<>()،؛؟]+", re.IGNORECASE)


def sentence_ends(block: str, begin: int, limit: int) -> Iterator[int]:
    """Yield where sentences end strictly inside `block[begin:limit]`, in order.

    An end stands after the closing quotes and brackets and before the white space.
    """
    first = _RUN.search(block, begin, limit)
    if first is None or first.end() == limit:
        return
    pairs = enclosures(block)
    beyond = (len(block) + 1, len(block) + 1)
    spans, links = iter(pairs.spans), (link.span() for link in _LINK.finditer(block))
    span, link = next(spans, beyond), next(links, beyond)
    scanned, worded = begin, False
    for run in _RUN.finditer(block, begin, limit):
        start = run.start()
        worded = worded or _WORD_CHARACTER.search(block, scanned, start) is not None
        scanned = start
        if not worded:
            continue
        stop = _stop(block, run, pairs, begin)
        while span[1] < stop.after:
            span = next(spans, beyond)
        while link[1] <= start:
            link = next(links, beyond)
        in_link = link[0] <= start and not _closes_link(block, link, start)
        if stop.next >= limit or span[0] < stop.after or in_link:
            continue
        if stop.ends():
            yield stop.after
            begin, scanned, worded = stop.after, stop.after, False


def _closes_link(block: str, link: tuple[int, int], start: int) -> bool:
    """Whether nothing but punctuation follows `start` in the link."""
    return link[1] - start < LOOK and not _WORD_CHARACTER.search(block, start, link[1])


def _stop(block: str, run: re.Match[str], pairs: Enclosures, begin: int) -> Stop:
    """Read the run of terminators with what closes after it and what comes next."""
    start, after = run.span()
    opening = -1
    while after < len(block) and (after in pairs.partner or _stray_closer(block, after)):
        opening = pairs.partner.get(after, opening)
        after += 1
    if footnote := _FOOTNOTE.match(block, after):
        after = footnote.end()
    gap = _GAP.match(block, after)
    return Stop(block, begin, start, run.end(), after, gap.end() if gap else after, opening)


def _stray_closer(block: str, index: int) -> bool:
    """Whether a mark without a partner closes rather than opens."""
    if block[index] not in _CLOSERS:
        return False
    return index + 1 == len(block) or not block[index + 1].isalnum()
