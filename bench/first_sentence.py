"""Time to the first English sentence of documents of any length, and of a summary's choice.

    python bench/first_sentence.py [--texts FILE] [--json FILE] [--quick]

Documents of 20, 100 and 1,000 sentences begin with the same sentence, and are left once its
translation is here; in turn with them the sentence is translated alone, by TranslateText. All this
on an idle server, then beside short texts at random moments that take 80 % of what it can do. Then
a summary of three sentences of a 20-sentence article that selects first, against one that
translates first, each to its report.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from pathlib import Path

import grpc.aio
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
    paired,
    parser,
    ratio,
)
from signature import signature
from traffic import (
    SAME_WORK,
    Call,
    asked,
    background,
    channel_to,
    closed,
    opened,
    rate,
    wait_until_idle,
)

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.pipeline.plan import plan
from mujaz_server.text.segment import segment
from mujaz_server.translation.engine import Engine

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import ServerProcess, running

LENGTHS = (20, 100, 1000)
QUICK_LENGTHS = (5, 10, 20)
LOAD = 0.8
LOADED_S = (6.0, 1.6)
"""Of load, and for each round beside it; within these all rounds must end."""
TRIES = 4 * ROUNDS
"""Rounds, each with another first sentence: one takes a fraction of a second."""


class Caller:
    """One caller of a server, with a connection that is open already."""

    def __init__(self, server: ServerProcess, loop: asyncio.Runner) -> None:
        self._server = server
        self._loop = loop
        self.waits_for_idle = True
        self._channel = loop.run(_connected(server.address))
        self._stub = mujaz_pb2_grpc.MujazServiceStub(self._channel)

    def close(self) -> None:
        """Closes the connection."""
        self._loop.run(self._channel.close())

    def alone(self, sentence: str) -> float:
        """Returns the seconds that a sentence takes by TranslateText."""
        self._wait()
        call = Call(sentence)
        return self._loop.run(asked(self._stub, call, time.perf_counter())).latency

    def first(self, document: str) -> float:
        """Returns the seconds to a document's first sentence, and leaves the rest."""
        self._wait()
        return self._loop.run(self._first(document))

    def summary(self, document: str, order: "pb.SummaryOrder.ValueType") -> float:
        """Returns the seconds to the report of a summary of three sentences."""
        self._wait()
        return self._loop.run(self._summary(document, order))

    def _wait(self) -> None:
        if self.waits_for_idle:
            wait_until_idle(self._server.metrics)

    async def _first(self, document: str) -> float:
        began = time.perf_counter()
        stream = self._stub.TranslateDocument(pb.TranslateDocumentRequest(text=document))
        async for event in stream:
            if event.HasField("sentence"):
                seconds = time.perf_counter() - began
                stream.cancel()
                return seconds
        raise RuntimeError("a document has no sentence")

    async def _summary(self, document: str, order: "pb.SummaryOrder.ValueType") -> float:
        options = pb.SummaryOptions(sentence_count=3, order=order)
        request = pb.SummarizeDocumentRequest(text=document, summary=options)
        began = time.perf_counter()
        chosen = 0
        async for event in self._stub.SummarizeDocument(request):
            if event.HasField("summary"):
                chosen = len(event.summary.sentences)
        if chosen != 3:
            raise RuntimeError(f"a summary of 3 sentences has {chosen}")
        return time.perf_counter() - began


async def _connected(address: str) -> grpc.aio.Channel:
    channel = channel_to(address)
    await channel.channel_ready()
    return channel


class Documents:
    """Documents of each length that begin alike in a round, and otherwise in the next.

    Args:
        sentences: As many as the longest document has, and `rounds` more.
        rounds: How many first sentences there are.
    """

    def __init__(self, sentences: list[str], rounds: int) -> None:
        self._firsts = sentences[:rounds]
        self._others = sentences[rounds:]

    def each(self, length: int) -> Iterator[str]:
        """Yields the documents of a length, round by round and again from the first."""
        rest = self._others[: length - 1]
        return cycle(["\n".join([first, *rest]) for first in self._firsts])


def in_turn(
    caller: Caller, documents: Documents, lengths: Sequence[int], rounds: int
) -> dict[str, list[float]]:
    """Returns the seconds to the first sentence, alone and in documents, by round."""

    def candidate(length: int) -> Callable[[], float]:
        each = documents.each(length)
        measure = caller.alone if length == 1 else caller.first
        return lambda: measure(next(each))

    return paired({str(length): candidate(length) for length in (1, *lengths)}, rounds)


def compared(found: dict[str, list[float]], *, judged: bool, where: str) -> list[Goal]:
    """Returns the rows of what was measured in turn."""
    alone = found["1"]
    rows = [figure(f"{where}: a sentence alone, ms", _ms(alone), "{:.1f}")]
    for length, seconds in found.items():
        if length != "1":
            what = f"{where}: first of {int(length):,}"
            rows.append(figure(f"{what}, ms", _ms(seconds), "{:.1f}"))
            row = at_most(f"{what} / alone", 1.3, ratio(seconds, alone))
            rows.append(row if judged else replace(row, goal="", kept=None))
    return rows


def _ms(seconds: Sequence[float]) -> Spread:
    return Spread.of([1000 * each for each in seconds])


def planning(documents: Documents, lengths: Sequence[int], rounds: int) -> list[Goal]:
    """Measures what cutting a whole document takes, for which its first sentence may wait."""
    folder = store.embedded()
    manifest = Manifest.load(folder)
    engine = Engine.load(folder, manifest)

    def seconds(text: str) -> float:
        began = time.perf_counter()
        plan(text, segment(text), engine.encode, engine.max_source_tokens)
        return time.perf_counter() - began

    found = paired(
        {f"{length:,}": partial(seconds, next(documents.each(length))) for length in lengths},
        rounds,
    )
    return [
        figure(f"cutting {length} sentences into pieces, ms", _ms(each), "{:.1f}")
        for length, each in found.items()
    ]


def selection(caller: Caller, rounds: int) -> list[Goal]:
    """Measures a summary of three sentences of an article, selected first and translated first."""
    article = texts.article(20)
    found = paired(
        {
            "translate": partial(caller.summary, article, pb.SUMMARY_ORDER_TRANSLATE_FIRST),
            "select": partial(caller.summary, article, pb.SUMMARY_ORDER_SELECT_FIRST),
        },
        rounds,
    )
    faster = ratio(found["translate"], found["select"])
    return [
        figure("summary that translates first, ms", _ms(found["translate"]), "{:.0f}"),
        figure("summary that selects first, ms", _ms(found["select"]), "{:.0f}"),
        at_least("how much faster", 4, faster),
    ]


def main() -> int:
    """Prints the figures."""
    options = parser(__doc__)
    texts.add_option(options)
    given = options.parse_args()
    lengths, rounds = (QUICK_LENGTHS, 1) if given.quick else (LENGTHS, TRIES)
    sentences = texts.sentences(max(lengths) + rounds, given.texts)
    documents = Documents(sentences, rounds)
    rows, data = measured(documents, sentences, lengths, rounds)
    signed = signature(beam=2, set=given.texts.name)
    return finished(given.json, "first_sentence", rows, data, signed)


def measured(
    documents: Documents, sentences: list[str], lengths: Sequence[int], rounds: int
) -> tuple[list[Goal], dict[str, object]]:
    """Returns the rows and the data of all parts."""
    calls = [Call(text) for text in sentences[: 16 * rounds]]
    with running(*SAME_WORK) as server, asyncio.Runner() as loop, background() as callers:
        caller = Caller(server, loop)
        idle = in_turn(caller, documents, lengths, rounds)
        rows = compared(idle, judged=True, where="idle")
        rows += planning(documents, lengths, rounds)
        rows += selection(caller, rounds)
        capacity = rate(callers(closed, server.address, calls, 32).result())
        caller.waits_for_idle = False
        seconds = LOADED_S[0] + LOADED_S[1] * rounds
        load = callers(opened, server.address, calls, LOAD * capacity, seconds)
        busy = in_turn(caller, documents, lengths, rounds)
        if load.done():
            raise RuntimeError("the load ended before what was measured under it")
        load.result()
        rows += compared(busy, judged=False, where=f"at {LOAD:.0%}")
        caller.close()
    series = {
        name: [(float(length), _ms(each).median) for length, each in found.items()]
        for name, found in (("idle", idle), (f"at {LOAD:.0%} load", busy))
    }
    title = "Time to the first sentence (1: a sentence alone)"
    chart = Chart("first", title, "sentences", "ms", series, logarithmic=True)
    return rows, {"idle": idle, "busy": busy, "charts": [asdict(chart)]}


if __name__ == "__main__":
    sys.exit(main())
