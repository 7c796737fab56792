"""The server against the offline limit: the same sentences, the same beam, in turn.

    python bench/served.py [--model FOLDER] [--texts FILE] [--json FILE] [--quick]

Closed loops of 1 to 128 callers, each of which asks again when it has its answer, by short texts
and by documents of 20 sentences; then short texts at random moments, at 50, 80 and 95 % of what the
server can do, where latency counts from the moment at which a call should have begun. The server
tries no doubtful sentence twice here, since CTranslate2 does not either; what second tries cost is
a row of its own. Callers are a process of their own on the same cores.
"""

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import texts
from limit import Offline, server_batch_tokens
from rounds import (
    ROUNDS,
    Chart,
    Goal,
    Spread,
    at_least,
    at_most,
    figure,
    finished,
    paired,
    parser,
    ratio,
)
from signature import cores, signature
from traffic import (
    NO_CACHE,
    SAME_WORK,
    Answer,
    Call,
    Callers,
    closed,
    generator,
    opened,
    p50,
    p95,
    rate,
)
from waiting import cost, waits

from mujaz_models import store

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import running

BEAM = 2
"""That of QUALITY_BALANCED, which calls ask for."""
SENTENCES = 20
"""Of a document."""
LOADS = (0.5, 0.8, 0.95)
JUDGED_LOAD = 0.8


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        documents: Of the comparison at 32 callers.
        rounds: Of each comparison.
        loops: Texts and documents of the closed loops, by callers.
        seconds: Of each open loop.
    """

    documents: int
    rounds: int
    loops: Mapping[int, tuple[int, int]]
    seconds: float


WHOLE = Size(48, ROUNDS, {1: (48, 8), 8: (96, 16), 32: (256, 32), 128: (256, 128)}, 6)
QUICK = Size(3, 1, {1: (4, 1), 4: (12, 4)}, 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all parts share.

    Attributes:
        folder: The model's.
        sentences: As many as the documents have.
        callers: The process that calls.
        size: How much is measured.
    """

    folder: Path
    sentences: list[str]
    callers: Callers
    size: Size

    @property
    def documents(self) -> list[Call]:
        """The sentences as calls of documents."""
        cut = texts.documents(self.sentences, SENTENCES)
        return [Call(text, SENTENCES, streamed=True) for text in cut]

    @property
    def short(self) -> list[Call]:
        """The sentences as calls of one each."""
        return [Call(text) for text in self.sentences]

    def rate(self, address: str, calls: list[Call], callers: int) -> float:
        """Returns the sentences a second of a closed loop."""
        return rate(self.callers(closed, address, calls, callers))


def against_the_limit(bench: Bench, address: str, trying_twice: str) -> list[Goal]:
    """Measures 32 callers of documents against all their sentences offline."""
    offline = Offline(bench.folder)
    rows = offline.rows(bench.sentences)
    batch_tokens = offline.best_batch_tokens(rows, BEAM)
    rates = paired(
        {
            "limit": lambda: len(rows) / offline.seconds(rows, BEAM, batch_tokens),
            "served": partial(bench.rate, address, bench.documents, 32),
            "trying twice": partial(bench.rate, trying_twice, bench.documents[:32], 32),
        },
        bench.size.rounds,
    )
    served, limit = rates["served"], rates["limit"]
    return [
        figure("offline limit, sentences/s", Spread.of(limit), "{:.1f}"),
        figure("32 callers of documents, sentences/s", Spread.of(served), "{:.1f}"),
        at_least("32 callers of documents, of the limit", 0.92, ratio(served, limit), "{:.1%}"),
        figure("the same with second tries", ratio(rates["trying twice"], limit), "{:.1%}"),
    ]


def one_document(bench: Bench, address: str) -> list[Goal]:
    """Measures one caller's documents, one after the other, against each of them offline."""
    documents = bench.documents[:10]
    offline = Offline(bench.folder)
    each = [offline.rows(call.text.split("\n")) for call in documents]
    batch_tokens = min(
        (64, 128, 256, 512),
        key=lambda size: sum(offline.seconds(rows, BEAM, size) for rows in each),
    )
    everything = offline.rows([text for call in documents for text in call.text.split("\n")])
    count = len(documents) * SENTENCES
    rates = paired(
        {
            "alone": lambda: (
                count / sum(offline.seconds(rows, BEAM, batch_tokens) for rows in each)
            ),
            "together": lambda: count / offline.seconds(everything, BEAM, 512),
            "served": partial(bench.rate, address, documents, 1),
        },
        bench.size.rounds,
    )
    served = rates["served"]
    return [
        at_least(
            "one caller's document, of its sentences offline",
            0.85,
            ratio(served, rates["alone"]),
            "{:.1%}",
        ),
        figure(
            "the same, of ten documents' sentences offline at once",
            ratio(served, rates["together"]),
            "{:.1%}",
        ),
    ]


def by_callers(bench: Bench, address: str) -> tuple[list[Goal], dict[str, list[dict[str, float]]]]:
    """Measures closed loops once each: what is served and what is waited, by callers."""
    every = {"texts": bench.short, "documents": bench.documents}
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in every}
    rows = []
    for callers, counts in bench.size.loops.items():
        for (kind, calls), count in zip(every.items(), counts, strict=True):
            answers = bench.callers(closed, address, list(islice(cycle(calls), count)), callers)
            point = {"callers": callers, "rate": rate(answers), **waited(answers)}
            found[kind].append(point)
            told = "{rate:.1f} sentences/s, p50 {p50:.0f} ms, p95 {p95:.0f} ms".format(**point)
            rows.append(Goal(f"{callers} callers of {kind}", "", told, None))
    return rows, found


def waited(answers: list[Answer]) -> dict[str, float]:
    """Returns median and 95th percentile of latency, in ms."""
    return {"p50": 1000 * p50(answers), "p95": 1000 * p95(answers)}


def by_load(
    bench: Bench, address: str, capacity: float
) -> tuple[list[Goal], list[dict[str, float]]]:
    """Measures short texts at random moments, at shares of what can be served."""
    offline = Offline(bench.folder)
    rows_offline = offline.rows(bench.sentences)
    width = server_batch_tokens(offline, rows_offline, BEAM)
    batches = cost(offline, rows_offline, BEAM, width, cores())
    idle = waited(bench.callers(closed, address, bench.short[:100], 1))
    found = [{"load": 0.0, **idle}]
    rows = [figure("idle p50 of a text, ms", idle["p50"], "{:.1f}")]
    for load in LOADS:
        answers = bench.callers(opened, address, bench.short, load * capacity, bench.size.seconds)
        found.append({"load": load, **waited(answers)})
        what = f"texts at {load:.0%} of {capacity:.0f} a second"
        rows.append(figure(f"{what}, p50, ms", found[-1]["p50"], "{:.1f}"))
        over_idle = found[-1]["p95"] / idle["p50"]
        row = at_most(f"{what}, p95 / idle p50", 3, over_idle)
        rows.append(row if load == JUDGED_LOAD else replace(row, goal="", kept=None))
        least = waits(batches, load * capacity, cores())
        rows.append(figure(f"{what}, the same of such batches alone", least, "{:.1f}"))
    return rows, found


def charts(
    callers: dict[str, list[dict[str, float]]], loads: list[dict[str, float]]
) -> list[Chart]:
    """Returns what is served by callers, and what is waited by load."""
    served = {
        kind: [(point["callers"], point["rate"]) for point in points]
        for kind, points in callers.items()
    }
    waits = {
        name: [(100 * point["load"], point[name]) for point in loads] for name in ("p50", "p95")
    }
    return [
        Chart("callers", "Served by callers", "callers", "sentences/s", served, logarithmic=True),
        Chart("load", "Short texts at random moments", "% of what can be served", "ms", waits),
    ]


def measured(bench: Bench) -> tuple[list[Goal], dict[str, object]]:
    """Returns the rows and the data of all parts."""
    model = ("--model", str(bench.folder))
    with running(*model, *SAME_WORK) as server:
        with running(*model, *NO_CACHE) as trying_twice:
            rows = against_the_limit(bench, server.address, trying_twice.address)
        rows += one_document(bench, server.address)
        closed_rows, callers = by_callers(bench, server.address)
        capacity = max(each["rate"] for each in callers["texts"])
        open_rows, loads = by_load(bench, server.address, capacity)
    data: dict[str, object] = {
        "callers": callers,
        "loads": loads,
        "charts": [asdict(chart) for chart in charts(callers, loads)],
    }
    return [*rows, *closed_rows, *open_rows], data


def main() -> int:
    """Prints the figures."""
    options = parser(__doc__)
    texts.add_option(options)
    options.add_argument("--model", type=store.find, default=store.embedded(), metavar="FOLDER")
    given = options.parse_args()
    size = QUICK if given.quick else WHOLE
    sentences = texts.sentences(size.documents * SENTENCES, given.texts)
    with generator() as callers:
        rows, data = measured(Bench(given.model, sentences, callers, size))
    signed = signature(given.model, beam=BEAM, sentences=len(sentences), set=given.texts.name)
    return finished(given.json, "served", rows, data, signed)


if __name__ == "__main__":
    sys.exit(main())
