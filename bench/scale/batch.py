"""mujaz-batch: its rate against the offline limit, memory, kills, actors of Ray, what can be fed.

    python bench/scale/batch.py [--quick] [--json FILE] [--only PART …]
                                [--documents N] [--kills N] [--texts FILE]

The rate is that of a whole run, from lines of JSON to lines of JSON, with the model loaded before;
the limit is CTranslate2's own on the same sentences. Where something else runs beside it, the ratio
of processor seconds says more than that of rates. For the kills `--documents` documents of some
short sentences of `--texts`, a few lines among which are no documents, are translated twice: once
in peace, and once killed with SIGKILL at `--kills` random points, and started again each time. The
outputs must not differ by a byte.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import StringIO
from itertools import count
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
import texts
from limit import Offline, Shape
from rounds import (
    ROUNDS,
    Goal,
    Spread,
    at_least,
    at_most,
    begun,
    figure,
    finished,
    paired,
    parser,
    ratio,
)
from scale.documents import documents, short, write
from scale.memory import peak
from signature import cores, signature

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.bulk.chunks import Chunk, chunked
from mujaz_server.bulk.cli import EXIT_SOME_REJECTED
from mujaz_server.bulk.documents import Document
from mujaz_server.bulk.files import JsonLines
from mujaz_server.bulk.job import assembly_of, in_process, run, state_of
from mujaz_server.bulk.lanes import BATCH_TOKENS
from mujaz_server.bulk.ledger import Ledger
from mujaz_server.bulk.progress import Progress
from mujaz_server.bulk.setup import Setup
from mujaz_server.bulk.translator import Outcome, Work
from mujaz_server.pipeline.events import Quality
from mujaz_server.text.segment import NewlineMode

COMMAND = Path(sys.executable).with_name("mujaz-batch")
INTO = Path(__file__).parents[2] / "build" / "scale" / "batch.json"
SENTENCES = {Quality.FAST: 6_000, Quality.BALANCED: 4_000}
"""Of a pass: so many that its beginning and its end are a small part of it."""
CHUNK, WIDTHS = 1_400, (512, BATCH_TOKENS, 2_048)
"""Sentences of a chunk, about, and padded tokens of the batches in which they are tried."""
MEMORY_DOCUMENTS = 2_000
"""Of the smaller input: a few chunks, so that as many are held at once as ever."""
FED_DOCUMENTS = 2_000
DOCUMENTS, KILLS, KILL_SENTENCES = 20_000, 20, 400
"""So few sentences, said again and again, that the many runs of many documents end soon."""
PARTS = ("rates", "widths", "memory", "kills", "ray", "feeding")
_LAST = 3
"""Chunks at the end before which all kills are drawn, so that none comes too late."""
_LOOK_S = 0.02
_ENDS = ("", ".rejected.jsonl", ".state.json")
_SEED = 8

Translate = Callable[[Iterable[Chunk]], Iterator[Outcome]]


def setup(quality: Quality, *, threads: int | None = None, retry_share: float = 0.0) -> Setup:
    """Returns the embedded model with as much work as the limit has: no second tries."""
    work = Work(quality, NewlineMode.BREAK, 3, retry_share, 1_000_000, 20_000)
    return Setup("starter", Manifest.load(store.embedded()), threads or cores(), work)


def seconds(source: Path, made: Setup, translate: Translate) -> float:
    """Runs a whole batch; returns what it took."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.jsonl"
        read = JsonLines(source, made.work.max_code_points)
        began = time.perf_counter()
        state = state_of(read.extent(), made.manifest, made.work, output)
        with Ledger(output, state, assembly_of(output)) as ledger:
            run(read, ledger, translate, Progress(0, StringIO()))
        return time.perf_counter() - began


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
            return _rate(written, source, same, partial(in_process, plain))

    with same.translator() as plain, again.translator() as retrying:
        measured = paired(
            {
                "limit": limit,
                "batch": batch,
                "again": partial(_rate, written, source, again, partial(in_process, retrying)),
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


def memory(folder: Path, *, quick: bool) -> list[Goal]:
    """Holds the peak memory of an input four times as large against that of the smaller one."""
    count = 20 if quick else MEMORY_DOCUMENTS
    one, four = (_peak(folder, count * times) for times in (1, 4))
    return [
        figure("peak memory, MB: input of one size", one / 1e6, "{:.0f}"),
        figure("peak memory, MB: four times the input", four / 1e6, "{:.0f}"),
        at_most("peak memory: four times the input, of once", 1.1, four / one),
    ]


def _peak(folder: Path, count: int) -> int:
    source = folder / f"{count}.jsonl"
    write(source, count, short())
    return peak(_command(source, folder / f"{count}.out.jsonl"))


def _command(source: Path, output: Path) -> list[str | Path]:
    return [COMMAND, source, output, "--quality", "fast"]


def killed(folder: Path, documents: int, kills: int, path: Path) -> list[Goal]:
    """Holds the output of a run that was killed again and again against that of one in peace."""
    source = folder / "killed.jsonl"
    write(source, documents, short(path)[:KILL_SENTENCES], poison=True)
    chunks = sum(1 for _ in chunked(JsonLines(source, 1_000_000).entries()))
    peace, war = folder / "peace.jsonl", folder / "war.jsonl"
    began = time.perf_counter()
    assert _started(source, peace).wait() in {0, EXIT_SOME_REJECTED}
    took = time.perf_counter() - began
    drawn = random.Random(_SEED)
    points = sorted(drawn.uniform(0, chunks - _LAST) for _ in range(kills))
    landed = 0
    for number, point in enumerate(points, start=1):
        begun(f"kill {number} of {kills}, after {point:.1f} of {chunks} chunks")
        landed += _killed_at(point, took / chunks, _started(source, war), war)
    assert _started(source, war).wait() in {0, EXIT_SOME_REJECTED}
    differ = [end for end in _ENDS if _content(peace, end) != _content(war, end)]
    left = {path.name for path in folder.glob("war*")} - {war.name + end for end in _ENDS}
    return [
        figure("kills: documents, chunks", documents, f"{{}} in {chunks} chunks"),
        figure("kills: seconds in peace", took, "{:.0f}"),
        at_least("kills that fell within the run", kills, landed, "{:.0f}"),
        at_most("files that differ or are left over", 0, len(differ) + len(left), "{:.0f}"),
    ]


def _started(source: Path, output: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(_command(source, output), stderr=subprocess.DEVNULL)


def _killed_at(
    point: float, chunk_s: float, process: "subprocess.Popen[bytes]", output: Path
) -> bool:
    """Kills a run at a point: so many chunks done, and as large a part of the next one begun.

    Returns:
        Whether it was still there to be killed.
    """
    parts = output.with_name(output.name + ".parts")
    reached: float | None = None
    while process.poll() is None:
        done, now = len(list(parts.glob("*.rows"))), time.perf_counter()
        reached = now if reached is None and done >= int(point) else reached
        if done > point or (reached is not None and now - reached >= point % 1 * chunk_s):
            break
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _content(output: Path, suffix: str) -> bytes:
    path = output.with_name(output.name + suffix)
    return path.read_bytes() if path.exists() else b""


def actors(folder: Path, *, quick: bool) -> list[Goal]:
    """Holds two actors of a thread against one of two, and both against a single process."""
    try:
        import ray  # noqa: PLC0415  an extra

        from mujaz_server.bulk.ray import Actors  # noqa: PLC0415
    except ModuleNotFoundError:
        return [figure("actors of Ray", 0, "not installed")]
    # Both sets of actors are there at once, and work in turn.
    ray.init("local", num_cpus=4, include_dashboard=False, log_to_driver=False)
    sentences = 200 if quick else SENTENCES[Quality.FAST]
    source = folder / "actors.jsonl"
    written = write(source, sentences // 4 - sentences // 40, texts.sentences(sentences + 6))
    one, two = setup(Quality.FAST, threads=1), setup(Quality.FAST, threads=2)
    with two.translator() as alone, Actors(2, one) as pair, Actors(1, two) as single:
        candidates: dict[str, tuple[Setup, Translate]] = {
            "2 actors of 1 thread": (one, pair.translate),
            "1 actor of 2 threads": (two, single.translate),
            "one process of 2 threads": (two, partial(in_process, alone)),
        }
        for _, translate in candidates.values():
            list(translate(_greetings(2)))
        measured = paired(
            {
                name: partial(_rate, written, source, made, translate)
                for name, (made, translate) in candidates.items()
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
        entries = JsonLines(source, made.work.max_code_points).entries()
        outcomes = list(in_process(translator, chunked(entries)))

    def replayed(chunks: Iterable[Chunk]) -> Iterator[Outcome]:
        for _, outcome in zip(chunks, outcomes, strict=True):
            yield outcome

    rates = [_rate(written, source, made, replayed) for _ in range(1 if quick else ROUNDS)]
    what = "sentences/s that one command reads and writes, where others translate"
    return [figure(what, Spread.of(rates), "{:.0f}")]


def _rate(written: int, source: Path, made: Setup, translate: Translate) -> float:
    return written / seconds(source, made, translate)


def _greetings(chunks: int) -> Iterator[Chunk]:
    """Yields a chunk for each actor, so that all have loaded their model when time is taken."""
    entries = (Document(number, str(number), "صباح الخير") for number in count(1))
    for chunk, _ in zip(chunked(entries, 1), range(chunks), strict=False):
        yield chunk


def main() -> int:
    """Prints the table; returns 1 where a goal is missed."""
    options = parser(__doc__)
    options.set_defaults(json=INTO)
    options.add_argument("--documents", type=int, default=DOCUMENTS, metavar="N")
    options.add_argument("--kills", type=int, default=KILLS, metavar="N")
    texts.add_option(options)
    options.add_argument("--only", nargs="+", choices=PARTS)
    given = options.parse_args()
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], list[Goal]]] = {
            "rates": partial(rates, folder, quick=given.quick),
            "widths": partial(widths, quick=given.quick),
            "memory": partial(memory, folder, quick=given.quick),
            "kills": partial(
                killed,
                folder,
                200 if given.quick else given.documents,
                3 if given.quick else given.kills,
                given.texts,
            ),
            "ray": partial(actors, folder, quick=given.quick),
            "feeding": partial(feeding, folder, quick=given.quick),
        }
        for part, measure in parts.items():
            if not given.only or part in given.only:
                begun(part)
                goals += measure()
    return finished(given.json, "batch", goals, {}, signature(killed=given.texts.name))


if __name__ == "__main__":
    sys.exit(main())
