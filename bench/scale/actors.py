"""mujaz-batch in actors of Ray, and how many of them one command can feed."""

import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import texts
from rounds import ROUNDS, Goal, Spread, figure, paired, ratio
from scale.documents import short, write
from scale.runs import MAX_CODE_POINTS, Translate, seconds, setup

from mujaz_server.bulk.chunks import Chunk, chunked
from mujaz_server.bulk.documents import Document
from mujaz_server.bulk.files import JsonLines
from mujaz_server.bulk.job import in_process
from mujaz_server.bulk.translator import Outcome
from mujaz_server.pipeline.events import Quality

DOCUMENTS, FED_DOCUMENTS = 900, 2_000
CODE_POINTS = 20_000
"""Of a chunk: so small here that an actor which waits for the other's last hardly counts."""


def actors(folder: Path, *, quick: bool) -> list[Goal]:
    """Holds two actors of a thread against one of two, and both against a single process."""
    try:
        import ray  # noqa: PLC0415  an extra

        from mujaz_server.bulk.ray import Actors  # noqa: PLC0415
    except ModuleNotFoundError:
        return [figure("actors of Ray", 0, "not installed")]
    # Both sets of actors are there at once, and work in turn.
    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False)
    source = folder / "actors.jsonl"
    documents = 60 if quick else DOCUMENTS
    written = write(source, documents, texts.sentences(6 * documents))
    one, two = setup(Quality.FAST, threads=1), setup(Quality.FAST, threads=2)
    with two.translator() as alone, Actors(2, one) as pair, Actors(1, two) as single:
        candidates: dict[str, Translate] = {
            "2 actors of 1 thread": pair.translate,
            "1 actor of 2 threads": single.translate,
            "one process of 2 threads": partial(in_process, alone),
        }
        for translate in candidates.values():
            list(translate(_greetings(2)))
        measured = paired(
            {
                name: partial(_rate, written, source, translate)
                for name, translate in candidates.items()
            },
            1 if quick else ROUNDS,
        )
    rows = [
        figure(f"beam 1, sentences/s: {name}", Spread.of(values), "{:.0f}")
        for name, values in measured.items()
    ]
    pair_rates, single_rates, alone_rates = measured.values()
    return [
        *rows,
        figure("2 actors of 1 thread, of 1 of 2", ratio(pair_rates, single_rates), "{:.1%}"),
        figure("2 actors of 1 thread, of one process", ratio(pair_rates, alone_rates), "{:.1%}"),
    ]


def feeding(folder: Path, *, quick: bool) -> list[Goal]:
    """Measures what one command reads, cuts into chunks and writes: so many actors it can feed."""
    made, source = setup(Quality.FAST), folder / "feeding.jsonl"
    written = write(source, 20 if quick else FED_DOCUMENTS, short())
    with made.translator() as translator:
        entries = JsonLines(source, MAX_CODE_POINTS).entries()
        outcomes = list(in_process(translator, chunked(entries)))

    def replayed(chunks: Iterable[Chunk]) -> Iterator[Outcome]:
        for _, outcome in zip(chunks, outcomes, strict=True):
            yield outcome

    rounds = range(1 if quick else ROUNDS)
    rates = [written / seconds(source, made, replayed) for _ in rounds]
    what = "sentences/s that one command reads and writes, where others translate"
    return [figure(what, Spread.of(rates), "{:.0f}")]


def _rate(written: int, source: Path, translate: Translate) -> float:
    """Returns the sentences a second of a run in small chunks; nothing is written."""
    began = time.perf_counter()
    entries = JsonLines(source, MAX_CODE_POINTS).entries()
    for _ in translate(chunked(entries, CODE_POINTS)):
        pass
    return written / (time.perf_counter() - began)


def _greetings(chunks: int) -> Iterator[Chunk]:
    """Yields a chunk for each actor, so that all have loaded their model when time is taken."""
    entries = (Document(number, str(number), "صباح الخير") for number in count(1))
    for chunk, _ in zip(chunked(entries, 1), range(chunks), strict=False):
        yield chunk
