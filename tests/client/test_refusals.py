from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest

from mujaz_client import (
    AsyncClient,
    AuthenticationError,
    Client,
    DeadlineExceededError,
    DocumentReport,
    InternalError,
    InvalidArgumentError,
    MujazError,
    NotFoundError,
    OverloadedError,
    TooLargeError,
    UnavailableError,
    Violation,
)

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

PATIENCE = 10.0
FULL = (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


@pytest.mark.parametrize(
    ("code", "reason", "family"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "EMPTY_TEXT", InvalidArgumentError),
        (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND", NotFoundError),
        (grpc.StatusCode.UNAUTHENTICATED, "NO_TOKEN", AuthenticationError),
        (grpc.StatusCode.PERMISSION_DENIED, "NO_RIGHT", AuthenticationError),
        (grpc.StatusCode.INTERNAL, "DEFECT", InternalError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "TOO_LATE", DeadlineExceededError),
        (grpc.StatusCode.DATA_LOSS, "LOST", MujazError),
    ],
)
async def test_a_status_becomes_its_error(
    server: ScriptedServer, code: grpc.StatusCode, reason: str, family: type[MujazError]
) -> None:
    server.script.append(server.refuses(code, reason, "the words\nof the server"))
    async with AsyncClient(server.target) as client:
        with pytest.raises(MujazError) as caught:
            await client.translate_text(["نص"])
    assert type(caught.value) is family
    assert (caught.value.code, caught.value.reason) == (code.name, reason)
    assert str(caught.value) == f"the words of the server [{code.name} {reason}, request req-7]"


async def test_violations_are_named(server: ScriptedServer) -> None:
    server.script.append(
        server.refuses(
            grpc.StatusCode.INVALID_ARGUMENT,
            "BAD_FIELD",
            "invalid request",
            fields={"texts[0]": "must not be blank"},
        )
    )
    async with AsyncClient(server.target) as client:
        with pytest.raises(InvalidArgumentError) as caught:
            await client.translate_text([" "])
    assert caught.value.violations == (Violation("texts[0]", "must not be blank"),)
    assert "invalid request; texts[0]: must not be blank" in str(caught.value)


async def test_a_refusal_is_tried_again_when_the_server_says(
    server: ScriptedServer, article: str
) -> None:
    refusal = server.refuses(*FULL, pushback_ms=1)
    server.script.extend([refusal, refusal, refusal])
    async with AsyncClient(server.target) as client:
        result = await client.summarize(article)
    assert len(result.sentences) == 4
    previous = [sent.get("grpc-previous-rpc-attempts") for sent in server.metadata]
    assert previous == [None, "1", "2", "3"]


async def test_a_large_document_is_tried_again_too(server: ScriptedServer) -> None:
    text = "نص طويل. " * 60_000  # over the 256 KiB that gRPC keeps for a retry by default
    server.script.append(server.refuses(*FULL, pushback_ms=1))
    server.script.append(lambda *_: server.plays("نص.", 0))
    async with AsyncClient(server.target) as client:
        events = [event async for event in client.translate_document(text)]
    assert len(server.requests) == 2
    assert isinstance(events[-1], DocumentReport)


async def test_four_refusals_are_enough(server: ScriptedServer, article: str) -> None:
    server.script.extend([server.refuses(*FULL, retry_seconds=3, pushback_ms=1)] * 5)
    async with AsyncClient(server.target) as client:
        with pytest.raises(OverloadedError, match="try again in 3 s") as caught:
            await client.summarize(article)
    assert caught.value.retry_after == 3.0
    assert len(server.requests) == 4


async def test_a_pushback_of_minus_one_stops_retries(server: ScriptedServer, article: str) -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    server.script.append(server.refuses(code, "TEXT_TOO_LARGE", pushback_ms=-1))
    async with AsyncClient(server.target) as client:
        with pytest.raises(TooLargeError):
            await client.summarize(article)
    assert len(server.requests) == 1


async def test_a_stream_that_has_begun_is_not_tried_again(
    server: ScriptedServer, article: str
) -> None:
    def breaks(request: Any, context: grpc.ServicerContext) -> Any:
        yield from server.plays(request.text, 2)[:2]
        context.abort(grpc.StatusCode.UNAVAILABLE, "draining")

    server.script.append(breaks)
    async with AsyncClient(server.target) as client:
        events = client.summarize_document(article)
        seen = [await anext(events), await anext(events)]
        with pytest.raises(UnavailableError):
            await anext(events)
    assert (len(seen), len(server.requests)) == (2, 1)


def test_no_server_is_said_plainly() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(UnavailableError) as caught:
        client.list_models()
    assert str(caught.value).startswith("no mujaz server answers at 127.0.0.1:1; is it running?")


def test_details_that_do_not_parse_are_ignored(server: ScriptedServer) -> None:
    def step(_: Any, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "")

    server.script.append(step)
    with Client(server.target) as client, pytest.raises(InvalidArgumentError) as caught:
        client.list_models()
    assert "gave no message" in str(caught.value)
    assert caught.value.reason == ""


def test_a_server_without_the_method_is_said_plainly(server: ScriptedServer) -> None:
    server.script.append(lambda _, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, ""))
    with Client(server.target) as client, pytest.raises(MujazError, match="is it a mujaz server"):
        client.list_models()
