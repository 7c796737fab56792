"""mujaz behind the proxy of Ray Serve says what it says without."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_client import AsyncClient
from rayserve.clusters import RayCluster
from rayserve.replicas import BROKEN, HELD, ToldModel, started
from scripted import serving, transliterated, until
from statuses import failure

LINES = [f"الخبر رقم {number} من المدينة." for number in range(40)]
HELD_DOCUMENT = pb.SummarizeDocumentRequest(text="\n".join(f"{HELD} {line}" for line in LINES[:10]))
SHORT = pb.TranslateTextRequest(texts=["وصل الوزير."])
INNER = ("Traceback", "Error", "File ", "ray", "actor", "/", "127.0.0.1", "pid", "secret")


@pytest.fixture
async def stub(cluster: RayCluster) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(cluster.address) as channel:
        yield mujaz_pb2_grpc.MujazServiceStub(channel)


def rows(cluster: RayCluster) -> int:
    return sum(map(len, started(cluster.folder).values()))


async def test_replicas_come_with_the_calls(cluster: RayCluster, stub: Any) -> None:
    assert await cluster.status() == {"RUNNING": 1}
    held = [stub.SummarizeDocument(HELD_DOCUMENT) for _ in range(6)]
    await cluster.replicas(2)
    for call in held:
        call.cancel()


async def test_unary_calls_are_answered(stub: Any) -> None:
    answer = await stub.TranslateText(SHORT)
    assert answer.translations[0].text == transliterated(SHORT.texts[0])
    assert [each.name for each in (await stub.ListModels(pb.ListModelsRequest())).models] == [
        "scripted"
    ]


@pytest.mark.parametrize("method", ["TranslateDocument", "SummarizeDocument"])
async def test_streams_say_what_one_server_says(stub: Any, method: str) -> None:
    request = getattr(pb, f"{method}Request")(text="\n".join(LINES))
    events = [event async for event in getattr(stub, method)(request)]
    async with serving() as served:
        alone = [event async for event in getattr(served.stub, method)(request)]
    assert events[:-1] == alone[:-1]
    assert events[-1].report.source_token_count == alone[-1].report.source_token_count


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("TranslateText", pb.TranslateTextRequest(texts=[" ", ""])),
        ("TranslateText", pb.TranslateTextRequest(texts=[f"{BROKEN} خبر."])),
        ("SummarizeDocument", pb.SummarizeDocumentRequest(text=" ")),
        ("SummarizeDocument", pb.SummarizeDocumentRequest(text="خبر" * 400_000)),
        ("TranslateDocument", pb.TranslateDocumentRequest(text=f"{BROKEN} خبر.")),
        ("ListModels", pb.ListModelsRequest(page_size=-1)),
    ],
)
async def test_failures_say_what_one_server_says(stub: Any, method: str, request_: Any) -> None:
    metadata = (("x-request-id", "r-1"),)
    told = await failure(getattr(stub, method)(request_, metadata=metadata))
    async with serving(ToldModel()) as served:
        alone = await failure(getattr(served.stub, method)(request_, metadata=metadata))
    assert told == alone
    assert not [word for word in INNER if word in told.message]


async def test_bytes_that_are_no_request_are_refused_by_the_proxy(cluster: RayCluster) -> None:
    async with grpc.aio.insecure_channel(cluster.address) as channel:
        call: Any = channel.unary_unary("/mujaz.v1.MujazService/TranslateText")
        assert (await failure(call(b"\xff\xff"))).reason == "MALFORMED_REQUEST"


@pytest.mark.parametrize("ends", ["cancel", "deadline"])
async def test_the_work_of_a_caller_that_leaves_is_dropped(
    cluster: RayCluster, stub: Any, ends: str
) -> None:
    before = rows(cluster)
    timeout = 3 if ends == "deadline" else None
    calls = [
        stub.SummarizeDocument(HELD_DOCUMENT, timeout=timeout, metadata=(("x-request-id", ends),))
        for _ in range(4)
    ]
    for call in calls:
        assert (await call.read()).HasField("outline")
    await until(lambda: rows(cluster) > before)
    for call in calls:
        if ends == "cancel":
            call.cancel()
        assert await call.code() in {
            grpc.StatusCode.CANCELLED,
            grpc.StatusCode.DEADLINE_EXCEEDED,
        }
    # Nothing opens what is held: these are answered only where it has been left.
    await asyncio.gather(*(stub.TranslateText(SHORT) for _ in range(8)))
    after = rows(cluster)
    assert after < before + 4 * 10
    await asyncio.gather(*(stub.TranslateText(SHORT) for _ in range(8)))
    assert rows(cluster) == after + 8
    # A replica that was not told of a deadline would take the end for a cancellation.
    code = {"cancel": "CANCELLED", "deadline": "DEADLINE_EXCEEDED"}[ends]
    ended = f'"code": "{code}"'
    await until(lambda: len(ends_of(cluster, ends)) == len(calls))
    assert all(ended in line for line in ends_of(cluster, ends))


def ends_of(cluster: RayCluster, request_id: str) -> list[str]:
    lines = cluster.log.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if f'"request_id": "{request_id}", "event": "call end' in line]


async def test_a_reader_that_stops_does_not_stop_its_work(cluster: RayCluster, stub: Any) -> None:
    """One server would; `docs/ray-serve.md` says so."""
    before, lines = rows(cluster), LINES * 50
    options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.use_local_subchannel_pool", 1))
    async with grpc.aio.insecure_channel(cluster.address, options=options) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateDocument(
            pb.TranslateDocumentRequest(text="\n".join("طويل " * 30 + line for line in lines))
        )
        await call.read()
        await until(lambda: rows(cluster) >= before + len(lines), seconds=30)
    assert await stub.TranslateText(SHORT)


async def test_a_node_that_dies_loses_only_calls_in_progress_which_retries_bring_home(
    cluster: RayCluster, stub: Any
) -> None:
    await cluster.replicas(2)
    before, held = started(cluster.folder), []
    while len(holding(cluster, before)) < 2:
        call = stub.SummarizeDocument(HELD_DOCUMENT)
        await call.read()
        held.append(asyncio.create_task(failure(rest(call))))
    over = asyncio.Event()
    async with AsyncClient(cluster.address) as client:
        load = [asyncio.create_task(_answered_until(client, over)) for _ in range(4)]
        await cluster.kill_a_node()
        lost, others = await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
        for each in lost:
            told = each.result()
            assert (told.code, told.reason) == ("UNAVAILABLE", "REPLICA_LOST")
            assert not [word for word in INNER if word in told.message]
        for other in others:
            other.cancel()
        await cluster.replaced(2)
        over.set()
        assert all(await asyncio.gather(*load))
    await asyncio.gather(*others, return_exceptions=True)


async def rest(call: Any) -> AsyncIterator[Any]:
    while (event := await call.read()) is not grpc.aio.EOF:
        yield event


def holding(cluster: RayCluster, before: dict[str, list[str]]) -> list[str]:
    """The replicas that have begun rows with HELD."""
    return [
        replica
        for replica, rows in started(cluster.folder).items()
        if any(HELD in row for row in rows[len(before.get(replica, ())) :])
    ]


async def _answered_until(client: AsyncClient, over: asyncio.Event) -> int:
    answered = 0
    while not over.is_set():
        await client.translate_text(SHORT.texts)
        answered += 1
    return answered
