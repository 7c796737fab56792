"""Calls that no server should take: bytes that do not parse, messages out of every range."""

import random

import grpc.aio
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from mujaz.v1 import mujaz_pb2 as pb
from statuses import failure

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
            wild = chance.choice([-1, -(2**31), 2**31 - 1, 12_345_678])
            if field.is_repeated:
                getattr(message, field.name).extend([wild] * chance.choice([0, 1, 200]))
            else:
                setattr(message, field.name, wild)
        elif field.type == FieldDescriptor.TYPE_DOUBLE:
            value = chance.choice([float("nan"), float("inf"), -1.0, 1e300])
            setattr(message, field.name, value)
        elif field.is_repeated:
            getattr(message, field.name).extend(chance.choice([[], [""], ["\0"], ["a"] * 200]))
        elif field.type == FieldDescriptor.TYPE_STRING:
            setattr(message, field.name, chance.choice(["", "\0", " ", "x" * 2_000]))


async def malformed_call(channel: grpc.aio.Channel, chance: random.Random) -> str:
    """Makes one such call; returns the code of its status, whose message tells nothing inside."""

    def raw(value: bytes) -> bytes:
        return value

    method = chance.choice([*METHODS, "NoSuchMethod"])
    request = METHODS.get(method)
    if request is None or chance.random() < 0.5:
        data = wire_garbage(request or pb.ListModelsRequest, chance)
    else:
        data = broken_message(request, chance)
    path = f"/mujaz.v1.MujazService/{method}"
    shape = channel.unary_stream if method.endswith("Document") else channel.unary_unary
    told = await failure(shape(path, raw, raw)(data))
    assert "mujaz_server" not in told.message
    assert "Error" not in told.message
    return told.code
