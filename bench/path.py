"""Everything that is not the model: its share of the processor, the summarizer, start, memory.

    python bench/path.py [--texts FILE] [--spy PROGRAM] [--json FILE] [--quick]

1. A server whose callers always have more for it: what part of its processor time is not the
   engine's, and which stage has how much of that. Threads are told apart by py-spy, which is asked
   for stages too; where it is not installed, the event loop alone is told from the rest.
2. The summarizer on documents of 100 to 3,000 sentences.
3. From the start of the process to SERVING, files in the page cache.
4. Memory of a server as it comes: when it serves, and at its peak under the same load.
"""

import asyncio
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

import psutil
import texts
from rounds import (
    ROUNDS,
    Chart,
    Goal,
    Spread,
    Table,
    at_most,
    figure,
    finished,
    interleaved,
    parser,
)
from signature import signature
from spy import CORE, ENGINE, LOOP, Spy, Use, shares
from traffic import SAME_WORK, Stub, background, channel_to, metric

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.summary.selection import Ratio, Sentence, SentenceCount, summarize

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import ServerProcess, running, spawn

CALLERS = 32
IN_A_DOCUMENT = 20
MEBIBYTE = 1 << 20
_MARGIN_S = 2.0
"""What is not sampled of the load, at its end."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        sentences: That are translated, again and again.
        settling_s: Of load before anything is measured.
        seconds: Of load that is measured, and again that is sampled.
        lengths: Of the documents that are summarized, in sentences.
        rounds: Of everything that is timed.
    """

    sentences: int
    settling_s: float
    seconds: float
    lengths: Sequence[int]
    rounds: int


WHOLE = Size(2_000, 3.0, 25.0, (100, 300, 1000, 3000), ROUNDS)
QUICK = Size(200, 1.0, 4.0, (20, 50, 100), 1)


def summaries(address: str, documents: Sequence[str], seconds: float) -> None:
    """Summarizes documents, so many callers at a time, until the time has passed."""
    asyncio.run(_summaries(address, documents, seconds))


async def _summaries(address: str, documents: Sequence[str], seconds: float) -> None:
    around = cycle(documents)
    end = time.monotonic() + seconds

    async def caller(stub: Stub) -> None:
        while time.monotonic() < end:
            complete = False
            async for event in stub.SummarizeDocument(
                pb.SummarizeDocumentRequest(text=next(around))
            ):
                complete = event.HasField("report")
            if not complete:
                raise RuntimeError("a stream ended without its report")

    async with AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(channel_to(address)) for _ in range(CALLERS)]
        async with asyncio.TaskGroup() as group:
            for channel in channels:
                group.create_task(caller(mujaz_pb2_grpc.MujazServiceStub(channel)))


@dataclass(frozen=True, slots=True)
class Profile:
    """Where the processor time of a server under load went.

    Attributes:
        sentences: Translated meanwhile.
        wall_s: How long that took.
        seconds: Of the processor, by part: see `spy.shares`.
        stages: Parts of what is neither the engine nor gRPC's core; empty without py-spy.
    """

    sentences: float
    wall_s: float
    seconds: Mapping[str, float]
    stages: Mapping[str, float]

    @property
    def total(self) -> float:
        """All processor time."""
        return sum(self.seconds.values())

    @property
    def beside(self) -> float:
        """The share that is not the engine's."""
        return 1 - self.seconds[ENGINE] / self.total

    def lines(self) -> Iterator[tuple[str, float]]:
        """Yields the processor seconds of each part, stages apart."""
        yield ENGINE, self.seconds[ENGINE]
        if not self.stages:
            yield LOOP, self.seconds[LOOP]
        for name, part in self.stages.items():
            yield name, part * self.seconds[LOOP]
        yield CORE, self.seconds[CORE]

    def chart(self) -> Chart:
        """Draws what is not the engine's."""
        bars = {
            name: [(0.0, seconds / self.sentences * 1e6)]
            for name, seconds in self.lines()
            if name != ENGINE
        }
        title = "Processor time beside the model"
        return Chart("stages", title, "", "µs a sentence", bars, bars=True)

    def table(self) -> Table:
        """Shows it."""
        lines = [
            (name, f"{seconds / self.sentences * 1e6:,.0f}", f"{seconds / self.total:.2%}")
            for name, seconds in self.lines()
        ]
        return Table("Processor time", ("stage", "µs a sentence", "share"), lines)


def profile(documents: Sequence[str], size: Size, program: str) -> Profile:
    """Measures a server under load."""
    with (
        running(*SAME_WORK) as server,
        background() as callers,
        tempfile.TemporaryDirectory() as folder,
    ):
        process = server.process.pid
        spy = Spy.on(process, program)
        seconds = size.settling_s + (2 if spy else 1) * size.seconds
        load = callers(summaries, server.address, documents, seconds)
        time.sleep(size.settling_s)
        before, began = Use.of(process), metric(server.metrics, "sentences_total")
        since = time.perf_counter()
        time.sleep(size.seconds)
        used, ended = Use.of(process).since(before), metric(server.metrics, "sentences_total")
        wall_s = time.perf_counter() - since
        # Not at the same time: each sample stops every thread, which is charged for it.
        stages = spy.stages(Path(folder) / "samples", size.seconds - _MARGIN_S) if spy else {}
        python = spy.threads() if spy else [process]
        load.result()
    return Profile(ended - began, wall_s, shares(process, used, python), stages)


def profiled(found: Profile, *, spied: bool) -> list[Goal]:
    """Returns the rows of a profile."""
    rows = [
        figure("sentences/s under load", found.sentences / found.wall_s, "{:.0f}"),
        figure("processor time of a sentence, ms", 1e3 * found.total / found.sentences),
        at_most("share beside the model, %", 5.0, 100 * found.beside),
    ]
    loop = found.seconds[LOOP] / found.wall_s
    what = "interpreter" if spied else "event loop"
    rows.append(figure(f"how busy the {what} is, % of a core", 100 * loop, "{:.0f}"))
    return rows


def summarizing(size: Size) -> tuple[list[Goal], Chart]:
    """Measures the summarizer, each length in turn; Arabic, of which it has more to do."""
    distinct = texts.sentences(max(size.lengths))  # one that comes again would be passed over
    everything = [Sentence(index, index // 3, text) for index, text in enumerate(distinct)]
    of_length = {length: everything[:length] for length in size.lengths}
    budgets: dict[str, SentenceCount | Ratio] = {
        "three sentences": SentenceCount(3),
        "a fifth of the words": Ratio(0.2),
    }

    def seconds(length: int, budget: SentenceCount | Ratio) -> float:
        began = time.perf_counter()
        summarize(of_length[length], budget, language="ar")
        return time.perf_counter() - began

    found = interleaved(
        {
            f"{name}: {length}": partial(seconds, length, budget)
            for length in size.lengths
            for name, budget in budgets.items()
        },
        size.rounds,
    )
    rows = []
    for name in budgets:
        series = {length: found[f"{name}: {length}"] for length in size.lengths}
        for length, each in series.items():
            what, ms = f"{name} of {length:,}, ms", _ms(each)
            rows.append(
                at_most(what, 100, ms, "{:.0f}") if length == 1000 else figure(what, ms, "{:.1f}")
            )
        rows.append(at_most(f"{name}: grows with the sentences to the power of", 2, _power(series)))
    lines = {
        name: [(float(length), 1e3 * found[f"{name}: {length}"].median) for length in size.lengths]
        for name in budgets
    }
    return rows, Chart("summarizer", "Summarizing a document", "sentences", "ms", lines)


def _power(series: Mapping[int, Spread]) -> float:
    (short, least), *_, (long, most) = ((n, each.median) for n, each in series.items())
    return math.log(most / least) / math.log(long / short)


def _ms(each: Spread) -> Spread:
    return Spread(1e3 * each.median, 1e3 * each.low, 1e3 * each.high)


def starting(size: Size) -> list[Goal]:
    """Measures from the start of the process to SERVING."""
    return [
        at_most("start to SERVING, s", 2.0, Spread.of([_start_s() for _ in range(size.rounds)]))
    ]


def _start_s() -> float:
    began = time.perf_counter()
    server = spawn()
    try:
        if not server.serving.wait(60):
            raise RuntimeError("the server does not say that it serves")
        return time.perf_counter() - began
    finally:
        server.process.kill()
        server.wait()


def memory(documents: Sequence[str], size: Size) -> list[Goal]:
    """Measures the resident memory of a server as it comes, above the size of its model."""
    model = sum(entry.size for entry in Manifest.load(store.embedded()).files.values())
    with running() as server, background() as callers:
        idle = psutil.Process(server.process.pid).memory_info().rss
        callers(summaries, server.address, documents, size.seconds / 2).result()
        peak = _peak(server)
    return [
        figure("files of the model, MiB", model / MEBIBYTE, "{:.0f}"),
        at_most("idle memory above them, MiB", 150, (idle - model) / MEBIBYTE, "{:.0f}"),
        at_most("peak under load above them, MiB", 250, (peak - model) / MEBIBYTE, "{:.0f}"),
    ]


def _peak(server: ServerProcess) -> int:
    """The most memory that a server has had, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(line.split()[1])


def main() -> int:
    """Prints the figures."""
    options = parser(__doc__)
    texts.add_option(options)
    options.add_argument("--spy", default="py-spy", metavar="PROGRAM", help="where py-spy is")
    given = options.parse_args()
    size = QUICK if given.quick else WHOLE
    sentences = texts.sentences(size.sentences, given.texts)
    documents = texts.documents(sentences, IN_A_DOCUMENT)
    found = profile(documents, size, given.spy)
    print(found.table(), end="\n\n")
    if not found.stages:
        print("py-spy is not installed: the stages are not told apart\n")
    summarizer, chart = summarizing(size)
    rows = [
        *profiled(found, spied=bool(found.stages)),
        *summarizer,
        *starting(size),
        *memory(documents, size),
    ]
    data = {"charts": [asdict(found.chart()), asdict(chart)], "tables": [asdict(found.table())]}
    signed = signature(beam=2, callers=CALLERS, set=given.texts.name)
    return finished(given.json, "path", rows, data, signed)


if __name__ == "__main__":
    sys.exit(main())
