"""BLEU and chrF2 of a model on parallel text, through mujaz's own normalization and engine.

    python bench/translation.py NAME=FILE.tsv NAME=SOURCE:REFERENCE [--model NAME] [--beams 1 4]

A TSV holds source TAB reference, one pair a line; SOURCE:REFERENCE are two files of as many
lines. Each line is translated whole, as the sets are aligned. Quotes and dashes are straightened
on both sides, since the embedded model writes them straight. sacrebleu prints its signature.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from signature import signature

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.text.normalize import normalize
from mujaz_server.text.segment import split_long
from mujaz_server.translation.engine import Decoding, Engine

_STRAIGHT = str.maketrans(
    {"“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."}
)
_ROWS = 16


@dataclass(frozen=True, slots=True)
class Score:
    """What one set scores at one beam."""

    set: str
    sentences: int
    beam: int
    bleu: float
    chrf: float
    tokens_per_second: float
    signature: str


def read(argument: str) -> tuple[str, list[str], list[str]]:
    """Returns name, sources and references of NAME=FILE.tsv or NAME=SOURCE:REFERENCE."""
    name, _, files = argument.partition("=")
    columns = [Path(file).read_text(encoding="utf-8").splitlines() for file in files.split(":")]
    if len(columns) == 1:
        pairs = [line.split("\t") for line in columns[0]]
        columns = [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]
    sources, references = columns
    return name, sources, references


def translated(engine: Engine, sources: list[str], beam: int) -> tuple[list[str], float]:
    """Returns the translations in order, and target tokens per second of one thread."""

    def pieces(text: str) -> list[str]:
        return engine.encode(normalize(text).text)

    rows = [
        (index, pieces(source[start:end]))
        for index, source in enumerate(sources)
        for start, end in split_long(
            source, 0, len(source), lambda part: len(pieces(part)) <= engine.max_source_tokens
        )
    ]
    parts: dict[int, list[tuple[int, str]]] = {}
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row][1]))
    tokens, started = 0, time.perf_counter()
    for first in range(0, len(order), _ROWS):
        batch = order[first : first + _ROWS]
        results = engine.translate([rows[row][1] for row in batch], Decoding(beam_size=beam))
        for row, result in zip(batch, results, strict=True):
            parts.setdefault(rows[row][0], []).append((row, result.text))
            tokens += result.target_tokens
    seconds = time.perf_counter() - started
    joined = [" ".join(text for _, text in sorted(parts[index])) for index in range(len(sources))]
    return joined, tokens / seconds


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--model", default=store.EMBEDDED_NAME)
    parser.add_argument("--beams", nargs="+", type=int, default=[1, 2, 5])
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    folder = store.find(arguments.model)
    engine = Engine.load(folder, Manifest.load(folder))
    bleu, chrf = BLEU(), CHRF()
    scores = []
    print(f"{'set':<12} {'sentences':>9} {'beam':>4} {'BLEU':>6} {'chrF2':>6} {'tokens/s':>8}")
    for argument in arguments.sets:
        name, sources, references = read(argument)
        straight = [reference.translate(_STRAIGHT) for reference in references]
        for beam in arguments.beams:
            texts, rate = translated(engine, sources, beam)
            texts = [text.translate(_STRAIGHT) for text in texts]
            score = Score(
                name,
                len(sources),
                beam,
                round(bleu.corpus_score(texts, [straight]).score, 2),
                round(chrf.corpus_score(texts, [straight]).score, 2),
                round(rate, 1),
                f"{bleu.get_signature()}|{chrf.get_signature()}",
            )
            scores.append(score)
            print(
                f"{name:<12} {len(sources):>9} {beam:>4} {score.bleu:>6.2f} {score.chrf:>6.2f}"
                f" {score.tokens_per_second:>8.0f}",
                flush=True,
            )
    print(scores[-1].signature, signature(), sep="\n")
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(score) for score in scores], indent=1))


if __name__ == "__main__":
    main()
