"""Measures what the simulation rests on: seconds of batches, and a real server to compare with.

    python bench/scale/service_times.py

writes bench/data/service_times.json, with its signature. Beam 2, the embedded model, all cores:

- *batches*: articles of the newswire stand in the server's own queue and are taken as batches of at
  most 1, 2, 4, 8 and 32 rows, which the server's own engine translates: seconds of a core;
- *alone*: seconds to the first sentences of articles that a real server gets one after the other;
- *served*: source tokens a second of that server where 32 callers saturate it, before each loop;
- *loops*: the server by callers at random moments, at shares of what it did just before: when each
  article was due, when its first sentence came, when it was complete. On a machine that other
  programs keep busy the loops are left out: these latencies would be theirs.

The server's batches are of the narrow width, whatever it would choose for itself.

Seconds of a core are what the system charges a process, so that the callers, or others on the same
cores, do not make a server look slow. Latencies have no such remedy.
"""

import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "tests"))

import psutil
from scale.articles import articles
from signature import cores, signature
from traffic import SAME_WORK, Answer, Call, Callers, closed, generator, opened

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.batching import Batch, FairQueue, Job
from mujaz_server.calibration import WIDTHS
from mujaz_server.settings import Settings
from mujaz_server.text.normalize import has_arabic, normalize
from mujaz_server.text.segment import segment
from mujaz_server.translation.engine import Decoding, Engine
from processes import running

FILE = Path(__file__).parents[1] / "data" / "service_times.json"
BEAM = 2
ROWS = (1, 2, 4, 8, 32)
BATCHES = 60
"""Of each number of rows."""
LOADS = (0.5, 0.7, 0.8)
LOOP_S = 30
CALLERS = 32
"""That saturate a server."""
ALONE, SATURATING = 64, 192
"""Articles of closed loops, some ten seconds of them."""
FLAGS = ("--quality", "balanced", "--batch-tokens", str(WIDTHS[0]), *SAME_WORK)
LOOK_S = 5.0
QUIET = 0.1
"""Where others use a greater share of the cores, latencies would be theirs."""
Pieces = list[str]
Loop = list[list[float]]
_SETTINGS = Settings()


def batches(engine: Engine, rows: int, documents: Sequence[list[Pieces]]) -> list[list[float]]:
    """Returns rows, longest source and seconds of each of some batches of at most so many rows."""
    return [_timed(engine, batch) for batch in _taken(rows, documents)]


def _taken(rows: int, documents: Sequence[list[Pieces]]) -> Iterator[Batch[Pieces, None]]:
    queue = FairQueue[Pieces, None](batch_tokens=WIDTHS[0], batch_rows=rows, quantum=WIDTHS[0])
    for document in documents:
        jobs = [Job[Pieces, None](pieces, len(pieces), BEAM, _ignore) for pieces in document]
        queue.push(queue.open(None, len(jobs)), jobs, 0.0)
    for _ in range(BATCHES):
        if (batch := queue.next_batch(0.0)) is None:
            raise RuntimeError("the articles do not fill the batches. This is a bug")
        yield batch


def _timed(engine: Engine, batch: Batch[Pieces, None]) -> list[float]:
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


def loaded(
    address: str, calls: list[Call], callers: Callers, *, quiet: bool
) -> tuple[list[float], dict[float, Loop]]:
    """Returns articles a second of the saturated server before each loop, and the loops."""
    rates, loops = [], {}
    for load in LOADS:
        answers = callers(closed, address, calls[:SATURATING], CALLERS)
        seconds = max(each.ended for each in answers) - min(each.due for each in answers)
        rates.append(len(answers) / seconds)
        if quiet:
            loops[load] = loop(address, calls, load * rates[-1], callers)
    return rates, loops


def main() -> None:
    """Measures and writes."""
    engine = Engine.load(
        store.embedded(), Manifest.load(store.embedded()), threads=1, intra_threads=1
    )
    texts = [each for each in articles() if all(map(_plain, each))]
    random.Random(6).shuffle(texts)
    pieces = [[engine.encode(normalize(text).text) for text in each] for each in texts]
    engine.warm_up()
    timed = [each for rows in ROWS for each in batches(engine, rows, pieces)]
    engine.close()
    lengths = [[len(row) for row in each] for each in pieces]
    calls = [Call("\n".join(each), len(each), streamed=True) for each in texts]
    others = psutil.cpu_percent(LOOK_S) / 100
    with running(*FLAGS) as server, generator() as callers:
        alone = callers(closed, server.address, calls[:ALONE], 1)
        rates, loops = loaded(server.address, calls, callers, quiet=others <= QUIET)
    tokens = sum(map(sum, lengths[:SATURATING])) / SATURATING
    found = {
        "signature": signature(beam=BEAM, articles=len(texts), other_programs=f"{others:.0%}"),
        "threads": cores(),
        "batches": timed,
        "documents": lengths,
        "alone": [round(each.first - each.due, 4) for each in alone],
        "served": [round(tokens * rate) for rate in rates],
        "loops": loops,
    }
    FILE.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(timed)} batches, {len(loops)} loops; others used {others:.0%} of the cores")
    print(f"source tokens/s of a saturated server: {found['served']}")


def _plain(text: str) -> bool:
    return has_arabic(text) and len(segment(text)) == 1


if __name__ == "__main__":
    main()
