"""Promise 4: no long document holds up a short call, and no caller gets more than its share.

Every caller has a token of its own. What each is served is read from the engine's own history, by
the owner that every sentence tells: tokens of rows that were started while all had work waiting.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.rpc.tokens import issue
from robustness.history import quantile
from robustness.plan import tagged
from robustness.promise import Row, within
from robustness.servers import ScriptedServer, scripted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence

PROMISE = 4
THREADS = 2
WORDS = 10
DOCUMENT = 10_000
UNEQUAL_CALLERS = 50
STREAMS = 500
MODEST_CALLERS = 10
_CHANNELS = 8
_OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


@dataclass(frozen=True, slots=True)
class Grain:
    """The engine's cost and the size of its batches, the grain in which all are served."""

    seconds_per_token: float
    batch_tokens: int

    @property
    def batch_s(self) -> float:
        """What a full batch takes."""
        return self.seconds_per_token * self.batch_tokens


SHORT_CALLS = Grain(0.0004, 64)
SHARES = Grain(0.0002, 32)


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        calls: One-sentence calls beside each long document.
        rounds: Long documents.
        seconds: For which shares are counted.
    """

    calls: int
    rounds: int
    seconds: float


SHORT = Size(80, 1, 2.0)
LONG = Size(200, 10, 10.0)


class Caller:
    """One token, and what is sent with it.

    Attributes:
        number: Whom all its sentences tell as their owner.
    """

    def __init__(self, number: int, token: str, channel: grpc.aio.Channel) -> None:
        self.number = number
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)

    async def call(self) -> float:
        """Makes a one-sentence call; returns its seconds."""
        began = time.monotonic()
        request = pb.TranslateTextRequest(
            texts=[tagged(self.number, 0, WORDS)],
            options=pb.TranslationOptions(quality=pb.QUALITY_FAST),
        )
        await self._stub.TranslateText(request, metadata=self._metadata)
        return time.monotonic() - began

    async def calls_on(self) -> None:
        """Makes one such call after the other, for ever."""
        while True:
            await self.call()

    @asynccontextmanager
    async def document(
        self, sentences: int, words: int = WORDS
    ) -> AsyncIterator[asyncio.Task[None]]:
        """Has a document translated; the block starts when it is admitted, the task reads it."""
        text = "\n".join(tagged(self.number, index, words) for index in range(sentences))
        request = pb.TranslateDocumentRequest(
            text=text, options=pb.TranslationOptions(quality=pb.QUALITY_FAST)
        )
        call = self._stub.TranslateDocument(request, metadata=self._metadata)
        await call.read()
        reading = asyncio.create_task(_read(call))
        try:
            yield reading
        finally:
            call.cancel()
            await reading


async def _read(call: Any) -> None:
    try:
        while await call.read() is not grpc.aio.EOF:
            pass
    except asyncio.CancelledError:
        if not call.cancelled():
            raise


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Measures all of it."""
    return [
        *await short_calls(size, defect),
        *await unequal_callers(size, defect),
        *await many_streams(size, defect),
    ]


async def short_calls(size: Size, defect: str = "") -> list[Row]:
    """Times one-sentence calls alone, and beside a long document of the same and of another."""
    async with _serving(2, SHORT_CALLS, defect) as (_, [reader, other]):
        unloaded = [await other.call() for _ in range(size.calls * size.rounds)]
        loaded: dict[str, list[float]] = {"its own": [], "another caller's": []}
        for _ in range(size.rounds):
            async with reader.document(DOCUMENT) as reading:
                timed = await asyncio.gather(
                    *(_timed(caller, size.calls, unloaded) for caller in (reader, other))
                )
                assert not reading.done(), "the document ended before all was measured"
            for all_of_them, more in zip(loaded.values(), timed, strict=True):
                all_of_them.extend(more)
    return [latencies(whose, unloaded, seconds) for whose, seconds in loaded.items()]


async def _timed(caller: Caller, calls: int, unloaded: Sequence[float]) -> list[float]:
    """Times calls; gives up after one that takes twenty times as long as it may."""
    patience = 20 * _bound(unloaded)
    seconds: list[float] = []
    try:
        while len(seconds) < calls:
            async with asyncio.timeout(patience):
                seconds.append(await caller.call())
    except TimeoutError:
        seconds.append(patience)
    return seconds


async def unequal_callers(size: Size, defect: str = "") -> list[Row]:
    """Counts what fifty callers are served, who send from one to five documents each."""
    async with _serving(UNEQUAL_CALLERS, SHARES, defect) as (server, callers):
        documents = []
        for caller in callers:
            words = 8 + caller.number * 7 % 24
            sentences = _enough(size.seconds, UNEQUAL_CALLERS) // words
            documents += [caller.document(sentences, words) for _ in range(1 + caller.number % 5)]
        tokens = await _served(server, documents, [], size.seconds)
    return [shares([tokens[caller.number] for caller in callers])]


async def many_streams(size: Size, defect: str = "") -> list[Row]:
    """Counts what ten callers are served beside one with 500 streams: documents and calls."""
    async with _serving(1 + MODEST_CALLERS, SHARES, defect) as (
        server,
        [greedy, *modest],
    ):
        sentences = _enough(size.seconds, MODEST_CALLERS) // WORDS
        documents = [caller.document(sentences) for caller in [greedy, *modest]]
        documents += [greedy.document(50) for _ in range(STREAMS // 2 - 1)]
        calls = [greedy.calls_on] * (STREAMS // 2)
        tokens = await _served(server, documents, calls, size.seconds)
    return [least(tokens[greedy.number], [tokens[caller.number] for caller in modest])]


def _enough(seconds: float, callers: int) -> int:
    """Tokens that one of so many callers is not served in the time, or while all begin."""
    return round(2 * THREADS * (seconds + 5) / SHARES.seconds_per_token / callers)


async def _served(
    server: ScriptedServer,
    documents: Sequence[Any],
    calls: Sequence[Callable[[], Coroutine[Any, Any, None]]],
    seconds: float,
) -> Counter[int]:
    """Counts the tokens of each owner in a stretch of time in which all documents run."""
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        async with asyncio.TaskGroup() as entering:
            entered = [
                entering.create_task(stack.enter_async_context(document)) for document in documents
            ]
        calling = [group.create_task(call()) for call in calls]
        began = time.monotonic()
        reading = [task.result() for task in entered]
        await asyncio.wait(reading, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        ended = time.monotonic()
        for task in calling:
            task.cancel()
    tokens: Counter[int] = Counter()
    for row in await asyncio.to_thread(server.rows, "started"):
        if began <= row["t"] < ended:
            tokens[row["tag"][0]] += len(row["text"].split())
    return tokens


@asynccontextmanager
async def _serving(
    callers: int, grain: Grain, defect: str
) -> AsyncIterator[tuple[ScriptedServer, list[Caller]]]:
    async with AsyncExitStack() as stack:
        path, tokens = stack.enter_context(_tokens(callers))
        server = stack.enter_context(
            scripted_server(
                grain.seconds_per_token,
                defect=defect,
                threads=THREADS,
                batch_tokens=grain.batch_tokens,
                tokens=str(path),
                max_queue_wait=3600,
                max_backlog_tokens=100_000_000,
            )
        )
        channels = [
            await stack.enter_async_context(
                grpc.aio.insecure_channel(server.address, options=_OPTIONS)
            )
            for _ in range(_CHANNELS)
        ]
        turns = cycle(channels)
        yield server, [Caller(number, token, next(turns)) for number, token in enumerate(tokens)]


@contextmanager
def _tokens(count: int) -> Iterator[tuple[Path, list[str]]]:
    issued = [issue(f"caller-{number}") for number in range(count)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokens.toml"
        path.write_text("\n".join(table for _, table in issued), encoding="utf-8")
        yield path, [token for token, _ in issued]


def latencies(whose: str, unloaded: Sequence[float], loaded: Sequence[float]) -> Row:
    """The figure of one-sentence calls beside a document."""
    p99, alone, batch = quantile(loaded, 0.99), quantile(unloaded, 0.99), SHORT_CALLS.batch_s
    bound = within(_bound(unloaded))
    return Row(
        PROMISE,
        f"one sentence beside {whose} document of {DOCUMENT:,}, p99",
        f"<= {bound * 1000:.1f} ms: 3 times unloaded, or unloaded and two batches"
        + (f", {within(1):g} times" if within(1) > 1 else ""),
        f"{p99 * 1000:.1f} ms; unloaded {alone * 1000:.1f} ms, a batch {batch * 1000:.1f} ms",
        p99 <= bound,
    )


def _bound(unloaded: Sequence[float]) -> float:
    alone = quantile(unloaded, 0.99)
    return max(3 * alone, alone + 2 * SHORT_CALLS.batch_s)


def shares(tokens: Sequence[int]) -> Row:
    """The figure of callers who should be served alike: Jain's index, 1 where they are."""
    squares = sum(each * each for each in tokens)
    index = sum(tokens) ** 2 / (len(tokens) * squares) if squares else 0.0
    return Row(
        PROMISE,
        f"Jain's index of tokens served to {len(tokens)} unequal callers",
        ">= 0.95",
        f"{index:.4f} ({min(tokens)} to {max(tokens)} tokens)",
        index >= 0.95,
    )


def least(greedy: int, modest: Sequence[int]) -> Row:
    """The figure of callers beside one who takes what it can."""
    fair = (greedy + sum(modest)) / (1 + len(modest))
    share = min(modest) / fair if fair else 0.0
    return Row(
        PROMISE,
        f"least of {len(modest)} callers beside one with {STREAMS} streams",
        ">= 90% of a fair share",
        f"{share:.1%} ({min(modest)} of {fair:.0f} tokens; the one got {greedy})",
        share >= 0.9,
    )
