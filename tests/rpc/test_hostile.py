"""Bytes and texts that nobody should send, and everybody will."""

import random
from collections import Counter

import grpc.aio
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from mujaz.v1 import mujaz_pb2 as pb
from nasty import TEXTS as NASTY
from scripted import Serving, serving
from statuses import failure, unpacked

ALLOWED = {"INVALID_ARGUMENT", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED"}
METHODS: dict[str, type[Message]] = {
    "TranslateText": pb.TranslateTextRequest,
    "TranslateDocument": pb.TranslateDocumentRequest,
    "SummarizeDocument": pb.SummarizeDocumentRequest,
    "ListModels": pb.ListModelsRequest,
}
CANARY = pb.TranslateTextRequest(texts=["وصل الوزير."])


def wire_garbage(request: type[Message], chance: random.Random) -> bytes:
    """Bytes that are no such request: a good message cut, flipped or replaced."""
    while _parses(request, data := _garbage(chance)):
        pass
    return data


def _parses(request: type[Message], data: bytes) -> bool:
    try:
        request.FromString(data)
    except DecodeError:
        return False
    return True


def _garbage(chance: random.Random) -> bytes:
    good: bytes = pb.SummarizeDocumentRequest(text="وصل الوزير.").SerializeToString()
    match chance.randrange(4):
        case 0:
            return bytes([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]) + chance.randbytes(20)
        case 1:
            return good[: chance.randrange(1, len(good) - 1)]
        case 2:
            return b"\x0a\x04\xff\xfe" + chance.randbytes(2)
        case _:
            return bytes([0x07]) + chance.randbytes(chance.randrange(1, 60))


def broken_message(request: type[Message], chance: random.Random) -> bytes:
    """A well-formed message whose every number and enum is out of its range."""
    message = request()
    _break(message, chance)
    return message.SerializeToString()


def _break(message: object, chance: random.Random) -> None:
    for field in message.DESCRIPTOR.fields:  # type: ignore[attr-defined]
        if field.containing_oneof and chance.random() < 0.5:
            continue
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            _break(getattr(message, field.name), chance)
        elif field.name == "page_size":
            message.page_size = -1 - chance.randrange(100)  # type: ignore[attr-defined]
        elif field.type in {FieldDescriptor.TYPE_INT32, FieldDescriptor.TYPE_ENUM}:
            setattr(message, field.name, chance.choice([-1, -(2**31), 2**31 - 1, 12_345_678]))
        elif field.type == FieldDescriptor.TYPE_DOUBLE:
            value = chance.choice([float("nan"), float("inf"), -1.0, 1e300])
            setattr(message, field.name, value)
        elif field.is_repeated:
            getattr(message, field.name).extend(chance.choice([[], [""], ["\0"], ["a"] * 200]))
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, chance.choice(["", "\0", " ", "x" * 2_000]))


async def send(served: Serving, method: str, data: bytes) -> str:
    """Sends raw bytes; returns the code."""

    def raw(value: bytes) -> bytes:
        return value

    path = f"/mujaz.v1.MujazService/{method}"
    if method.endswith("Document"):
        told = await failure(served.channel.unary_stream(path, raw, raw)(data))
    else:
        told = await failure(served.channel.unary_unary(path, raw, raw)(data))
    assert "mujaz_server" not in told.message
    assert "Error" not in told.message
    return told.code


async def test_a_thousand_malformed_calls_harm_nobody() -> None:
    chance = random.Random(20)
    codes: Counter[str] = Counter()
    async with serving() as served:
        for round_ in range(10):
            for _ in range(100):
                method = chance.choice([*METHODS, "NoSuchMethod"])
                request = METHODS.get(method)
                if request is None or chance.random() < 0.5:
                    data = wire_garbage(request or pb.ListModelsRequest, chance)
                else:
                    data = broken_message(request, chance)
                codes[await send(served, method, data)] += 1
            answer = await served.stub.TranslateText(CANARY)
            assert answer.translations, round_
    assert codes.total() == 1_000
    assert set(codes) <= ALLOWED
    assert codes["INVALID_ARGUMENT"] > 500


@pytest.mark.parametrize("name", NASTY)
async def test_a_nasty_text_is_answered_or_refused(name: str) -> None:
    text = NASTY[name]
    if any("\ud800" <= character <= "\udfff" for character in text):
        pytest.skip("protobuf cannot carry a lone surrogate")
    async with serving() as served:
        call = served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text), timeout=30)
        stream: list[pb.SummarizeDocumentResponse] = []
        codes: list[str] = []
        try:
            stream += [event async for event in call]
        except grpc.aio.AioRpcError as error:
            codes.append(unpacked(error).code)
        for event in stream:
            if event.WhichOneof("event") == "sentence":
                each = event.sentence
                assert text[each.start_offset : each.end_offset] == each.source_text
        assert set(codes) <= ALLOWED
        assert bool(codes) != bool(stream)
        assert codes or stream[-1].HasField("report")
        assert await served.stub.TranslateText(CANARY)
