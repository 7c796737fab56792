"""Measures the summarizer against LEAD and random sentences by ROUGE-1 and ROUGE-2.

    python bench/summaries.py FILE.jsonl --language en [--weights position=1.2 ...]

Each line of FILE holds `document` and `references` (strings of one sentence a line) and may
hold a `title`, which then stands over the document as its headline. Every system has the
same budget, the mean length of the document's references in words, and fills it with whole
sentences. LEAD (cut) is the usual baseline of the literature: the first words of the
document, cut in mid-sentence.
"""

import argparse
import json
import platform
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from mujaz_server.summary.selection import (
    Language,
    Sentence,
    SentenceCount,
    Weights,
    WordCount,
    count_words,
    summarize,
)
from mujaz_server.summary.words import words


@dataclass(frozen=True, slots=True)
class Article:
    """A document with its references; the headline, where there is one, is sentence 0."""

    sentences: tuple[Sentence, ...]
    references: tuple[str, ...]

    @property
    def body(self) -> tuple[str, ...]:
        """The sentences below the headline."""
        return tuple(s.text for s in self.sentences if s.paragraph)

    @property
    def budget(self) -> int:
        """The mean length of the references in words."""
        return max(1, round(statistics.mean(map(count_words, self.references))))


System = Callable[[Article], str]


def rouge(candidate: str, reference: str, n: int) -> float:
    """Returns the F1 of shared n-grams of folded words, without stemming (Lin, 2004)."""
    ours, theirs = _ngrams(candidate, n), _ngrams(reference, n)
    shared = (ours & theirs).total()
    return 2 * shared / (ours.total() + theirs.total()) if shared else 0.0


def _ngrams(text: str, n: int) -> Counter[tuple[str, ...]]:
    tokens = words(text)
    return Counter(zip(*(tokens[i:] for i in range(n)), strict=False))


def filled(sentences: Iterable[str], budget: int) -> str:
    """Takes sentences in the order given as long as each fits into the words left."""
    taken = []
    for sentence in sentences:
        if (size := count_words(sentence)) <= budget:
            taken.append(sentence)
            budget -= size
    return "\n".join(taken)


def lead(article: Article) -> str:
    """The first sentences that fit."""
    return filled(article.body, article.budget)


def lead_cut(article: Article) -> str:
    """The first words, cut at the budget."""
    return " ".join(" ".join(article.body).split()[: article.budget])


def chance(article: Article) -> str:
    """Sentences in an order drawn from a fixed seed."""
    shuffled = list(article.body)
    random.Random(7).shuffle(shuffled)
    return filled(shuffled, article.budget)


def mujaz(language: Language, weights: Weights) -> System:
    """The summarizer under test."""

    def system(article: Article) -> str:
        budget = WordCount(article.budget)
        picks = summarize(article.sentences, budget, language=language, weights=weights)
        return "\n".join(article.sentences[pick.index].text for pick in picks)

    return system


def mujaz_cut(language: Language, weights: Weights) -> System:
    """The summarizer under test, its last pick cut at the budget as LEAD (cut) is."""

    def system(article: Article) -> str:
        everything = SentenceCount(len(article.sentences))
        picks = summarize(article.sentences, everything, language=language, weights=weights)
        picks.sort(key=lambda pick: pick.rank)
        text = " ".join(article.sentences[pick.index].text for pick in picks)
        return " ".join(text.split()[: article.budget])

    return system


def read(path: Path) -> list[Article]:
    """Reads a test set."""
    return [_article(json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def _article(row: dict[str, object]) -> Article:
    headline = [str(row["title"])] if "title" in row and "category" in row else []
    body = [line for line in str(row["document"]).split("\n") if line.strip()]
    sentences = [
        Sentence(index, int(index >= len(headline)), text)
        for index, text in enumerate(headline + body)
    ]
    references = row["references"]
    if not isinstance(references, list):
        raise TypeError(f"references of {row.get('id')} are not a list")
    return Article(tuple(sentences), tuple(map(str, references)))


def score(articles: list[Article], system: System) -> tuple[float, float, float]:
    """Returns mean ROUGE-1 and ROUGE-2 (percent) and the milliseconds a document takes."""
    started = time.perf_counter()
    summaries = [system(article) for article in articles]
    milliseconds = 1000 * (time.perf_counter() - started) / len(articles)
    first, second = (
        100
        * statistics.mean(
            statistics.mean(rouge(summary, reference, n) for reference in article.references)
            for article, summary in zip(articles, summaries, strict=True)
        )
        for n in (1, 2)
    )
    return first, second, milliseconds


def main() -> None:
    """Prints the table and its signature."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("path", type=Path)
    parser.add_argument("--language", choices=("ar", "en"), required=True)
    parser.add_argument("--weights", nargs="*", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    changes = dict(entry.split("=", 1) for entry in options.weights)
    weights = replace(Weights(), **{name: float(value) for name, value in changes.items()})
    articles = read(options.path)
    systems = {
        "mujaz": mujaz(options.language, weights),
        "mujaz (cut)": mujaz_cut(options.language, weights),
        "LEAD": lead,
        "LEAD (cut)": lead_cut,
        "random": chance,
    }
    print(f"{'':12}{'ROUGE-1':>9}{'ROUGE-2':>9}{'ms/doc':>9}")
    for name, system in systems.items():
        print("{:12}{:9.2f}{:9.2f}{:9.2f}".format(name, *score(articles, system)))
    settings = " ".join(f"{name}={value:g}" for name, value in asdict(weights).items())
    print(
        f"set={options.path.name} documents={len(articles)} budget=reference-words rouge=f1-folded "
        f"{settings} python={platform.python_version()} numpy={np.__version__}"
    )


if __name__ == "__main__":
    main()
