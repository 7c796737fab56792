from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

import pytest

from mujaz_client.sidebyside import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator


async def test_results_come_in_order_though_later_ones_end_first() -> None:
    last_done = asyncio.Event()

    async def work(item: int) -> int:
        if item == 0:
            await last_done.wait()
        if item == 3:
            last_done.set()
        return item * 10

    assert [result async for result in side_by_side(range(4), work, 2)] == [0, 10, 20, 30]


async def test_no_more_run_at_a_time_than_allowed() -> None:
    running = most = 0

    async def work(_: int) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    async for _ in side_by_side(range(50), work, 3):
        pass
    assert most == 3


async def test_a_source_is_read_no_further_than_needed() -> None:
    drawn: list[int] = []
    first = asyncio.Event()

    def items() -> Iterator[int]:
        for item in range(1000):
            drawn.append(item)
            yield item

    async def work(item: int) -> int:
        if item == 1:
            first.set()
        return item

    async with contextlib.aclosing(side_by_side(items(), work, 2)) as results:
        await anext(results)
        await first.wait()
    assert len(drawn) <= 2 * 4 + 2


async def test_an_error_of_the_source_is_raised_where_results_are_read() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    async def work(item: int) -> int:
        return item

    results = side_by_side(items(), work, 2)
    assert await anext(results) == 1
    with pytest.raises(ValueError, match="torn"):
        await anext(results)


async def test_leaving_early_cancels_what_runs() -> None:
    cancelled = 0
    started = asyncio.Event()

    async def work(item: int) -> int:
        nonlocal cancelled
        if item == 0:
            await started.wait()
            return 0
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled += 1
        return item

    async with contextlib.aclosing(side_by_side(range(2), work, 2)) as results:
        assert await anext(results) == 0
    assert cancelled == 1
    for thread in threading.enumerate():
        if thread.name == "mujaz-inputs":
            thread.join(5)
            assert not thread.is_alive()
