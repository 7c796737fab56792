"""One model on one set: translated by mujaz's own normalization and engine, scored by sacrebleu.

Each line is translated whole, since the sets are aligned by line; a line longer than the model's
limit is cut as the server cuts it. Quotes and dashes are straightened on both sides: how a model
writes them is a matter of taste, and the embedded one writes them straight.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from mujaz_models.evaluate.sets import ParallelText
from mujaz_server.text.normalize import normalize
from mujaz_server.text.segment import split_long
from mujaz_server.translation.engine import Decoding, Engine

_STRAIGHT = str.maketrans(
    {"“": '"', "”": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."}
)
_BATCH_ROWS = 16


@dataclass(frozen=True, slots=True)
class Result:
    """What a model scores on one set at one beam.

    Attributes:
        set: the set's name.
        sentences: how many it has.
        beam: the beam's width; 1 is greedy.
        bleu: from 0 to 100.
        chrf2: from 0 to 100.
        tokens_per_second: target tokens of one thread.
        bleu_signature: sacrebleu's.
        chrf2_signature: sacrebleu's.
    """

    set: str
    sentences: int
    beam: int
    bleu: float
    chrf2: float
    tokens_per_second: float
    bleu_signature: str
    chrf2_signature: str


def score(engine: Engine, parallel: ParallelText, beam: int) -> Result:
    """Translate a set and score the translations."""
    texts, rate = _translated(engine, parallel.sources, beam)
    bleu, chrf = BLEU(), CHRF()
    ours = [text.translate(_STRAIGHT) for text in texts]
    theirs = [[reference.translate(_STRAIGHT) for reference in parallel.references]]
    return Result(
        set=parallel.name,
        sentences=len(ours),
        beam=beam,
        bleu=round(bleu.corpus_score(ours, theirs).score, 2),
        chrf2=round(chrf.corpus_score(ours, theirs).score, 2),
        tokens_per_second=round(rate, 1),
        bleu_signature=str(bleu.get_signature()),
        chrf2_signature=str(chrf.get_signature()),
    )


def _translated(engine: Engine, sources: Sequence[str], beam: int) -> tuple[list[str], float]:
    """Return the translations in order, and target tokens per second."""
    rows = [(index, row) for index, source in enumerate(sources) for row in _rows(engine, source)]
    parts: dict[int, list[tuple[int, str]]] = {index: [] for index in range(len(sources))}
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row][1]))
    tokens, started = 0, time.perf_counter()
    for first in range(0, len(order), _BATCH_ROWS):
        batch = order[first : first + _BATCH_ROWS]
        results = engine.translate([rows[row][1] for row in batch], Decoding(beam_size=beam))
        for row, result in zip(batch, results, strict=True):
            parts[rows[row][0]].append((row, result.text))
            tokens += result.target_tokens
    seconds = time.perf_counter() - started
    joined = [" ".join(text for _, text in sorted(pieces)) for pieces in parts.values()]
    return joined, tokens / seconds


def _rows(engine: Engine, source: str) -> list[list[str]]:
    def pieces(text: str) -> list[str]:
        return engine.encode(normalize(text).text)

    spans = split_long(
        source, 0, len(source), lambda part: len(pieces(part)) <= engine.max_source_tokens
    )
    return [row for start, end in spans if (row := pieces(source[start:end]))]
