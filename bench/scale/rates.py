"""The rate of mujaz-batch against the offline limit, and the width of its batches."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import texts
from limit import Offline, Shape
from rounds import ROUNDS, Goal, Spread, at_least, figure, paired, ratio
from scale.documents import documents, write
from scale.runs import seconds, setup
from signature import cores

from mujaz_models import store
from mujaz_server.bulk.job import in_process
from mujaz_server.bulk.lanes import BATCH_TOKENS
from mujaz_server.pipeline.events import Quality

SENTENCES = {Quality.FAST: 6_000, Quality.BALANCED: 4_000}
"""Of a pass: so many that its beginning and its end are a small part of it."""
CHUNK, WIDTHS = 1_400, (512, BATCH_TOKENS, 2_048)
"""Sentences of a chunk, about, and padded tokens of the batches in which they are tried."""


def rates(folder: Path, *, quick: bool) -> list[Goal]:
    """Holds the rate of a run against the limit, for greedy search and for the default beam."""
    offline = Offline(store.embedded(), Shape(cores()))
    return [
        row
        for quality, sentences in SENTENCES.items()
        for row in _rates(folder, offline, quality, 200 if quick else sentences, quick=quick)
    ]


def _rates(
    folder: Path, offline: Offline, quality: Quality, sentences: int, *, quick: bool
) -> list[Goal]:
    source = folder / "rates.jsonl"
    pool = texts.sentences(sentences + 6)
    written = write(source, sentences // 4 - sentences // 40, pool)
    used = [
        line
        for text in documents(sentences // 4 - sentences // 40, pool)
        for line in text.split("\n")
    ]
    rows = offline.rows(used)
    tokens = offline.best_batch_tokens(rows[:: max(1, len(rows) // CHUNK)], quality.value)
    same, again = setup(quality), setup(quality, retry_share=0.1)
    spent: dict[str, list[float]] = {"limit": [], "batch": []}

    def limit() -> float:
        with _timed(spent["limit"]):
            return written / offline.seconds(rows, quality.value, tokens)

    def batch() -> float:
        with _timed(spent["batch"]):
            return written / seconds(source, same, partial(in_process, plain))

    with same.translator() as plain, again.translator() as retrying:
        measured = paired(
            {
                "limit": limit,
                "batch": batch,
                "again": lambda: written / seconds(source, again, partial(in_process, retrying)),
            },
            1 if quick else ROUNDS,
        )
    what = f"beam {quality.value}"
    share = ratio(measured["batch"], measured["limit"])
    return [
        figure(f"{what}, sentences/s: offline limit", Spread.of(measured["limit"]), "{:.0f}"),
        figure(f"{what}, sentences/s: mujaz-batch", Spread.of(measured["batch"]), "{:.0f}"),
        at_least(f"{what}: mujaz-batch, of the limit", 0.95, share, "{:.1%}"),
        figure(
            f"{what}: processor seconds of the limit, of mujaz-batch's",
            ratio(spent["limit"], spent["batch"]),
            "{:.1%}",
        ),
        figure(
            f"{what}: with second tries, which the limit has not, of the limit",
            ratio(measured["again"], measured["limit"]),
            "{:.1%}",
        ),
    ]


def widths(*, quick: bool) -> list[Goal]:
    """Measures CTranslate2 alone on the sentences of one chunk, in batches of several widths."""
    offline = Offline(store.embedded(), Shape(cores()))
    rows = offline.rows(texts.sentences(100 if quick else CHUNK))

    def rate(tokens: int) -> float:
        return len(rows) / offline.seconds(rows, Quality.BALANCED.value, tokens)

    measured = paired({str(each): partial(rate, each) for each in WIDTHS}, 1 if quick else ROUNDS)
    what = "a chunk offline, beam 2, sentences/s in batches of {} tokens"
    return [figure(what.format(each), Spread.of(some), "{:.0f}") for each, some in measured.items()]


@contextmanager
def _timed(spent: list[float]) -> Iterator[None]:
    """Adds the processor seconds of a block, of all threads together."""
    began = time.process_time()
    yield
    spent.append(time.process_time() - began)
