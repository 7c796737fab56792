"""Work whose caller has gone, whose reader has stopped, or whose time is up."""

import asyncio
from collections.abc import Callable

import grpc
import grpc.aio
import pytest

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from scripted import ScriptedModel, Serving, serving, until
from statuses import failure

LINES = [f"الخبر رقم {number} من المدينة." for number in range(1_000)]
DOCUMENT = pb.SummarizeDocumentRequest(text="\n".join(LINES))
SHORT = pb.TranslateTextRequest(texts=["وصل الوزير."])


def drained(served: Serving) -> Callable[[], bool]:
    return lambda: served.app.worker.load().jobs == 0 and not len(served.app.rpc.in_flight)


@pytest.mark.parametrize("quality", ["FAST", "BALANCED"])
async def test_a_cancelled_document_leaves_the_queue_and_starts_no_row(quality: str) -> None:
    options = pb.TranslationOptions(quality=pb.Quality.Value(f"QUALITY_{quality}"))
    request = pb.SummarizeDocumentRequest(text=DOCUMENT.text, options=options)
    async with serving() as served:
        served.model.gate.clear()
        call = served.stub.SummarizeDocument(request)
        await call.read()
        await until(lambda: bool(served.model.started))
        started = len(served.model.started)
        call.cancel()
        await until(drained(served))  # while the engine still holds its batch
        served.model.gate.set()
        await served.stub.TranslateText(SHORT)
        assert len(served.model.started) == started + 1
        dropped = served.app.metrics.registry.get_sample_value(
            "mujaz_dropped_total", {"reason": "cancelled"}
        )
        assert dropped == 1_000 - started


async def test_a_greedy_batch_is_left_by_the_cancelled_and_serves_the_next() -> None:
    options = pb.TranslationOptions(quality=pb.QUALITY_FAST)
    async with serving() as served:
        served.model.gate.clear()
        call = served.stub.SummarizeDocument(
            pb.SummarizeDocumentRequest(text=DOCUMENT.text, options=options)
        )
        await call.read()
        await until(lambda: bool(served.model.started))
        call.cancel()
        # The gate is still closed: the next batch can start only if the rows have ended.
        waiting = asyncio.create_task(_answer(served))
        await until(lambda: "وصل الوزير." in served.model.started)
        served.model.gate.set()
        await waiting


async def _answer(served: Serving) -> pb.TranslateTextResponse:
    answer: pb.TranslateTextResponse = await served.stub.TranslateText(SHORT)
    return answer


async def test_a_client_that_vanishes_takes_its_work_along() -> None:
    async with serving() as served:
        served.model.gate.clear()
        channel = grpc.aio.insecure_channel(served.address)
        call = mujaz_pb2_grpc.MujazServiceStub(channel).SummarizeDocument(DOCUMENT)
        await call.read()
        await channel.close(None)
        await until(drained(served))
        served.model.gate.set()
        assert await served.stub.TranslateText(SHORT)


async def test_stopping_returns_only_when_every_call_has_run_its_last_line() -> None:
    async with serving() as served:
        served.model.gate.clear()
        calls = [served.stub.SummarizeDocument(DOCUMENT) for _ in range(8)]
        for call in calls:
            await call.read()
        await served.app.rpc.stop(0)
        assert len(served.app.rpc.in_flight) == 0
        assert served.app.worker.load().jobs == 0
        for call in calls:
            assert await call.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
        served.model.gate.set()


async def test_of_the_stops_of_grpc_that_overlap_one_alone_can_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two would race for a server that the first destroys, and the process would die of it."""
    graces: list[float] = []
    kind = type(grpc.aio.server())
    grpc_stop = kind.stop

    async def stop(server: grpc.aio.Server, grace: float | None) -> None:
        graces.append(grace or 0.0)
        await grpc_stop(server, grace)

    monkeypatch.setattr(kind, "stop", stop)
    async with serving() as served:
        served.model.gate.clear()
        await served.stub.SummarizeDocument(DOCUMENT).read()
        await served.app.rpc.stop(0.01)
        served.model.gate.set()
    api_stops = graces[:2]
    assert min(api_stops) == 0
    assert max(api_stops) > 60 * 60


async def test_a_reader_that_stops_stops_its_own_work_and_nobody_elses() -> None:
    async with serving(stream_window=16, stall_timeout=0.3, max_code_points=4_000_000) as served:
        big = pb.TranslateDocumentRequest(
            text="\n".join("طويل " * 30 + line for line in LINES * 10)
        )
        options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.use_local_subchannel_pool", 1))
        async with grpc.aio.insecure_channel(served.address, options=options) as channel:
            call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateDocument(big)
            await call.read()
            assert await served.stub.TranslateText(SHORT)
            await until(lambda: not len(served.app.rpc.in_flight), seconds=20)
            assert len(served.model.started) < len(LINES) * 10
            call.cancel()
        assert await served.stub.TranslateText(SHORT)


async def test_a_deadline_of_a_millisecond_starts_no_work() -> None:
    async with serving() as served:
        for _ in range(20):
            told = await failure(served.stub.SummarizeDocument(DOCUMENT, timeout=0.001))
            assert told.code == "DEADLINE_EXCEEDED"
        await until(drained(served))
        assert await served.stub.TranslateText(SHORT)


async def test_a_deadline_that_passes_in_the_queue_drops_what_waits() -> None:
    async with serving() as served:
        served.model.gate.clear()
        call = served.stub.SummarizeDocument(DOCUMENT, timeout=0.2)
        assert (await failure(call)).code == "DEADLINE_EXCEEDED"
        await until(drained(served))


async def test_a_call_without_a_deadline_gets_the_servers() -> None:
    async with serving(default_deadline=0.2) as served:
        served.model.gate.clear()
        for call in (
            served.stub.SummarizeDocument(DOCUMENT),
            served.stub.TranslateText(SHORT),
        ):
            told = await failure(call)
            assert told.code == "DEADLINE_EXCEEDED"
            assert told.reason in {"DEADLINE_PASSED", "SERVER_DEADLINE_PASSED"}


async def test_short_calls_go_before_the_rest_of_a_long_document() -> None:
    model = ScriptedModel()
    async with serving(model, batch_rows=8) as served:
        model.gate.clear()
        document = served.stub.SummarizeDocument(DOCUMENT)
        await document.read()
        await until(lambda: bool(model.started))
        short = asyncio.create_task(_answer(served))
        await until(lambda: served.app.worker.load().jobs == len(LINES))
        model.gate.set()
        await short
        assert model.started.index("وصل الوزير.") == 1
        document.cancel()
