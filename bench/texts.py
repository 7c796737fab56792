"""The sentences that benchmarks translate: the project's own newswire, in an order drawn once."""

import argparse
import lzma
import random
from pathlib import Path

from mujaz_server.text.normalize import has_arabic
from mujaz_server.text.segment import segment

DATA = Path(__file__).parents[1] / "models" / "starter" / "data" / "newswire.tsv.xz"
ARTICLE = Path(__file__).parents[1] / "examples" / "article.ar.txt"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--texts`, for other sentences than the project's own."""
    parser.add_argument(
        "--texts",
        type=Path,
        default=DATA,
        metavar="FILE",
        help="one Arabic sentence a line, or Arabic TAB English; may be .xz",
    )


def sentences(count: int | None, path: Path = DATA, *, longest: int = 100_000) -> list[str]:
    """Returns so many distinct sentences, the same ones in each run.

    Each is one sentence to the server too, whose count of them so is the benchmark's.

    Args:
        count: How many; None for all that are there.
        path: Where to take them from.
        longest: The most words of each.
    """
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        texts = list(dict.fromkeys(line.split("\t")[0].strip() for line in lines))
    random.Random(6).shuffle(texts)
    found: list[str] = []
    for text in texts:
        if len(found) == count:
            return found
        if len(text.split()) <= longest and has_arabic(text) and len(segment(text)) == 1:
            found.append(text)
    if count is not None and len(found) < count:
        raise SystemExit(f"{path} has {len(found)} sentences for this benchmark, not {count}")
    return found


def documents(sentences: list[str], length: int) -> list[str]:
    """Returns the sentences in documents of so many, one a line; what is left over is left out."""
    return [
        "\n".join(sentences[start : start + length])
        for start in range(0, len(sentences) - length + 1, length)
    ]


def article(length: int = 20) -> str:
    """Returns the demo's article with so many sentences: the first ones are told again at the end.

    Each stands in a paragraph of its own, as in newswire.
    """
    text = ARTICLE.read_text(encoding="utf-8")
    cut = [text[each.start : each.end] for each in segment(text)]
    return "\n\n".join(cut[index % len(cut)] for index in range(length))
