"""Limits: of single tokens, and of what gRPC lets in at all."""

import asyncio
import socket
import struct
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_client import channel
from mujaz_server.rpc import limits, service
from mujaz_server.rpc.errors import TooManyTokensError
from mujaz_server.rpc.quotas import Bucket, Quotas
from mujaz_server.settings import Settings
from scripted import ScriptedModel, serving, until
from statuses import failure

cygrpc: Any = import_module("grpc._cython.cygrpc")  # its stubs come and go with other packages

TEXT = "وصل الوزير الى المدينة."
REQUEST = pb.TranslateTextRequest(texts=[TEXT])
AMAL = (("authorization", "Bearer amal"),)
BADR = (("authorization", "Bearer badr"),)


async def test_a_token_has_no_more_calls_in_progress_than_it_may(
    limited: Callable[[str], str],
) -> None:
    model = ScriptedModel()
    async with serving(model, tokens=limited("streams = 2")) as served:
        model.gate.clear()
        calls = [served.stub.TranslateText(REQUEST, metadata=AMAL) for _ in range(2)]
        await until(lambda: len(served.app.rpc.in_flight) == 2)
        told = await failure(served.stub.ListModels(pb.ListModelsRequest(), metadata=AMAL))
        assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS_OF_TOKEN")
        assert (told.retry_seconds, told.pushback) == (1.0, "1000")
        assert await served.stub.ListModels(pb.ListModelsRequest(), metadata=BADR)
        calls[0].cancel()
        await until(lambda: len(served.app.rpc.in_flight) == 1)
        assert await served.stub.ListModels(pb.ListModelsRequest(), metadata=AMAL)
        model.gate.set()
        assert await calls[1]


async def test_a_file_with_another_limit_is_in_force_for_the_next_call(
    limited: Callable[[str], str],
) -> None:
    model = ScriptedModel()
    async with serving(model, tokens=limited("streams = 1")) as served:
        model.gate.clear()
        call = served.stub.TranslateText(REQUEST, metadata=AMAL)
        await until(lambda: len(served.app.rpc.in_flight) == 1)
        limited("streams = 20")
        assert await served.stub.ListModels(pb.ListModelsRequest(), metadata=AMAL)
        limited("streams =  1")
        told = await failure(served.stub.ListModels(pb.ListModelsRequest(), metadata=AMAL))
        assert told.reason == "TOO_MANY_STREAMS_OF_TOKEN", "what is in progress still counts"
        model.gate.set()
        await call


async def test_a_spent_token_is_told_when_to_return_and_then_served(
    limited: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    minute = 1_200
    now = 1_000.0
    monkeypatch.setattr(service, "Quotas", lambda _: Quotas(lambda: now))
    async with serving(tokens=limited(f"tokens_per_minute = {minute}")) as served:
        whole = pb.SummarizeDocumentRequest(text="\n".join([TEXT] * (minute // 4 + 3)))
        events = [event async for event in served.stub.SummarizeDocument(whole, metadata=AMAL)]
        assert events[-1].HasField("report"), "no document is too large for its caller's rate"
        served.model.started.clear()
        told = await failure(served.stub.TranslateText(REQUEST, metadata=AMAL))
        assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_TOKENS")
        assert served.model.started == []
        assert await served.stub.TranslateText(REQUEST, metadata=BADR)
        assert told.retry_seconds is not None
        assert told.retry_seconds == 13 / minute * 60
        assert told.pushback == str(round(told.retry_seconds * 1000))
        now += told.retry_seconds + 0.001  # what was promised
        assert await served.stub.TranslateText(REQUEST, metadata=AMAL)


async def test_a_caller_that_could_not_wait_so_long_is_not_made_to(
    limited: Callable[[str], str],
) -> None:
    config = (
        '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4,'
        '"initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 1,'
        '"retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}'
    )
    document = pb.SummarizeDocumentRequest(text="\n".join([TEXT] * 100))
    async with serving(tokens=limited("tokens_per_minute = 60")) as served:
        assert not await _drained(served.stub.SummarizeDocument(document, metadata=AMAL))
        options = (("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1))
        async with grpc.aio.insecure_channel(served.address, options=options) as channel:
            stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
            told = await failure(stub.TranslateText(REQUEST, metadata=AMAL, timeout=5))
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_TOKENS")
    assert told.retry_seconds is not None
    assert told.retry_seconds > 5
    assert told.pushback == "-1"


async def test_two_documents_at_once_do_not_both_get_the_last_tokens(
    limited: Callable[[str], str],
) -> None:
    document = pb.SummarizeDocumentRequest(text="\n".join([TEXT] * 1_000))
    async with serving(tokens=limited("tokens_per_minute = 60")) as served:
        calls = [served.stub.SummarizeDocument(document, metadata=AMAL) for _ in range(5)]
        codes = [await call.code() if await _drained(call) else "OK" for call in calls]
    assert codes.count("OK") == 1
    assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 4


async def _drained(call: Any) -> bool:
    """Reads a stream to its end; whether it failed."""
    try:
        async for _ in call:
            pass
    except grpc.aio.AioRpcError:
        return True
    return False


async def test_refused_work_costs_no_tokens(limited: Callable[[str], str]) -> None:
    many = pb.SummarizeDocumentRequest(text="\n".join([TEXT] * 200))
    model = ScriptedModel()
    limit = limited("tokens_per_minute = 600")
    async with serving(model, tokens=limit, max_backlog_tokens=600) as served:
        model.gate.clear()
        waiting = served.stub.SummarizeDocument(many, metadata=BADR)
        await waiting.read()
        for _ in range(3):
            told = await failure(served.stub.SummarizeDocument(many, metadata=AMAL))
            assert told.reason == "QUEUE_FULL"
        waiting.cancel()
        model.gate.set()
        assert await served.stub.TranslateText(REQUEST, metadata=AMAL)


@given(
    per_minute=st.integers(1, 1_000_000),
    events=st.lists(st.tuples(st.floats(0, 300), st.integers(0, 100_000)), max_size=50),
)
def test_a_bucket_holds_the_mean_and_promises_the_moment(
    per_minute: int, events: list[tuple[float, int]]
) -> None:
    now = 1_000.0
    bucket = Bucket(lambda: now)
    spent = largest = 0
    for pause, cost in events:
        now += pause
        try:
            bucket.spend(cost, per_minute)
        except TooManyTokensError as error:
            now += error.retry_after_s * 1.0001
            bucket.spend(cost, per_minute)
        spent += cost
        largest = max(largest, cost)
        allowed = per_minute * (1 + (now - 1_000.0) / 60) + largest
        assert spent <= allowed * 1.0001


def test_a_bucket_that_forgets_its_debt_is_found() -> None:
    bucket = Bucket(lambda: 0.0)
    bucket.spend(1_000, 10)
    with pytest.raises(TooManyTokensError) as refused:
        bucket.require(10)
    assert refused.value.retry_after_s == pytest.approx(991 * 6)


async def test_a_text_larger_than_its_token_may_send_is_refused_for_good(
    limited: Callable[[str], str],
) -> None:
    async with serving(tokens=limited(f"code_points = {len(TEXT)}")) as served:
        assert await served.stub.TranslateText(REQUEST, metadata=AMAL)
        longer = pb.TranslateTextRequest(texts=[TEXT, "س"])
        document = pb.SummarizeDocumentRequest(text=TEXT + " ")
        for call in (
            served.stub.TranslateText(longer, metadata=AMAL),
            served.stub.SummarizeDocument(document, metadata=AMAL),
            served.stub.TranslateDocument(document, metadata=AMAL),
        ):
            told = await failure(call)
            assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "TEXT_TOO_LARGE")
            assert "your token" in told.message
            assert told.metadata["limit"] == str(len(TEXT))
            assert (told.pushback, told.retry_seconds) == ("-1", None)
        assert await served.stub.TranslateText(longer, metadata=BADR)


async def test_a_request_of_more_bytes_than_allowed_is_refused_by_grpc() -> None:
    def raw(data: bytes) -> bytes:
        return data

    async with serving(max_code_points=1_000) as served:
        call = served.channel.unary_unary("/mujaz.v1.MujazService/TranslateText", raw, raw)
        assert (await failure(call(b"\0" * 82_000))).code == "RESOURCE_EXHAUSTED"
        assert (await failure(call(b"\0" * 81_000))).reason == "MALFORMED_REQUEST"


# What follows speaks HTTP/2 by hand (RFC 9113), as no client does that means well.
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_SETTINGS, _PING, _GOAWAY = 0x4, 0x6, 0x7
_MAX_CONCURRENT_STREAMS = 0x3
_ENHANCE_YOUR_CALM = 0xB


def frame(kind: int, payload: bytes = b"", flags: int = 0) -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + bytes(4) + payload


_HELLO = _PREFACE + frame(_SETTINGS)


def frames(port: int, data: bytes, *, until_kind: int | None = None) -> list[tuple[int, bytes]]:
    """Sends bytes and returns the frames that come, to the end of the connection or one kind."""
    found: list[tuple[int, bytes]] = []
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(data)
        stream = connection.makefile("rb")
        try:
            while len(head := stream.read(9)) == 9:
                size = int.from_bytes(head[:3], "big")
                found.append((head[3], stream.read(size)))
                if head[3] == until_kind:
                    break
        except ConnectionResetError:
            pass
    return found


def goodbye(found: list[tuple[int, bytes]]) -> str:
    """What the last GOAWAY said, its error code first; empty where there was none."""
    said = [payload for kind, payload in found if kind == _GOAWAY]
    return f"{int.from_bytes(said[-1][4:8], 'big')} {said[-1][8:].decode()}" if said else ""


async def test_a_connection_is_told_how_many_streams_it_may_have() -> None:
    async with serving(max_streams=7) as served:
        found = await asyncio.to_thread(frames, served.app.port, _HELLO, until_kind=_SETTINGS)
    payload = found[-1][1]
    settings = dict(struct.iter_unpack(">HI", payload))
    assert settings[_MAX_CONCURRENT_STREAMS] == 7 + 64


async def test_a_flood_of_pings_ends_its_own_connection_alone() -> None:
    pings = b"".join(frame(_PING, bytes(8)) for _ in range(20))
    async with serving() as served:
        found = await asyncio.to_thread(frames, served.app.port, _HELLO + pings)
        assert goodbye(found) == f"{_ENHANCE_YOUR_CALM} too_many_pings"
        assert await served.stub.TranslateText(REQUEST)


async def test_pings_within_the_interval_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PING_INTERVAL_MS", 0)
    monkeypatch.setattr(limits, "CONNECTION_IDLE_MS", 300)
    pings = b"".join(frame(_PING, bytes(8)) for _ in range(20))
    async with serving() as served:
        found = await asyncio.to_thread(frames, served.app.port, _HELLO + pings)
    assert [kind for kind, _ in found].count(_PING) >= 20
    assert "too_many_pings" not in goodbye(found)


@pytest.mark.parametrize(
    "said", [b"", b"PRI * HTTP/2.0", _PREFACE], ids=["nothing", "half a preface", "no settings"]
)
async def test_whoever_connects_and_says_no_more_is_shown_the_door(
    said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_MS", 200)
    async with serving() as served:
        await asyncio.to_thread(frames, served.app.port, said)  # ends with its connection


async def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECTION_IDLE_MS", 200)
    async with serving() as served:
        assert "idle" in goodbye(await asyncio.to_thread(frames, served.app.port, _HELLO))


async def test_an_old_connection_is_replaced_and_its_stream_goes_on() -> None:
    model = ScriptedModel()
    async with serving(model, max_connection_age=0.1) as served:
        model.gate.clear()
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(served.channel)
        stream = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=f"{TEXT}\n{TEXT}"))
        assert (await stream.read()).HasField("outline")
        told = await asyncio.to_thread(frames, served.app.port, _HELLO, until_kind=_GOAWAY)
        assert told, "another connection of that age was asked to go"
        for _ in range(20):
            assert await served.stub.ListModels(pb.ListModelsRequest())
        model.gate.set()
        rest = []
        while event := await stream.read():
            rest.append(event)
        assert rest[-1].HasField("report")


async def test_a_connection_too_many_is_closed_and_the_others_are_not() -> None:
    async with serving(max_connections=2) as served:
        assert await served.stub.TranslateText(REQUEST)
        with socket.create_connection(("127.0.0.1", served.app.port)) as second:
            second.sendall(_HELLO)
            assert second.recv(9)
            assert await asyncio.to_thread(frames, served.app.port, _HELLO) == []
            assert await served.stub.TranslateText(REQUEST)


def unknown(options: Sequence[tuple[str, object]]) -> list[str]:
    """Returns the options that gRPC would take without a word and never look at."""
    library = Path(cygrpc.__file__).read_bytes()
    return [name for name, _ in options if name.encode() + b"\0" not in library]


def test_every_option_is_one_that_grpc_reads() -> None:
    assert unknown(limits.api_options(Settings())) == []
    assert unknown(limits.health_options()) == []
    assert unknown(channel._OPTIONS) == []
    misspelt = "grpc.http2.min_recv_ping_interval_without_data_ms"
    assert unknown([(misspelt, 1)]) == [misspelt]
