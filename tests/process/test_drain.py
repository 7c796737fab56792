"""SIGTERM under load, through real processes and the real model."""

import asyncio
import signal
import urllib.request
from pathlib import Path
from typing import Any

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from processes import running
from statuses import failure

ARTICLE = (Path(__file__).parents[2] / "examples" / "article.ar.txt").read_text(encoding="utf-8")
REQUEST = pb.SummarizeDocumentRequest(text=ARTICLE)


async def test_sigterm_loses_none_of_eight_streams() -> None:
    with running() as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            calls = [stub.SummarizeDocument(REQUEST) for _ in range(8)]
            outlines: list[Any] = [await call.read() for call in calls]
            health: Any = health_pb2_grpc.HealthStub(channel)
            watch = health.Watch(health_pb2.HealthCheckRequest())
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
            server.process.send_signal(signal.SIGTERM)
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            streams = await asyncio.gather(*map(_rest, calls))
        assert await asyncio.to_thread(server.wait, 31) == 0
    for outline, stream in zip(outlines, streams, strict=True):
        report = stream[-1].report
        assert report.streamed_sentence_count == outline.outline.sentence_count
        assert sum(event.HasField("sentence") for event in stream) == outline.outline.sentence_count
    assert server.said("stopped")


async def _rest(call: Any) -> list[pb.SummarizeDocumentResponse]:
    """Reads on by read(), as the first event was read: a call takes one way of reading."""
    events = []
    while isinstance(event := await call.read(), pb.SummarizeDocumentResponse):
        events.append(event)
    return events


async def test_new_calls_are_unavailable_while_old_ones_end() -> None:
    with running("--threads", "1") as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            call = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=ARTICLE * 3))
            await call.read()
            server.process.send_signal(signal.SIGTERM)
            health = health_pb2_grpc.HealthStub(channel)
            while await _serving(health):
                pass
            told = await failure(stub.ListModels(pb.ListModelsRequest()))
            assert told.code == "UNAVAILABLE"
            assert (await _rest(call))[-1].HasField("report")
        assert await asyncio.to_thread(server.wait, 31) == 0


async def _serving(health: Any) -> bool:
    try:
        status = (await health.Check(health_pb2.HealthCheckRequest())).status
    except grpc.aio.AioRpcError:
        return False
    return bool(status == health_pb2.HealthCheckResponse.SERVING)


async def test_a_grace_that_passes_cuts_what_is_left() -> None:
    with running("--threads", "1", "--drain-grace", "0.2") as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            call = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=ARTICLE * 40))
            await call.read()
            server.process.send_signal(signal.SIGTERM)
            assert (await failure(_rest(call))).code in {"UNAVAILABLE", "CANCELLED"}
        assert await asyncio.to_thread(server.wait, 20) == 0


async def test_a_second_signal_ends_at_once() -> None:
    with running("--threads", "1") as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            call = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=ARTICLE * 40))
            await call.read()
            health: Any = health_pb2_grpc.HealthStub(channel)
            watch = health.Watch(health_pb2.HealthCheckRequest())
            await watch.read()
            server.process.send_signal(signal.SIGTERM)
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            server.process.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(server.wait, 10) == 130


async def test_metrics_are_there_and_logs_hold_no_text() -> None:
    with running("--log-level", "debug") as server:
        async with grpc.aio.insecure_channel(server.address) as channel:
            stub = mujaz_pb2_grpc.MujazServiceStub(channel)
            call = stub.SummarizeDocument(REQUEST, metadata=(("x-request-id", "the-demo"),))
            events = [event async for event in call]
        metrics = await asyncio.to_thread(_read, server.metrics)
        assert server.stop() == 0
    sentences = events[0].outline.sentence_count
    assert 'mujaz_calls_total{code="OK",method="SummarizeDocument"} 1.0' in metrics
    assert f"mujaz_sentences_total {sentences}.0" in metrics
    assert "mujaz_batch_rows_count" in metrics
    ended = server.said("call ended")
    assert (ended["request_id"], ended["code"]) == ("the-demo", "OK")
    logged = str(server.log) + str(server.other)
    for event in events:
        if event.HasField("sentence"):
            assert event.sentence.text not in logged
            assert event.sentence.source_text not in logged


def _read(url: str) -> str:
    with urllib.request.urlopen(url) as answer:  # noqa: S310  our own server
        text: str = answer.read().decode()
    return text
