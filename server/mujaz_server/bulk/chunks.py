"""Documents in chunks: what is translated together, and committed at once.

Where a chunk ends depends on the documents before it and on nothing else. So a run that goes on
after a kill forms the same chunks, which matters: with some models a sentence's translation depends
a little on those it shares a batch with.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mujaz_server.bulk.documents import Document, Entry

CODE_POINTS = 200_000
"""Of a chunk, about: some 1,400 sentences of newswire, among which every length has company, and on
two cores some ten seconds of work."""
_ENTRY_CODE_POINTS = 100
"""What a document counts beside its text, so that a million empty ones are no single chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Documents that follow one another in the input, with those among them that were rejected.

    Attributes:
        index: Its place among the chunks, from 0.
        entries: At least one.
    """

    index: int
    entries: tuple[Entry, ...]


def chunked(entries: Iterable[Entry], code_points: int = CODE_POINTS) -> Iterator[Chunk]:
    """Yields the entries in chunks, each closed by the entry that fills it."""
    index, gathered, size = 0, list[Entry](), 0
    for entry in entries:
        gathered.append(entry)
        size += _ENTRY_CODE_POINTS
        size += len(entry.text) if isinstance(entry, Document) else 0
        if size >= code_points:
            yield Chunk(index, tuple(gathered))
            index, gathered, size = index + 1, [], 0
    if gathered:
        yield Chunk(index, tuple(gathered))
