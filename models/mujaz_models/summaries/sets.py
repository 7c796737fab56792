"""Sets of documents with summaries by people: `NAME_LANGUAGE[.PART].jsonl`, a document a line."""

import json
import statistics
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mujaz_models.command import CommandError
from mujaz_server.summary.selection import Language, count_words

_LANGUAGES: dict[str, Language] = {"ar": "ar", "en": "en"}
# The titles of the Essex Arabic Summaries Corpus are the names of topics.
_WITHOUT_HEADLINES = {"easc_ar"}
# As its authors do (Cachola et al., "TLDR: Extreme Summarization of Scientific Documents", 2020).
# The others are scored by the mean, as ROUGE-1.5.5 does with -f A.
_SCORED_BY_THE_BEST_REFERENCE = {"scitldr_en"}


@dataclass(frozen=True, slots=True)
class Article:
    """A document and what people made of it.

    Attributes:
        id: Its own among all sets.
        language: Of the document and its references.
        headline: Empty where there is none.
        body: Its sentences below the headline, at least one.
        references: Summaries of one sentence a line, at least one.
    """

    id: str
    language: Language
    headline: str
    body: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def budget(self) -> int:
        """How many words a summary may have: the mean length of the references, at least 1."""
        return max(1, round(statistics.mean(map(count_words, self.references))))


@dataclass(frozen=True, slots=True)
class SummarySet:
    """Articles of one kind.

    Attributes:
        name: With its language: `bbc_en`.
        articles: At least one.
        best_reference: Whether the closest reference counts, instead of the mean of all.
    """

    name: str
    articles: tuple[Article, ...]
    best_reference: bool

    @property
    def language(self) -> Language:
        """That of its articles."""
        return self.articles[0].language


def read_sets(folder: Path, names: Collection[str] = ()) -> list[SummarySet]:
    """Reads the sets of a folder in the order of their names; all where none is named.

    Raises:
        CommandError: A set is not there or not of the form; the message names file and line.
        OSError: A file cannot be read.
    """
    paths = {path.name.partition(".")[0]: path for path in sorted(folder.glob("*.jsonl"))}
    if unknown := sorted(set(names) - set(paths)):
        raise CommandError(f"{folder} has no {unknown[0]}, only: {', '.join(paths) or 'nothing'}")
    if not paths:
        raise CommandError(f"{folder} has no NAME_LANGUAGE.jsonl to read")
    return [_read(name, path) for name, path in paths.items() if not names or name in names]


def _read(name: str, path: Path) -> SummarySet:
    language = _LANGUAGES.get(name.rpartition("_")[2])
    if language is None:
        raise CommandError(f"{path}: a set is called NAME_ar or NAME_en, which tells its language")
    articles = tuple(_articles(path, language, headlines=name not in _WITHOUT_HEADLINES))
    if not articles:
        raise CommandError(f"{path}: there is no document in it, one is needed")
    return SummarySet(name, articles, name in _SCORED_BY_THE_BEST_REFERENCE)


def _articles(path: Path, language: Language, *, headlines: bool) -> Iterator[Article]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            headline = row.get("title", "") if headlines else ""
            article = Article(row["id"], language, headline, _body(row), tuple(row["references"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CommandError(
                f"{path}: line {number} is not an object with id, document and references"
            ) from error
        if not article.body or not article.references:
            raise CommandError(f"{path}: line {number} lacks sentences or references, it needs one")
        yield article


def _body(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(line for line in row["document"].split("\n") if line.strip())
