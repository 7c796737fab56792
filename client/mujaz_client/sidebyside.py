"""Many pieces of work at a time, their results in order, their sources read as needed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 4


async def side_by_side(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], concurrency: int
) -> AsyncGenerator[R]:
    """Yields `await work(item)` for each item in order, at most `concurrency` at a time.

    A slow item does not hold up those behind it: up to four times `concurrency`
    are begun or wait to be yielded. Items are drawn in a thread of their own, so
    that a source that blocks (standard input) holds up no result; the thread is
    a daemon, since nothing can wake a blocked read.
    """
    loop = asyncio.get_running_loop()
    slots = asyncio.Semaphore(concurrency)
    room = threading.Semaphore(concurrency * _AHEAD)
    begun: asyncio.Queue[asyncio.Task[R] | Exception | None] = asyncio.Queue()
    unfinished: set[asyncio.Task[R]] = set()
    stopped = threading.Event()

    async def run(item: T) -> R:
        async with slots:
            return await work(item)

    def begin(item: T) -> None:
        task = loop.create_task(run(item))
        unfinished.add(task)
        begun.put_nowait(task)

    def draw() -> None:
        end: Exception | None = None
        try:
            for item in items:
                room.acquire()
                if stopped.is_set():
                    return
                loop.call_soon_threadsafe(begin, item)
        except Exception as error:  # noqa: BLE001 - raised where the results are read
            end = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the end
            loop.call_soon_threadsafe(begun.put_nowait, end)

    threading.Thread(target=draw, name="mujaz-inputs", daemon=True).start()
    try:
        while (task := await begun.get()) is not None:
            if isinstance(task, Exception):
                raise task
            yield await task
            unfinished.discard(task)
            room.release()
    finally:
        stopped.set()
        room.release()
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
