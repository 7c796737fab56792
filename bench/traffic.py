"""Callers of a real server, in a process of their own, so that they share no interpreter with it.

    with running(*SAME_WORK) as server, generator() as callers:
        answers = callers(closed, server.address, calls, 32)

On a machine of few cores they still take time from the server: figures with them err to the low
side.
"""

import asyncio
import itertools
import multiprocessing
import random
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc

NO_CACHE = ("--cache-bytes", "0")
"""Flags of a server that translates every sentence that comes, again too."""
SAME_WORK = (*NO_CACHE, "--retry-share", "0")
"""Flags of a server that does what the offline limit does: every sentence, once."""
CONNECTIONS = 8
"""Over which callers are spread, as a few machines would be."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a caller asks.

    Attributes:
        text: One text, or a document.
        sentences: How many it has; the answer is refused where it has another number.
        streamed: Whether it goes by TranslateDocument; by TranslateText otherwise.
        quality: Of `Quality` of the API.
    """

    text: str
    sentences: int = 1
    streamed: bool = False
    quality: "pb.Quality.ValueType" = pb.QUALITY_BALANCED


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call went, in seconds of one steady clock.

    Attributes:
        due: When it should have begun: in an open loop by plan, in a closed one when it did.
        first: When its first sentence came.
        ended: When it was complete.
        sentences: How many it brought.
    """

    due: float
    first: float
    ended: float
    sentences: int

    @property
    def latency(self) -> float:
        """From when it should have begun to its end."""
        return self.ended - self.due


Callers = Callable[..., list[Answer]]
Stub: TypeAlias = "mujaz_pb2_grpc.MujazServiceAsyncStub"


@contextmanager
def generator() -> Iterator[Callers]:
    """Yields what runs `closed` or `opened` in the other process and returns their answers."""
    with background() as started:

        def wait(loop: Callable[..., list[Answer]], *arguments: Any) -> list[Answer]:  # noqa: ANN401
            return started(loop, *arguments).result()

        yield wait


@contextmanager
def background() -> Iterator[Callable[..., "Future[list[Answer]]"]]:
    """Yields the same, not waited for: load while something else is measured."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(_ready).result()
        yield pool.submit


def _ready() -> None:
    """Makes the process start and import, before anything is timed."""


def closed(
    addresses: str, calls: Sequence[Call], callers: int, connections: int = CONNECTIONS
) -> list[Answer]:
    """Makes all calls, so many at a time: a caller begins the next when it has its answer."""
    return asyncio.run(_closed(addresses, calls, callers, connections))


def opened(address: str, calls: Sequence[Call], rate: float, seconds: float) -> list[Answer]:
    """Begins calls at so many a second, at random moments (Poisson), answered or not.

    Calls are taken in turn, again from the first where they end. A slow server is so met by as many
    calls as a quick one, and what a call waits because others were slow counts (Tene, 2013).
    """
    return asyncio.run(_opened(address, calls, rate, seconds))


def rate(answers: Sequence[Answer]) -> float:
    """Sentences a second, from the first call's beginning to the last one's end."""
    seconds = max(each.ended for each in answers) - min(each.due for each in answers)
    return sum(each.sentences for each in answers) / seconds


def p50(answers: Sequence[Answer]) -> float:
    """The median latency."""
    return statistics.median(each.latency for each in answers)


def p95(answers: Sequence[Answer]) -> float:
    """The latency that one in twenty exceeds."""
    return statistics.quantiles([each.latency for each in answers], n=20, method="inclusive")[-1]


async def _closed(
    addresses: str, calls: Sequence[Call], callers: int, connections: int
) -> list[Answer]:
    waiting = iter(calls)
    answers: list[Answer] = []

    async def caller(stub: Stub) -> None:
        for call in waiting:  # all callers take from one
            answer = await asked(stub, call, time.perf_counter())
            answers.append(answer)

    async with AsyncExitStack() as stack:
        stubs = await _stubs(stack, addresses, min(connections, callers))
        async with asyncio.TaskGroup() as group:
            for stub in itertools.islice(itertools.cycle(stubs), callers):
                group.create_task(caller(stub))
    return answers


async def _opened(address: str, calls: Sequence[Call], rate: float, seconds: float) -> list[Answer]:
    chance = random.Random(6)
    async with AsyncExitStack() as stack:
        stubs = itertools.cycle(await _stubs(stack, address, CONNECTIONS))
        around = itertools.cycle(calls)
        tasks = []
        began = due = time.perf_counter()
        while (due := due + chance.expovariate(rate)) < began + seconds:
            await asyncio.sleep(due - time.perf_counter())
            tasks.append(asyncio.create_task(asked(next(stubs), next(around), due)))
        return list(await asyncio.gather(*tasks))


async def _stubs(stack: AsyncExitStack, target: str, connections: int) -> list[Stub]:
    stubs = []
    for _ in range(connections):
        channel = await stack.enter_async_context(channel_to(target))
        await channel.channel_ready()
        stubs.append(mujaz_pb2_grpc.MujazServiceStub(channel))
    return stubs


def channel_to(target: str) -> grpc.aio.Channel:
    """Returns a channel with a connection of its own, that takes turns where it has several."""
    return grpc.aio.insecure_channel(
        target,
        options=[
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.service_config", '{"loadBalancingConfig": [{"round_robin": {}}]}'),
        ],
    )


async def asked(stub: Stub, call: Call, due: float) -> Answer:
    """Makes a call; an answer that is not whole ends the benchmark."""
    options = pb.TranslationOptions(quality=call.quality)
    first, count = 0.0, 0
    if call.streamed:
        complete = False
        request = pb.TranslateDocumentRequest(text=call.text, options=options)
        async for event in stub.TranslateDocument(request):
            if event.HasField("sentence"):
                first = first or time.perf_counter()
                count += 1
            complete = event.HasField("report")
    else:
        reply = await stub.TranslateText(
            pb.TranslateTextRequest(texts=[call.text], options=options)
        )
        count = len(reply.translations[0].sentences)
        complete = True
    if not complete or count != call.sentences:
        raise RuntimeError(f"{count} of {call.sentences} sentences came")
    ended = time.perf_counter()
    return Answer(due, first or ended, ended, count)


def metric(url: str, name: str) -> float:
    """Returns a metric of a server by its name, `mujaz_` left out."""
    with urllib.request.urlopen(url) as answer:  # noqa: S310  our own server
        lines = answer.read().decode().splitlines()
    return float(dict(line.rsplit(" ", 1) for line in lines)[f"mujaz_{name}"])


def wait_until_idle(url: str) -> None:
    """Returns when a server has nothing waiting and nothing running."""
    while metric(url, "queue_sentences") or metric(url, "batch_running_seconds"):
        time.sleep(0.005)
