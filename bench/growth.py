"""What grows with what: cost against document length, against streams, and against processes.

    python bench/growth.py [--texts FILE] [--json FILE] [--quick]

1. One document of 10 to 10,000 short sentences: seconds and memory for each sentence. What grows
   faster than its document would show here.
2. 1 to 256 streams at once, which have as many sentences together: what is served, and how much
   sooner or later one ends than another.
3. One process with one thread, one with a thread a core, and one process a core with a thread each
   behind gRPC's own round_robin, in turn.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import psutil
import texts
from rounds import (
    ROUNDS,
    Chart,
    Goal,
    Spread,
    at_least,
    at_most,
    figure,
    finished,
    interleaved,
    paired,
    parser,
    ratio,
)
from signature import cores, signature
from traffic import SAME_WORK, Call, Callers, closed, generator, rate

from mujaz.v1 import mujaz_pb2 as pb

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import ServerProcess, running

Points = list[tuple[float, float]]
SHORT_WORDS = 9
"""Of a sentence, at most: so that 10,000 of them take seconds, and what is around them shows."""
IN_A_STREAM = 3
"""Sentences of a document, where many come at once."""
PROCESS_STREAMS = 32
"""At once, where processes are compared."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        lengths: Of documents, in sentences.
        streams: At once.
        sentences: Of all streams together, and of each comparison of processes.
        rounds: Of each comparison.
    """

    lengths: tuple[int, ...]
    streams: tuple[int, ...]
    sentences: int
    rounds: int


WHOLE = Size((10, 100, 1_000, 10_000), (1, 4, 16, 64, 256), 768, ROUNDS)
QUICK = Size((2, 8), (1, 4), 20, 1)


def documents(sentences: Sequence[str], count: int) -> list[Call]:
    """Returns documents of so many sentences together."""
    cut = texts.documents(list(islice(cycle(sentences), count)), IN_A_STREAM)
    return [Call(text, IN_A_STREAM, streamed=True, quality=pb.QUALITY_FAST) for text in cut]


def document(sentences: Sequence[str], length: int) -> Call:
    """Returns a document of so many sentences, each told again as often as needed."""
    text = "\n".join(islice(cycle(sentences), length))
    return Call(text, length, streamed=True, quality=pb.QUALITY_FAST)


def memory(server: ServerProcess) -> float:
    """The resident memory of a server, in MB."""
    return float(psutil.Process(server.process.pid).memory_info().rss / 1e6)


def by_length(callers: Callers, sentences: Sequence[str], size: Size) -> tuple[list[Goal], Points]:
    """Measures one document of each length, in ms a sentence; the server has one at a time."""
    points, rows = [], []
    with running(*SAME_WORK) as server:
        callers(closed, server.address, [document(sentences, 10)] * 3, 1)
        for length in size.lengths:
            before = memory(server)
            times = max(1, min(20, size.lengths[-1] // length // 10))
            answers = callers(closed, server.address, [document(sentences, length)] * times, 1)
            ms = 1000 * statistics.median(each.latency for each in answers) / length
            grown = memory(server) - before
            points.append((float(length), ms))
            told = f"{ms:.2f} ms a sentence, memory + {grown:.0f} MB"
            rows.append(Goal(f"a document of {length:,} sentences", "", told, None))
    longest, middle = points[-1][1], min(ms for _, ms in points[:-1])
    what = f"a sentence of {size.lengths[-1]:,}, against the cheapest of fewer"
    return [*rows, at_most(what, 1.15, longest / middle)], points


def by_streams(callers: Callers, sentences: Sequence[str], size: Size) -> tuple[list[Goal], Points]:
    """Measures so many streams at once, each of short documents, one after the other."""
    calls = documents(sentences, size.sentences)
    with running(*SAME_WORK) as server:
        served(callers, server.address, calls, 4)
        measured = interleaved(
            {
                str(streams): partial(served, callers, server.address, calls, streams)
                for streams in size.streams
            },
            size.rounds,
        )
    rows = [
        figure(f"{each} streams, sentences/s", rates, "{:.0f}") for each, rates in measured.items()
    ]
    points = [(float(each), rates.median) for each, rates in measured.items()]
    best = max(rates for _, rates in points)
    what = f"{size.streams[-1]} streams, of the best"
    return [*rows, at_least(what, 0.9, points[-1][1] / best, "{:.0%}")], points


def served(callers: Callers, target: str, calls: list[Call], streams: int) -> float:
    """Returns the sentences a second of so many streams, each over a connection of its own."""
    return rate(callers(closed, target, calls, streams, streams))


@contextmanager
def processes(count: int, threads: int) -> Iterator[str]:
    """Starts so many servers; yields a target of gRPC that names all of them."""
    with ExitStack() as stack:
        flags = (*SAME_WORK, "--threads", str(threads))
        servers = [stack.enter_context(running(*flags)) for _ in range(count)]
        yield "ipv4:" + ",".join(server.address for server in servers)


def by_processes(callers: Callers, sentences: Sequence[str], size: Size) -> list[Goal]:
    """Measures the same documents through one process and through several."""
    calls = documents(sentences, size.sentences)
    with ExitStack() as stack:
        targets = {
            "1 process × 1 thread": stack.enter_context(processes(1, 1)),
            f"1 process × {cores()} threads": stack.enter_context(processes(1, cores())),
            f"{cores()} processes × 1 thread": stack.enter_context(processes(cores(), 1)),
        }
        rates = paired(
            {
                name: partial(served, callers, target, calls, PROCESS_STREAMS)
                for name, target in targets.items()
            },
            size.rounds,
        )
    single, threaded, several = rates.values()
    return [
        *(
            figure(f"{name}, sentences/s", Spread.of(each), "{:.0f}")
            for name, each in rates.items()
        ),
        figure("threads against one thread", ratio(threaded, single)),
        figure("processes against one process of one thread", ratio(several, single)),
    ]


def main() -> int:
    """Prints the figures."""
    options = parser(__doc__)
    texts.add_option(options)
    given = options.parse_args()
    size = QUICK if given.quick else WHOLE
    sentences = texts.sentences(size.sentences, given.texts, longest=SHORT_WORDS)
    with generator() as callers:
        length_rows, lengths = by_length(callers, sentences, size)
        stream_rows, streams = by_streams(callers, sentences, size)
        process_rows = by_processes(callers, sentences, size)
    charts = [
        Chart(
            "length",
            "Cost of a sentence by length of its document",
            "sentences",
            "ms a sentence",
            {"one document": lengths},
            logarithmic=True,
        ),
        Chart(
            "streams",
            "Served by streams at once",
            "streams",
            "sentences/s",
            {"all streams": streams},
            logarithmic=True,
        ),
    ]
    data = {"lengths": lengths, "streams": streams, "charts": [asdict(each) for each in charts]}
    signed = signature(beam=1, set=given.texts.name, longest=f"{SHORT_WORDS} words")
    return finished(given.json, "growth", [*length_rows, *stream_rows, *process_rows], data, signed)


if __name__ == "__main__":
    sys.exit(main())
