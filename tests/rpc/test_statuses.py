"""The traps of grpc.aio, each closed: what a caller sees when something goes wrong."""

import asyncio
import gc
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.rpc import replies
from mujaz_server.rpc.errors import InvalidRequestError
from mujaz_server.summary.selection import ReasonKind
from mujaz_server.translation.checks import Flag
from scripted import ScriptedModel, serving, until
from statuses import failure

TEXT = "وصل الوزير الى المدينة."
DOCUMENT = pb.SummarizeDocumentRequest(text=TEXT)


async def test_an_exception_of_ours_is_internal_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("/secret/path and the caller's text")

    monkeypatch.setattr(replies, "sentence", broken)
    async with serving() as served:
        for call in (
            served.stub.TranslateText(pb.TranslateTextRequest(texts=[TEXT])),
            served.stub.SummarizeDocument(DOCUMENT),
        ):
            told = await failure(call)
            assert (told.code, told.reason) == ("INTERNAL", "INTERNAL")
            assert told.request_id == told.metadata["request_id"]
            assert "secret" not in told.message
            assert "RuntimeError" not in told.message


@pytest.mark.parametrize("method", ["TranslateText", "SummarizeDocument"])
async def test_a_cancelled_future_of_ours_does_not_leave_the_caller_waiting(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(replies, "sentence", cancelled)
    request = {"TranslateText": pb.TranslateTextRequest(texts=[TEXT])}.get(method, DOCUMENT)
    async with serving() as served:
        told = await failure(getattr(served.stub, method)(request))
    assert (told.code, told.reason) == ("INTERNAL", "INTERNAL")


def _methods(channel: grpc.aio.Channel) -> dict[str, Any]:
    def raw(data: bytes) -> bytes:
        return data

    ours = "/mujaz.v1.MujazService/"
    return {
        "unary": channel.unary_unary(ours + "TranslateText", raw, raw),
        "stream": channel.unary_stream(ours + "SummarizeDocument", raw, raw),
        "health": channel.unary_unary("/grpc.health.v1.Health/Check", raw, raw),
        "watch": channel.unary_stream("/grpc.health.v1.Health/Watch", raw, raw),
    }


@pytest.mark.parametrize("method", ["unary", "stream", "health", "watch"])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xff\xff\xff", id="no protobuf at all"),
        pytest.param(b"\x0a\xff\xff\xff\xff\x07abc", id="a length beyond the end"),
        pytest.param(b"\x0a\x02\xc3\x28", id="a string that is not UTF-8"),
        pytest.param(b"\x0a\x03\xed\xa0\x80", id="a lone surrogate"),
        pytest.param(b"\x0b" * 200, id="groups that never end"),
    ],
)
async def test_malformed_bytes_are_an_invalid_argument(method: str, data: bytes) -> None:
    async with serving() as served:
        told = await failure(_methods(served.channel)[method](data))
    assert (told.code, told.reason) == ("INVALID_ARGUMENT", "MALFORMED_REQUEST")


async def test_malformed_bytes_to_reflection_are_an_invalid_argument() -> None:
    async with serving() as served:
        call = served.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            lambda data: data,
            lambda data: data,
        )
        told = await failure(call(iter([b"\xff\xff"])))
    assert told.code == "INVALID_ARGUMENT"


async def test_reflection_tells_the_api_unless_it_is_off() -> None:
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    async with serving() as served:
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(served.channel)  # type: ignore[arg-type]
        [answer] = [each async for each in stub.ServerReflectionInfo(iter([request]))]
    assert {each.name for each in answer.list_services_response.service} >= {
        "mujaz.v1.MujazService",
        "grpc.health.v1.Health",
    }
    async with serving(reflection=False) as served:
        stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)  # type: ignore[arg-type]
        told = await failure(stub.ServerReflectionInfo(iter([request])))
    assert told.code == "UNIMPLEMENTED"


async def test_a_full_queue_is_refused_before_the_first_event_and_says_when_to_return() -> None:
    text = "\n".join(f"الخبر رقم {number} من المدينة." for number in range(200))
    async with serving(max_backlog_tokens=600) as served:
        served.model.gate.clear()
        half = pb.SummarizeDocumentRequest(text=text[: len(text) // 2])
        first = served.stub.SummarizeDocument(half)
        await first.read()
        call = served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text))
        told = await failure(call)
        headers = dict(await call.initial_metadata() or ())
        first.cancel()
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
    assert told.retry_seconds is not None
    assert told.retry_seconds > 0
    assert int(told.pushback or 0) == round(told.retry_seconds * 1000)
    assert not headers


async def test_a_stock_client_retries_a_refusal_by_itself() -> None:
    config = (
        '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4,'
        '"initialBackoff": "9s", "maxBackoff": "9s", "backoffMultiplier": 1,'
        '"retryableStatusCodes": ["RESOURCE_EXHAUSTED", "UNAVAILABLE"]}}]}'
    )
    async with serving(max_streams=1) as served:
        served.model.gate.clear()
        blocking = served.stub.TranslateText(pb.TranslateTextRequest(texts=[TEXT]))
        await until(lambda: bool(served.model.started))
        options = (("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1))
        async with grpc.aio.insecure_channel(served.address, options=options) as channel:
            retried = mujaz_pb2_grpc.MujazServiceStub(channel).ListModels(pb.ListModelsRequest())
            told = await failure(served.stub.ListModels(pb.ListModelsRequest()))
            served.model.gate.set()
            await blocking
            assert (await retried).models
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS")
    assert told.pushback == "1000"


@pytest.mark.parametrize(
    ("text", "limits", "unit"),
    [
        pytest.param("س" * 101, {"max_code_points": 100}, "code points", id="code points"),
        pytest.param("س.\n" * 11, {"max_sentences": 10}, "sentences", id="sentences"),
        pytest.param("كلمة " * 1_100_000, {}, "code points", id="ten megabytes"),
        pytest.param("خبر.\n" * 100_000, {}, "sentences", id="a hundred thousand sentences"),
    ],
)
async def test_a_text_too_large_is_refused_for_good(
    text: str, limits: dict[str, Any], unit: str
) -> None:
    async with serving(**limits) as served:
        for call in (
            served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text)),
            served.stub.TranslateText(pb.TranslateTextRequest(texts=[text])),
        ):
            told = await failure(call)
            assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TEXT_TOO_LARGE")
            assert told.metadata["unit"] == unit
            assert told.pushback == "-1"
            assert told.retry_seconds is None


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\N{BYTE ORDER MARK}\u200f\u200b", "\0\0"], ids=ascii
)
async def test_a_text_without_a_sentence_is_refused(text: str) -> None:
    async with serving() as served:
        told = await failure(served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text)))
    assert told.code == "INVALID_ARGUMENT"
    assert [each.field for each in told.violations] == ["text"]


async def test_the_callers_request_id_comes_back_when_it_is_fit_for_a_log() -> None:
    async def told_id(value: str) -> str | None:
        call = served.stub.SummarizeDocument(
            pb.SummarizeDocumentRequest(), metadata=(("x-request-id", value),)
        )
        return (await failure(call)).request_id

    async with serving() as served:
        assert await told_id("job-17") == "job-17"
        assert await told_id("two words") != "two words"
        assert await told_id("x" * 129) != "x" * 129


async def test_metadata_over_the_limit_is_refused_by_grpc() -> None:
    async with serving() as served:
        call = served.stub.ListModels(pb.ListModelsRequest(), metadata=(("x", "y" * 17_000),))
        assert (await failure(call)).code == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("text", [TEXT * 9, "\0" * 50_000_000], ids=["an honest one", "a bomb"])
async def test_a_compressed_request_is_refused_unread(text: str) -> None:
    async with serving(max_code_points=1_000) as served:
        call = served.stub.TranslateText(
            pb.TranslateTextRequest(texts=[text]), compression=grpc.Compression.Gzip
        )
        assert (await failure(call)).code == "UNIMPLEMENTED"
        assert await served.stub.TranslateText(pb.TranslateTextRequest(texts=[TEXT]))


async def test_health_is_serving_only_while_calls_are_answered() -> None:
    async with serving() as served:
        stub: Any = health_pb2_grpc.HealthStub(served.channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="mujaz.v1.MujazService"))
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        for service in ("", "mujaz.v1.MujazService"):
            check = await stub.Check(health_pb2.HealthCheckRequest(service=service))
            assert check.status == health_pb2.HealthCheckResponse.SERVING
        await served.app.rpc.not_serving()
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_calls_before_the_server_is_ready_are_unavailable() -> None:
    async with serving() as served:
        served.app.rpc.in_flight.ready = False
        told = await failure(served.stub.ListModels(pb.ListModelsRequest()))
    assert (told.code, told.reason) == ("UNAVAILABLE", "NOT_READY")
    assert told.pushback == "500"


async def test_every_flag_and_every_reason_has_its_number_in_the_api() -> None:
    assert {f"QUALITY_FLAG_{flag.name}" for flag in Flag} | {"QUALITY_FLAG_UNSPECIFIED"} == set(
        pb.QualityFlag.keys()
    )
    assert {f"REASON_KIND_{kind.name}" for kind in ReasonKind} | {"REASON_KIND_UNSPECIFIED"} == set(
        pb.ReasonKind.keys()
    )


async def test_failures_are_counted_by_code() -> None:
    async with serving(ScriptedModel()) as served:
        await served.stub.TranslateText(pb.TranslateTextRequest(texts=[TEXT]))
        await failure(served.stub.TranslateText(pb.TranslateTextRequest()))
        count = served.app.metrics.registry.get_sample_value
        for code in ("OK", "INVALID_ARGUMENT"):
            labels = {"method": "TranslateText", "code": code}
            assert count("mujaz_calls_total", labels) == 1
        assert count("mujaz_sentences_total") == 1
        assert count("mujaz_queue_sentences") == 0


async def test_a_call_that_failed_is_forgotten_before_the_collector_looks_at_everything() -> None:
    async with serving() as served:
        for request in [pb.TranslateTextRequest()] * 100:
            await failure(served.stub.TranslateText(request))
        gc.collect(1)
        kept = sum(isinstance(each, InvalidRequestError) for each in gc.get_objects())
    assert kept < 10
