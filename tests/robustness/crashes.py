"""Promise 8: a crash is survived, a poison sentence harms nobody else, a hung engine is seen."""

import asyncio
import hashlib
import random
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models import store
from mujaz_server.lifecycle import EXIT_HUNG
from processes import ServerProcess, spawn
from robustness.engine import HANGS, RAISES, TOO_FEW
from robustness.history import Call, generated
from robustness.plan import Kind, Phase, Plan, tagged
from robustness.promise import Row, within
from robustness.servers import scripted_server
from robustness.validate import violations

PROMISE = 8
READY_S = 5.0
TOLD_S = 1.0
WATCHDOG_S = 0.5
_TYPICAL = "وقال الوزير ان المحادثات ستستأنف الاسبوع المقبل."
_START_S = 1.2
_POISONED = [
    Kind("TranslateText", 8),
    Kind("SummarizeDocument", 2, (1, 10)),
    Kind("TranslateText", 0.3, extra=RAISES, extra_share=1.0),
    Kind("SummarizeDocument", 0.3, (1, 10), extra=TOO_FEW, extra_share=0.2),
]


@dataclass(frozen=True, slots=True)
class Size:
    """How many kills (0: poison alone), and how many calls beside poison."""

    kills: int
    calls: int


SHORT = Size(1, 300)
LONG = Size(100, 5_000)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Kills real servers, poisons an engine and hangs one."""
    poisoned = await _poison(size.calls, defect)
    return [*await _kills(size.kills), *poisoned, *await _hang()] if size.kills else poisoned


@dataclass(frozen=True, slots=True)
class Kill:
    """One round: a server was killed, and another started on the same model.

    Attributes:
        code: What a caller was told; empty where none was connected yet.
        told_s: How long after the kill.
        ready_s: From the new start to its first answer.
    """

    code: str
    told_s: float
    ready_s: float


async def _kills(count: int) -> list[Row]:
    chance = random.Random(8)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        shutil.copytree(store.embedded(), model)
        before = fingerprints(model)
        kills = [await _kill(model, chance, loading=n % 2 == 1) for n in range(count)]
        after = fingerprints(model)
    return judged(kills, before, after)


def judged(kills: Sequence[Kill], before: Mapping[str, str], after: Mapping[str, str]) -> list[Row]:
    """The figures of all rounds, and what the model was before and after them."""
    slowest = max(kill.ready_s for kill in kills)
    told = [kill for kill in kills if kill.code]
    latest = max((kill.told_s for kill in told), default=0.0)
    codes = {kill.code for kill in told}
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return [
        Row(
            PROMISE,
            f"ready again after SIGKILL, the slowest of {len(kills)}",
            f"<= {within(READY_S):g} s",
            f"{slowest:.2f} s",
            slowest <= within(READY_S),
        ),
        Row(
            PROMISE,
            f"callers told, the latest of {len(told)}",
            f"UNAVAILABLE in <= {within(TOLD_S):g} s",
            f"{', '.join(sorted(codes))} in {latest * 1000:.0f} ms",
            codes <= {"UNAVAILABLE"} and latest <= within(TOLD_S),
        ),
        Row(
            PROMISE,
            "files of the model that changed",
            "0",
            f"{len(changed)} of {len(before)}",
            bool(before) and not changed,
        ),
    ]


def fingerprints(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file under a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def _kill(model: Path, chance: random.Random, *, loading: bool) -> Kill:
    """Kills a server while it loads or while it works, and starts another."""
    server = spawn("--model", str(model))
    code, told_s = "", 0.0
    try:
        if loading:
            await asyncio.sleep(chance.uniform(0, _START_S))
            server.process.kill()
        else:
            code, told_s = await _kill_at_work(server, chance)
    finally:
        server.process.kill()
        server.wait()
    began = time.monotonic()
    again = spawn("--model", str(model))
    try:
        await asyncio.to_thread(again.serving.wait, 30)
        async with grpc.aio.insecure_channel(again.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            await stub.TranslateText(pb.TranslateTextRequest(texts=[_TYPICAL]))
        return Kill(code, told_s, time.monotonic() - began)
    finally:
        again.process.kill()
        again.wait()


async def _kill_at_work(server: ServerProcess, chance: random.Random) -> tuple[str, float]:
    await asyncio.to_thread(server.serving.wait, 30)
    text = "\n".join([_TYPICAL] * 2_000)
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).SummarizeDocument(
            pb.SummarizeDocumentRequest(text=text)
        )
        await call.read()
        await asyncio.sleep(chance.uniform(0, 0.3))
        server.process.kill()
        killed = time.monotonic()
        code = (await call.code()).name
        return code, time.monotonic() - killed


async def _poison(count: int, defect: str) -> list[Row]:
    with scripted_server(0.0001, defect=defect) as server:
        phase = Phase("poisoned", workers=32, count=count)
        history = await generated(Plan([server.address], [phase], _POISONED))
        failed = server.counters()["mujaz_batches_failed_total"]
    return [harmed(history.calls, failed)]


def harmed(calls: Sequence[Call], failed_batches: float) -> Row:
    """What poison did to others: anything but their own text and OK is harm."""
    found = violations(calls)
    words = f"{len(found)} of {len(calls)} calls, while {failed_batches:.0f} batches failed"
    kept = not found and failed_batches > 0
    return Row(PROMISE, "calls harmed by poison sentences of others", "0", words, kept)


async def _hang() -> list[Row]:
    """Hangs one of two threads: callers must be answered, health told, the process gone."""
    with scripted_server(watchdog=WATCHDOG_S, drain_grace=20.0) as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            health: Any = health_pb2_grpc.HealthStub(channel)
            watch = health.Watch(health_pb2.HealthCheckRequest())
            await watch.read()
            began = time.monotonic()
            codes = asyncio.gather(
                *(_code(channel, tagged(1, n, extra=HANGS if n == 0 else "")) for n in range(20))
            )
            states = await _states(watch)
            status = await asyncio.to_thread(server.server.wait)
            ended_s = time.monotonic() - began
            told = await codes
    turned = health_pb2.HealthCheckResponse.NOT_SERVING in states
    return [
        Row(
            PROMISE,
            f"a hung engine, watchdog of {WATCHDOG_S:g} s",
            f"NOT_SERVING, exit {EXIT_HUNG}",
            f"{'NOT_SERVING' if turned else 'no word'}, exit {status} after {ended_s:.2f} s",
            turned and status == EXIT_HUNG and ended_s <= WATCHDOG_S + within(1),
        ),
        Row(
            PROMISE,
            f"callers of {len(told)} without an answer when an engine hangs",
            "0",
            f"{told.count('')} ({', '.join(sorted(set(told)))})",
            "" not in told,
        ),
    ]


async def _states(
    watch: grpc.aio.UnaryStreamCall[object, health_pb2.HealthCheckResponse],
) -> set[int]:
    states = set()
    try:
        while isinstance(reply := await watch.read(), health_pb2.HealthCheckResponse):
            states.add(reply.status)
    except grpc.aio.AioRpcError:
        pass
    return states


async def _code(channel: grpc.aio.Channel, text: str) -> str:
    call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(
        pb.TranslateTextRequest(texts=[text])
    )
    try:
        async with asyncio.timeout(WATCHDOG_S + 5):
            return (await call.code()).name
    except TimeoutError:
        return ""
