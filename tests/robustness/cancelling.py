"""Promise 5: cancelled work stops soon, and leaves nothing behind."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.translation.engine import Decoding, Engine, Translation
from robustness.history import Call, Event, generated
from robustness.plan import Kind, Phase, Plan, tagged
from robustness.promise import Row, within
from robustness.servers import Inside, ScriptedServer, scripted_server

PROMISE = 5
OUT_OF_QUEUE_S = 0.1
OUT_OF_BATCH_S = 0.25
MAX_GROWTH = 5_000_000
_LONG_DOCUMENT = 1_000
_PATIENCE_S = 2.0
_ROWS, _WORDS = 32, 40
_SENTENCE = "وقال مدير المرصد ان اربعة جنود قتلوا واصيب 13 اخرون بجروح في قصف على معسكر. "
_SHAPES = {"short rows": (12, 20), "long rows": (16, 96)}
"""Batches of the embedded model, rows by tokens: of these, one ends soon by itself, and one would
take longer than is promised, so that it must be cut off."""
_KINDS = [
    Kind(method, 1, (1, 12), fate="cancel", quality=quality)
    for method in ("TranslateText", "TranslateDocument", "SummarizeDocument")
    for quality in ("FAST", "BALANCED")
]


@dataclass(frozen=True, slots=True)
class Size:
    """How often: documents cancelled one by one, and calls cancelled in a crowd."""

    rounds: int
    cancels: int
    crowds: int = 1


SHORT = Size(2, 500)
LONG = Size(50, 10_000, crowds=3)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Cancels documents in the queue, in a batch, and in crowds."""
    with scripted_server(0.001, defect=defect, batch_tokens=_ROWS * _WORDS) as server:
        queued = [await _out_of_queue(server) for _ in range(size.rounds)]
        batches = [await _out_of_batch(server, number) for number in range(size.rounds)]
    rows = [
        _time("out of the queue", queued, OUT_OF_QUEUE_S),
        _time("out of a greedy batch that runs", batches, OUT_OF_BATCH_S),
        *await asyncio.to_thread(_out_of_the_model, size.rounds),
    ]
    with scripted_server(0.00005, defect=defect) as server:
        await _crowd(server, max(200, size.cancels // 10), 10_000_000)
        for number in range(size.crowds):
            before = await settled(server)
            calls = await _crowd(server, size.cancels, number * size.cancels)
            after = await settled(server, before)
            late = started_late(calls, await asyncio.to_thread(server.rows, "started"))
            rows += judged(size.cancels, before, after, late)
    return rows


def judged(cancels: int, before: Inside, after: Inside, late: Sequence[Event]) -> list[Row]:
    """What a crowd of cancelled calls has left behind."""
    what = f"after {cancels} cancelled calls"
    rows = [
        Row(PROMISE, f"{name} {what}", f"{was}", f"{now}", now <= was)
        for name, was, now in (
            ("tasks", before.tasks, after.tasks),
            ("threads", before.threads, after.threads),
            ("descriptors", before.descriptors, after.descriptors),
            ("waiting sentences", 0, after.waiting),
            ("calls in progress", 0, after.calls),
        )
    ]
    growth = after.rss - before.rss
    grown = f"{growth / 1e6:+.1f} MB"
    rows.append(Row(PROMISE, f"memory {what}", "<= +5 MB", grown, growth <= MAX_GROWTH))
    told = f"{len(late)}"
    what = f"rows started {within(OUT_OF_QUEUE_S) * 1000:.0f} ms after their cancel"
    rows.append(Row(PROMISE, what, "0", told, not late))
    return rows


def started_late(calls: Sequence[Call], started: Sequence[Event]) -> list[Event]:
    """Rows that the engine started when their call had long been cancelled."""
    cancelled: dict[int, float] = {
        call.number: event["t"]
        for call in calls
        for event in call.events
        if event["kind"] == "cancel"
    }
    return [
        row
        for row in started
        if row["tag"] and row["t"] - cancelled.get(row["tag"][0], row["t"]) > within(OUT_OF_QUEUE_S)
    ]


async def _out_of_queue(server: ScriptedServer) -> float:
    text = "\n".join(tagged(20_000_000, index) for index in range(_LONG_DOCUMENT))
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).SummarizeDocument(
            pb.SummarizeDocumentRequest(text=text)
        )
        await call.read()
        await call.read()
        call.cancel()
        return await _took(lambda: not server.counters()["mujaz_queue_sentences"])


async def _out_of_batch(server: ScriptedServer, number: int) -> float:
    owner = 30_000_000 + number
    text = "\n".join(tagged(owner, index, _WORDS) for index in range(_ROWS))
    options = pb.TranslationOptions(quality=pb.QUALITY_FAST)

    def rows(kind: str) -> list[Event]:
        return [row for row in server.rows(kind) if row["tag"] and row["tag"][0] == owner]

    async with grpc.aio.insecure_channel(server.address) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateDocument(
            pb.TranslateDocumentRequest(text=text, options=options)
        )
        await call.read()
        # The first sentence runs alone, so that it comes soon; most are in the second batch.
        await _took(lambda: len(rows("started")) > 1)
        asked = time.monotonic()
        call.cancel()
        await _took(lambda: len(rows("left")) > 0)
    return max((row["t"] - asked for row in rows("left")), default=_PATIENCE_S)


def _out_of_the_model(rounds: int) -> list[Row]:
    folder = store.embedded()
    engine = Engine.load(folder, Manifest.load(folder))
    try:
        engine.warm_up()
        return [row for what in _SHAPES for row in _left(engine, what, rounds)]
    finally:
        engine.close()


def _left(engine: Engine, what: str, rounds: int) -> list[Row]:
    count, length = _SHAPES[what]
    batch = [engine.encode(_SENTENCE * 10)[:length]] * count

    def timed(gone: Callable[[int], bool] | None) -> tuple[float, list[Translation]]:
        started = time.monotonic()
        translations = engine.translate(batch, Decoding(), gone)
        return time.monotonic() - started, translations

    # The first tells the engine how long the others would take.
    whole, _ = timed(None)
    return judged_batches(what, whole, [timed(lambda _row: True) for _ in range(rounds)])


def judged_batches(
    what: str, whole: float, left: Sequence[tuple[float, Sequence[Translation]]]
) -> list[Row]:
    """How soon batches are over whose callers have all gone as they begin.

    Args:
        what: Their rows.
        whole: Seconds that such a batch takes to its end.
        left: Of each batch, the seconds it took and what came of it.
    """
    ran_on = sum(not row.truncated for _, rows in left for row in rows)
    told = f"{ran_on if whole > OUT_OF_BATCH_S else 0}"
    soon = _time(f"out of a batch of {what}", [seconds for seconds, _ in left], OUT_OF_BATCH_S)
    return [
        replace(soon, measured=f"{soon.measured} of {whole * 1000:.0f}"),
        Row(PROMISE, f"{what} that ran on for longer than that", "0", told, told == "0"),
    ]


async def _took(holds: Callable[[], bool]) -> float:
    """Seconds until something holds, at most `_PATIENCE_S`; looking takes some milliseconds."""
    started = time.monotonic()
    while not await asyncio.to_thread(holds) and time.monotonic() - started < _PATIENCE_S:
        pass
    return time.monotonic() - started


async def _crowd(server: ScriptedServer, count: int, first: int) -> list[Call]:
    phase = Phase("crowd", workers=32, count=count)
    plan = Plan([server.address], [phase], _KINDS, first_call=first, seed=first)
    return (await generated(plan)).calls


async def settled(server: ScriptedServer, before: Inside | None = None) -> Inside:
    """What the server holds once nothing goes on any more, or some seconds have passed."""
    ended = time.monotonic() + _PATIENCE_S
    while True:
        inside = await asyncio.to_thread(server.inside)
        calm = not inside.calls and not inside.waiting
        level = before is None or (
            inside.tasks <= before.tasks and inside.descriptors <= before.descriptors
        )
        if (calm and level) or time.monotonic() > ended:
            return inside
        await asyncio.sleep(0.05)


def _time(what: str, seconds: Sequence[float], bound: float) -> Row:
    worst = max(seconds)
    return Row(
        PROMISE,
        f"{what}, the slowest of {len(seconds)}",
        f"<= {within(bound) * 1000:.0f} ms",
        f"{worst * 1000:.0f} ms",
        worst <= within(bound),
    )
