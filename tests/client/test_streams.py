from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client import (
    AsyncClient,
    Client,
    ClientClosedError,
    DeadlineExceededError,
    Summary,
    Timeouts,
)

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

PATIENCE = 10.0
FULL = (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


async def test_a_deadline_ends_a_stream_that_stalls(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        with pytest.raises(DeadlineExceededError, match="within the deadline"):
            await client.summarize(article, timeout=0.3)
    assert server.ended.get(timeout=PATIENCE)


async def test_each_method_has_a_deadline_of_its_own(server: ScriptedServer, article: str) -> None:
    timeouts = Timeouts(text=11, document=22, models=33)
    async with AsyncClient(server.target, timeouts=timeouts) as client:
        await client.translate_text(["نص"])
        await client.summarize(article)
        await client.list_models()
        await client.translate_text(["نص"], timeout=44)
    with Client(server.target, timeouts=timeouts) as threaded:
        threaded.translate_text(["نص"])
        list(threaded.translate_document(article))
    assert [round(left) for left in server.remaining] == [11, 22, 33, 33, 44, 11, 22]


async def test_closing_the_generator_cancels_the_call(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        async with contextlib.aclosing(client.summarize_document(article)) as events:
            await anext(events)
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_breaking_out_of_the_loop_cancels_the_call(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        async for _ in client.summarize_document(article):
            break
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_cancelling_the_task_cancels_the_call(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        seen = asyncio.Event()

        async def read() -> None:
            async for _ in client.summarize_document(article):
                seen.set()

        task = asyncio.create_task(read())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_closing_the_client_is_no_cancellation_of_the_reader(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    client = AsyncClient(server.target)
    seen = asyncio.Event()

    async def read() -> None:
        async for _ in client.summarize_document(article):
            seen.set()

    task = asyncio.create_task(read())
    await seen.wait()
    await client.close()
    with pytest.raises(ClientClosedError):
        await task
    with pytest.raises(ClientClosedError):
        await client.list_models()


async def test_a_generator_that_is_never_read_makes_no_call(
    server: ScriptedServer, article: str
) -> None:
    async with AsyncClient(server.target) as client:
        await client.summarize_document(article).aclose()
        await client.list_models()
    assert [type(request) for request in server.requests] == [pb.ListModelsRequest] * 2


def test_the_threaded_client_answers_as_the_other_does(
    server: ScriptedServer, article: str
) -> None:
    async def ask() -> Any:
        async with AsyncClient(server.target) as client:
            return (
                await client.summarize(article),
                await client.translate_text(["نص"]),
                await client.list_models(),
                [event async for event in client.translate_document(article)],
            )

    with Client(server.target) as client:
        threaded = (
            client.summarize(article),
            client.translate_text(["نص"]),
            client.list_models(),
            list(client.translate_document(article)),
        )
    assert threaded == asyncio.run(ask())


def test_one_threaded_client_serves_many_threads(server: ScriptedServer, article: str) -> None:
    summaries: list[Summary | None] = []
    with Client(server.target) as client:
        threads = [
            threading.Thread(target=lambda: summaries.append(client.summarize(article).summary))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(summaries) == 8
    assert summaries.count(summaries[0]) == 8


def test_closing_the_threaded_generator_cancels_the_call(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    with Client(server.target) as client:
        with contextlib.closing(client.summarize_document(article)) as events:
            next(events)
        assert server.ended.get(timeout=PATIENCE)


def test_closing_the_threaded_client_ends_its_calls(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(1))
    client = Client(server.target)
    events = client.summarize_document(article)
    next(events)
    client.close()
    with pytest.raises(ClientClosedError):
        next(events)
    with pytest.raises(ClientClosedError):
        client.list_models()
    assert server.ended.get(timeout=PATIENCE)


@given(text=st.text(min_size=1).filter(lambda text: bool(text.strip())))
@settings(max_examples=60)
def test_gaps_and_sources_give_the_document_back(shared_server: ScriptedServer, text: str) -> None:
    with Client(shared_server.target) as client:
        result = client.summarize(text)
    pieces = [*(s.source_text for s in result.sentences), ""]
    assert "".join(a + b for a, b in zip(result.gaps, pieces, strict=True)) == text
