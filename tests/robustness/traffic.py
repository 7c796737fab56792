"""The generator, in a process of its own: `python -m robustness.traffic FILE PLAN`.

It makes the calls of a plan and writes every event it sees to the file, one JSON object a line:
what a call meant to do (`meant`), what came (`outline`, `sentence`, `summary`, `report`), what it
did (`cancel`) and how it ended (`status`). Times are of the machine's monotonic clock, which all
processes share. The last line tells what the generator itself took (`generator`).
"""

import asyncio
import itertools
import json
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, TextIO

import grpc.aio

from malformed import malformed_call
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_client.channel import open_asyncio
from robustness.engine import POISON
from robustness.plan import Kind, Phase, Plan, lines, tag
from statuses import unpacked

_REQUESTS: dict[str, Any] = {
    "TranslateText": pb.TranslateTextRequest,
    "TranslateDocument": pb.TranslateDocumentRequest,
    "SummarizeDocument": pb.SummarizeDocumentRequest,
}
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_retries", 0),
    # What a fault has cut is to be there again soon, not after a minute.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
)


class Generator:
    """Makes the calls of one plan."""

    def __init__(self, plan: Plan, file: TextIO) -> None:
        self._plan = plan
        self._file = file
        self._chance = random.Random(plan.seed)
        self._ids = itertools.count(plan.first_call)
        self._channels = itertools.cycle(
            [
                _channel(address, number, shipped=plan.shipped)
                for number in range(plan.channels)
                for address in plan.addresses
            ]
        )

    async def run(self) -> None:
        """Goes through the phases and waits for their last call."""
        began, cpu = time.monotonic(), time.process_time()
        open_calls: list[asyncio.Task[None]] = []
        for phase in self._plan.phases:
            if phase.workers:
                await self._closed_loop(phase)
            else:
                open_calls += [call async for call in self._open_loop(phase)]
        await asyncio.gather(*open_calls)
        seconds = time.monotonic() - began
        self._write(-1, "generator", cpu=(time.process_time() - cpu) / seconds)

    async def _open_loop(self, phase: Phase) -> AsyncIterator[asyncio.Task[None]]:
        began = time.monotonic()
        for number in range(round(phase.rate * phase.seconds)):
            intended = began + (number + self._chance.random()) / phase.rate
            await asyncio.sleep(intended - time.monotonic())
            yield asyncio.create_task(self._guarded(phase, intended))
        await asyncio.sleep(began + phase.seconds - time.monotonic())

    async def _closed_loop(self, phase: Phase) -> None:
        turns = iter(range(phase.count))

        async def work() -> None:
            for _ in turns:
                await self._guarded(phase, time.monotonic())

        await asyncio.gather(*(work() for _ in range(phase.workers)))

    async def _guarded(self, phase: Phase, intended: float) -> None:
        weights = [kind.weight for kind in self._plan.kinds]
        [kind] = self._chance.choices(self._plan.kinds, weights)
        patience = self._plan.guard_s + (kind.deadline[1] if kind.deadline else 0.0)
        try:
            async with asyncio.timeout(patience):
                await self._call(next(self._ids), kind, phase.name, intended)
        except TimeoutError:
            pass  # without a status in the history: the validator says so

    async def _call(self, number: int, kind: Kind, phase: str, intended: float) -> None:
        channel = next(self._channels)
        deadline = intended + self._chance.uniform(*kind.deadline) if kind.deadline else None
        texts = lines(number, self._chance.randint(*kind.sentences), kind, self._extras(kind))
        self._write(
            number,
            "meant",
            phase=phase,
            fate=kind.fate,
            method=kind.method,
            intended=intended,
            deadline=deadline,
            sentences=len(texts),
            words=kind.words,
        )
        if kind.fate == "malformed":
            code = await malformed_call(channel, self._chance)
            self._write(number, "status", code=code, reason="", retry_s=None, pushback=None)
            return
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        request = _request(kind, texts)
        method = getattr(mujaz_pb2_grpc.MujazServiceStub(channel), kind.method)
        call = method(request, timeout=timeout, metadata=(("x-request-id", f"call-{number}"),))
        await self._follow(number, kind, call, texts)

    async def _follow(self, number: int, kind: Kind, call: Any, texts: list[str]) -> None:
        cutting = None
        after = self._chance.randint(0, len(texts)) if kind.fate == "cancel" else None
        if after == 0 or (kind.fate == "cancel" and kind.method == "TranslateText"):
            cutting = asyncio.create_task(self._cancel(number, call, self._chance.random() * 0.02))
        try:
            if kind.method == "TranslateText":
                self._answer(number, await call, texts)
            else:
                await self._read(number, call, texts, after)
            self._status(number, "OK")
        except grpc.aio.AioRpcError as error:
            self._failed(number, error)
        except asyncio.CancelledError:
            if not call.cancelled():
                call.cancel()
                raise
            self._status(number, "CANCELLED")
        finally:
            if cutting is not None:
                await cutting

    async def _read(
        self,
        number: int,
        call: Any,
        texts: list[str],
        cancel_after: int | None,
    ) -> None:
        """Reads a stream to its end, or until it is cancelled."""
        text = "\n".join(texts)
        count = 0
        async for event in call:
            kind = event.WhichOneof("event")
            told = {}
            if kind == "outline":
                told = {"count": event.outline.streamed_sentence_count}
            elif kind == "report":
                told = {"count": event.report.streamed_sentence_count}
            elif kind == "sentence":
                count += 1
                told = _told(event.sentence, text)
            self._write(number, kind, **told)
            if cancel_after and count == cancel_after and kind == "sentence":
                await self._cancel(number, call, 0.0)

    def _answer(self, number: int, answer: pb.TranslateTextResponse, texts: list[str]) -> None:
        self._write(number, "outline", count=len(texts))
        for position, (translation, text) in enumerate(
            zip(answer.translations, texts, strict=True)
        ):
            for sentence in translation.sentences:
                told = _told(sentence, text) | {"index": position + sentence.index}
                self._write(number, "sentence", **told)
        self._write(number, "report", count=len(answer.translations))

    async def _cancel(self, number: int, call: Any, delay: float) -> None:
        await asyncio.sleep(delay)
        if not call.done():
            self._write(number, "cancel")
            call.cancel()

    def _failed(self, number: int, error: grpc.aio.AioRpcError) -> None:
        told = unpacked(error)
        self._write(
            number,
            "status",
            code=told.code,
            reason=told.reason,
            retry_s=told.retry_seconds,
            pushback=told.pushback,
        )

    def _status(self, number: int, code: str) -> None:
        self._write(number, "status", code=code, reason="", retry_s=None, pushback=None)

    def _extras(self, kind: Kind) -> Iterator[bool]:
        while True:
            yield kind.extra_share > 0 and self._chance.random() < kind.extra_share

    def _write(self, call: int, kind: str, **told: Any) -> None:
        line = {"call": call, "kind": kind, "t": time.monotonic(), **told}
        self._file.write(json.dumps(line) + "\n")


def _told(sentence: pb.TranslatedSentence, text: str) -> dict[str, Any]:
    exact = text[sentence.start_offset : sentence.end_offset] == sentence.source_text
    return {
        "index": sentence.index,
        "source": tag(sentence.source_text),
        "text": tag(sentence.text),
        "failed": pb.QUALITY_FLAG_FAILED in sentence.flags,
        "poisoned": not POISON.isdisjoint(sentence.source_text.split()),
        "exact": exact,
    }


def _request(kind: Kind, texts: list[str]) -> Any:
    options = pb.TranslationOptions(quality=pb.Quality.Value(f"QUALITY_{kind.quality}"))
    make = _REQUESTS[kind.method]
    if kind.method == "TranslateText":
        return make(texts=texts, options=options)
    return make(text="\n".join(texts), options=options)


def _channel(address: str, number: int, *, shipped: bool) -> grpc.aio.Channel:
    if not shipped:
        return grpc.aio.insecure_channel(address, options=_OPTIONS)
    # gRPC's retry throttle is one for all channels of a process with the same target. A port with
    # zeros before it is the same port and another target: each channel is a client of its own.
    host, _, port = address.rpartition(":")
    return open_asyncio(f"{host}:{'0' * number}{port}", secure=False)


async def _main(path: str, plan: str) -> None:
    with Path(path).open("w", encoding="utf-8") as file:  # noqa: ASYNC230  written as it comes
        await Generator(Plan.from_json(plan), file).run()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
