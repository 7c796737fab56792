"""Measures what the simulation rests on: seconds of batches, and a real server to compare with.

    python bench/scale/service_times.py

writes bench/data/service_times.json, with its signature. Beam 2, the embedded model, all cores:

- *batches*: articles of the newswire stand in the server's own queue and are taken as batches of at
  most 1, 2, 4, 8 and 32 rows, which the server's own engine translates: seconds of a core;
- *alone*: seconds to the first sentences of articles that a real server gets one after the other;
- *offline*: source tokens a second of CTranslate2 alone, on the same articles;
- *served*: those of the server where 32 callers saturate it, before each loop, in turn with it;
- *loops*: the server by callers at random moments, at shares of what it did just before: when each
  article was due, when its first sentence came, when it was complete. On a machine that other
  programs keep busy the loops are not told: these latencies would be theirs.

All this is measured in turn, since a machine that others use too changes from minute to minute.
Seconds of a core are what the system charges a process, so that the callers, or others on the same
cores, do not make a server look slow. Latencies have no such remedy.
"""

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "tests"))

import psutil
from limit import Offline, Shape
from scale.articles import articles
from scale.measured import CALLERS, FILE
from signature import cores, signature
from traffic import SAME_WORK, Answer, Call, Callers, closed, generator, opened

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.batching import Batch, FairQueue, Job
from mujaz_server.calibration import WIDTHS
from mujaz_server.text.normalize import has_arabic, normalize
from mujaz_server.text.segment import segment
from mujaz_server.translation.engine import Decoding, Engine
from processes import running

BEAM = 2
ROWS = (1, 2, 4, 8, 32)
BATCHES = 20
"""Of each number of rows, at each load."""
LOADS = (0.5, 0.7, 0.8)
LOOP_S = 30
ALONE, SATURATING = 64, 192
"""Articles of closed loops, some ten seconds of them."""
LOOK_S = 5.0
QUIET = 0.1
"""Where others use a greater share of the cores, latencies would be theirs."""
Pieces = list[str]
Loop = list[list[float]]


def taken(rows: int, documents: Sequence[list[Pieces]]) -> Iterator[Batch[Pieces, None]]:
    """Yields batches of at most so many rows from the server's own queue."""
    queue = FairQueue[Pieces, None](batch_tokens=WIDTHS[-1], batch_rows=rows, quantum=WIDTHS[-1])
    for document in documents:
        jobs = [Job[Pieces, None](pieces, len(pieces), BEAM, _ignore) for pieces in document]
        queue.push(queue.open(None, len(jobs)), jobs, 0.0)
    while batch := queue.next_batch(0.0):
        yield batch


def timed(engine: Engine, batch: Batch[Pieces, None]) -> list[float]:
    """Returns the rows of a batch, its longest source and the seconds that it takes."""
    began = time.process_time()
    engine.translate([job.payload for job in batch.jobs], Decoding(beam_size=BEAM))
    seconds = time.process_time() - began
    return [len(batch.jobs), max(job.tokens for job in batch.jobs), round(seconds, 6)]


def _ignore(job: object, outcome: object) -> None:
    """Takes an answer that never comes."""


def loop(address: str, calls: list[Call], rate: float, callers: Callers) -> Loop:
    """Returns, of an open loop, when each call was due, its first sentence's and its own latency.

    Calls are in the order of `calls`, again from the first where these end.
    """
    answers: list[Answer] = callers(opened, address, calls, rate, LOOP_S)
    began = answers[0].due
    return [
        [round(each.due - began, 4), round(each.first - each.due, 4), round(each.latency, 4)]
        for each in answers
    ]


@dataclass(frozen=True, slots=True)
class InTurn:
    """What is measured in turn, at each load.

    Attributes:
        batches: Rows, longest source and seconds of batches.
        offline: Articles a second of CTranslate2 alone.
        served: Of the saturated server.
        loops: Open loops at shares of that, by the share.
    """

    batches: list[list[float]]
    offline: list[float]
    served: list[float]
    loops: dict[float, Loop]


def measured(
    engine: Engine,
    documents: Sequence[list[Pieces]],
    address: str,
    calls: list[Call],
    callers: Callers,
) -> InTurn:
    """Measures batches, CTranslate2 alone, the saturated server and an open loop, at each load."""
    found = InTurn([], [], [], {})
    queues = [taken(rows, documents) for rows in ROWS]
    alone = Offline(store.embedded(), Shape(cores()))
    some = calls[:SATURATING]
    rows = alone.rows([text for call in some for text in call.text.split("\n")])
    width = alone.best_batch_tokens(rows, BEAM)
    for load in LOADS:
        found.batches.extend(
            timed(engine, batch) for queue in queues for batch in islice(queue, BATCHES)
        )
        found.offline.append(len(some) / alone.seconds(rows, BEAM, width))
        answers = callers(closed, address, some, CALLERS)
        seconds = max(each.ended for each in answers) - min(each.due for each in answers)
        found.served.append(len(some) / seconds)
        found.loops[load] = loop(address, calls, load * found.served[-1], callers)
    return found


def main() -> None:
    """Measures and writes."""
    engine = Engine.load(
        store.embedded(), Manifest.load(store.embedded()), threads=1, intra_threads=1
    )
    texts = [each for each in articles() if all(map(_plain, each))]
    random.Random(6).shuffle(texts)
    pieces = [[engine.encode(normalize(text).text) for text in each] for each in texts]
    engine.warm_up()
    lengths = [[len(row) for row in each] for each in pieces]
    calls = [Call("\n".join(each), len(each), streamed=True) for each in texts]
    others = psutil.cpu_percent(LOOK_S) / 100
    with running("--quality", "balanced", *SAME_WORK) as server, generator() as callers:
        width = server.said("serving")["batch_tokens"]
        alone = callers(closed, server.address, calls[:ALONE], 1)
        in_turn = measured(engine, pieces, server.address, calls, callers)
    tokens = sum(map(sum, lengths[:SATURATING])) / SATURATING
    others_told = f"{others:.0%}"
    found = {
        "signature": signature(
            beam=BEAM, articles=len(texts), batch_tokens=width, other_programs=others_told
        ),
        "threads": cores(),
        "batch_tokens": width,
        "batches": in_turn.batches,
        "documents": lengths,
        "alone": [round(each.first - each.due, 4) for each in alone],
        "offline": [round(tokens * rate) for rate in in_turn.offline],
        "served": [round(tokens * rate) for rate in in_turn.served],
        "loops": in_turn.loops if others <= QUIET else {},
    }
    FILE.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(in_turn.batches)} batches; others used {others_told} of the cores")
    print(f"source tokens/s offline {found['offline']}, served {found['served']} at width {width}")


def _plain(text: str) -> bool:
    return has_arabic(text) and len(segment(text)) == 1


if __name__ == "__main__":
    main()
