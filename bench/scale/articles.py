"""The project's newswire as articles: where each begins is told by its headline.

A line of the newswire that ends without a full stop is a headline, and an article goes on to the
next one. What comes out with fewer than three lines or more than forty is none: by-lines, and lists
of sentences that belong to no headline.
"""

import lzma
from collections.abc import Iterator
from pathlib import Path

from texts import DATA

SHORTEST, LONGEST = 3, 40
_ENDS = (".", "؟", "!", '"', "»", "…")


def articles(path: Path = DATA) -> list[list[str]]:
    """Returns the articles, each as its Arabic sentences in order, headline first."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        cut = list(_cut(line.split("\t")[0].strip() for line in lines))
    return [each for each in cut if SHORTEST <= len(each) <= LONGEST]


def _cut(lines: Iterator[str]) -> Iterator[list[str]]:
    article: list[str] = []
    for line in lines:
        if article and not line.endswith(_ENDS):
            yield article
            article = []
        article.append(line)
    yield article
