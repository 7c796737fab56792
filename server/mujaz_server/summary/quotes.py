"""Which sentences hold one quotation between them, and so are quoted together or not at all."""

import re
from collections.abc import Iterator, Sequence

_LONGEST = 3

_MARK = re.compile('["“”«»]')
_OPENING = {"“": "”", "«": "»"}
_CLOSING = {"”", "»"}


def quotations(texts: Sequence[str]) -> list[range]:
    """Returns the runs of sentences that a quotation holds together, in order, none touching.

    A run begins where a mark opens that a later sentence closes. It has two sentences or
    three: what stays open for longer is a stray mark more often than a speech, and holds
    nothing. `"…"`, `“…”` and `«…»` are told apart, so that one may stand inside another.
    """
    runs: list[range] = []
    for first, last in sorted(_spans(texts)):
        if runs and first < runs[-1].stop:
            runs[-1] = range(runs[-1].start, max(last + 1, runs[-1].stop))
        else:
            runs.append(range(first, last + 1))
    return [run for run in runs if len(run) <= _LONGEST]


def _spans(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yields the first and last sentence of each quotation that goes beyond one sentence."""
    opened: dict[str, int] = {}  # by the mark that would close it, the sentence it began in
    for position, text in enumerate(texts):
        for mark in _MARK.finditer(text):
            closing = mark[0] if mark[0] in _CLOSING else _OPENING.get(mark[0], '"')
            if mark[0] in _OPENING or (mark[0] == '"' and _opens(text, mark.start(), opened)):
                # A speech in paragraphs opens anew at each and closes at the last.
                if position - opened.get(closing, -_LONGEST) >= _LONGEST:
                    opened[closing] = position
            elif closing in opened:
                first = opened.pop(closing)
                if first < position < first + _LONGEST:
                    yield first, position


def _opens(text: str, at: int, opened: dict[str, int]) -> bool:
    """Whether the ASCII mark at `at` opens: by the space beside it, else as every other does."""
    after_space = at == 0 or text[at - 1].isspace() or text[at - 1] in "([-–—:"
    before_space = at + 1 == len(text) or text[at + 1].isspace() or text[at + 1] in ".,;:!?،؛؟)]"
    return after_space if after_space != before_space else '"' not in opened
