"""Loads: callers that call again when they are answered, for a while (a closed loop)."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from traffic import Answer

from peer_services.callers import Caller
from peer_services.started import Started


@dataclass(frozen=True, slots=True)
class Load:
    """So many callers at a time, of so many sentences a call."""

    callers: int
    sentences: int = 1

    def __str__(self) -> str:
        callers = "1 caller" if self.callers == 1 else f"{self.callers} callers"
        calls = "a sentence" if self.sentences == 1 else f"{self.sentences} sentences"
        return f"{callers}, {calls} a call"


async def answers_of(
    peer: Started, load: Load, texts: Sequence[str], seconds: float
) -> list[Answer]:
    """Loads a peer for so many seconds; calls in progress at the end are waited for, and count.

    Raises:
        RuntimeError: an answer has another number of sentences than its call.
    """
    starts = itertools.cycle(range(0, len(texts) - load.sentences + 1, load.sentences))
    answers: list[Answer] = []

    async def calling(caller: Caller, end: float) -> None:
        while (began := time.perf_counter()) < end:
            start = next(starts)
            lines = await caller.translate(texts[start : start + load.sentences])
            if len(lines) != load.sentences:
                raise RuntimeError(f"{peer.peer.name}: {len(lines)} of {load.sentences} came")
            ended = time.perf_counter()
            answers.append(Answer(began, ended, ended, len(lines)))

    async with _callers(peer, load.callers) as callers, asyncio.TaskGroup() as group:
        end = time.perf_counter() + seconds
        for caller in callers:
            group.create_task(calling(caller, end))
    return answers


async def translations_of(peer: Started, texts: Sequence[str]) -> list[str]:
    """Has each text translated by a call of its own, one after the other."""
    async with _callers(peer, 1) as (caller,):
        return [(await caller.translate([text]))[0] for text in texts]


@asynccontextmanager
async def _callers(peer: Started, count: int) -> AsyncIterator[list[Caller]]:
    callers = [peer.peer.caller(peer.port) for _ in range(count)]
    try:
        await asyncio.gather(*(each.connect() for each in callers))
        yield callers
    finally:
        await asyncio.gather(*(each.close() for each in callers))
