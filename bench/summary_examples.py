"""Summarizes five articles of the project, for reading them beside their first sentences.

    python bench/summary_examples.py [--json FILE]

A server with its embedded model, as it comes, translates each article and then selects three
sentences. LEAD is the first three that say something: no headline, dateline or signature. Both are
printed as they were streamed, with the number of each sentence, the headline being 1, and what it
was selected for. `bench/summaries.py` puts them into docs/summaries.md beside what people make of
them (`bench/prose/summary_readings.toml`).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signature import signature
from summary_readings import shown

from mujaz_client import Client, SentenceCount, SummaryOptions, SummarySentence, TranslatedSentence
from mujaz_client.words import REASONS, signed
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.selection import Sentence

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import running

ROOT = Path(__file__).parents[1]
ARTICLES = {
    "raids": ROOT / "examples/article.ar.txt",
    "truce": ROOT / "models/starter/articles/1.ar.txt",
    "fuel": ROOT / "models/starter/articles/2.ar.txt",
    "harbour": ROOT / "models/starter/articles/3.ar.txt",
    "spring": ROOT / "bench/data/summary_article.ar.txt",
}
"""By what the readings call them. The last begins with a scene, the others with the news."""
SENTENCES = 3


def lead(translated: Sequence[TranslatedSentence]) -> list[TranslatedSentence]:
    """Returns the first sentences of what may be selected."""
    read = [Sentence(each.index, each.paragraph, each.text) for each in translated]
    return [translated[position] for position in Reading.of(read, "en").content()[:SENTENCES]]


def example(client: Client, name: str, path: Path) -> dict[str, Any]:
    """Returns both summaries of an article; see `summary_readings.Example`."""
    text = path.read_text(encoding="utf-8")
    result = client.summarize(text, SummaryOptions(budget=SentenceCount(SENTENCES)))
    if result.summary is None:
        raise AssertionError("a summary was asked for. This is a bug")
    return {
        "name": name,
        "headline": result.sentences[0].text,
        "sentences": len(result.sentences),
        "mujaz": [_told(each) | {"why": _why(each)} for each in result.summary.sentences],
        "lead": [_told(each) for each in lead(result.sentences)],
    }


def _told(sentence: TranslatedSentence | SummarySentence) -> dict[str, Any]:
    return {"number": sentence.index + 1, "text": sentence.text}


def _why(sentence: SummarySentence) -> str:
    return ", ".join(
        f"{REASONS[each.kind]} {signed(each.contribution)}" for each in sentence.reasons
    )


def main() -> None:
    """Prints the summaries, and writes them where asked to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write them there too")
    into = parser.parse_args().json
    with running() as server, Client(server.address) as client:
        examples = [example(client, name, path) for name, path in ARTICLES.items()]
    found = {"examples": examples, "signature": signature()}
    print("\n\n".join(map(shown, examples)), found["signature"], sep="\n\n")
    if into:
        into.parent.mkdir(parents=True, exist_ok=True)
        into.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
