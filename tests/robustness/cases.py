"""Malformed calls, each with the one status that is right for it."""

import gzip
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from malformed import METHODS, broken_message, wire_garbage
from mujaz.v1 import mujaz_pb2 as pb
from robustness.raw import RESET, Headers, framed, usual_headers

MAX_CODE_POINTS = 1_000
MAX_SENTENCES = 10
"""Limits of the server that is called: small, so that what exceeds them is small too."""
_LENGTHS = (2**31 - 1, 2**32 - 1, 2**63 - 1, 2**64 - 1)
_SENTENCE = "وصل الوزير. "


@dataclass(frozen=True, slots=True)
class Case:
    """One malformed call.

    Attributes:
        kind: What is wrong with it.
        path: Of its method.
        expected: The status that is right.
        data: The message of a call that a gRPC library can make.
        headers: Of a call that none can make; empty otherwise.
        body: What stands behind those headers.
        of_grpc: Whether gRPC itself is to refuse it, before any of our code runs. Its own words
            for broken compression and metadata are INTERNAL, of which no server can talk it out.
    """

    kind: str
    path: str
    expected: str = "INVALID_ARGUMENT"
    data: bytes = b""
    headers: Headers = ()
    body: bytes = b""
    of_grpc: bool = False


Make = Callable[[random.Random], Case]


def cases(count: int, seed: int) -> list[Case]:
    """So many calls, every kind about as often as it weighs."""
    chance = random.Random(seed)
    makes = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()), k=count)
    return [make(chance) for make in makes]


def _path(method: str) -> str:
    return f"/mujaz.v1.MujazService/{method}"


def _method(chance: random.Random) -> tuple[str, type[Message]]:
    method = chance.choice(list(METHODS))
    return _path(method), METHODS[method]


def _garbage(chance: random.Random) -> Case:
    path, request = _method(chance)
    return Case("bytes that do not parse", path, data=wire_garbage(request, chance))


def _out_of_range(chance: random.Random) -> Case:
    path, request = _method(chance)
    return Case("fields out of range", path, data=broken_message(request, chance))


def _no_text(chance: random.Random) -> Case:
    path, request = _method(chance)
    return Case("text that is not UTF-8", path, data=_spoilt(request.DESCRIPTOR, chance))


def _spoilt(message: Any, chance: random.Random) -> bytes:
    """A message with one text somewhere in it that is not UTF-8."""
    kinds = (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_MESSAGE)
    field = chance.choice([field for field in message.fields if field.type in kinds])
    if field.type == FieldDescriptor.TYPE_STRING:
        inside = chance.choice(
            [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xd9"]
        )
    else:
        inside = _spoilt(field.message_type, chance)
    return bytes([field.number << 3 | 2, len(inside)]) + inside


def _huge_length(chance: random.Random) -> Case:
    path, request = _method(chance)
    fields = [field for field in request.DESCRIPTOR.fields if field.type in {9, 11}]
    tag = bytes([chance.choice(fields).number << 3 | 2])
    data = tag + _varint(chance.choice(_LENGTHS)) + chance.randbytes(chance.randrange(40))
    return Case("a length of gigabytes", path, data=data)


def _varint(value: int) -> bytes:
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])


def _unknown_enum(chance: random.Random) -> Case:
    number: Any = chance.choice([4, 99, -1, 2**31 - 1])
    options = pb.TranslationOptions(newline_mode=number) if chance.random() < 0.5 else None
    options = options or pb.TranslationOptions(quality=number)
    request = pb.TranslateDocumentRequest(text=_SENTENCE, options=options)
    return Case("an unknown enum", _path("TranslateDocument"), data=request.SerializeToString())


def _oneof(chance: random.Random) -> Case:
    """Both members of the budget, of which the last one counts; or none, and a blank text."""
    path = _path("SummarizeDocument")
    if chance.random() < 0.5:
        blank = pb.SummarizeDocumentRequest(text=" \u200f\n", summary=pb.SummaryOptions())
        return Case("none of a oneof", path, data=blank.SerializeToString())
    members = [
        pb.SummaryOptions(sentence_count=3),
        pb.SummaryOptions(word_count=chance.choice([0, -1, 100_001])),
    ]
    both = b"".join(member.SerializeToString() for member in members)
    good: bytes = pb.SummarizeDocumentRequest(text=_SENTENCE).SerializeToString()
    return Case("both of a oneof", path, data=good + bytes([0x1A, len(both)]) + both)


def _no_method(chance: random.Random) -> Case:
    path = chance.choice(
        [
            *(_path("NoSuchMethod"), _path(""), _path("translatetext"), "/", "/mujaz.v1"),
            *("/mujaz.v2.MujazService/TranslateText", "/etc/passwd", "/" + "a" * 4_000),
        ]
    )
    return Case("no such method", path, "UNIMPLEMENTED", data=chance.randbytes(20), of_grpc=True)


def _too_much(chance: random.Random) -> Case:
    kind, text, of_grpc = chance.choice(
        [
            ("more code points than allowed", "و" * (MAX_CODE_POINTS + 1), False),
            ("more sentences than allowed", "وصل.\n" * (MAX_SENTENCES + 1), False),
            ("more bytes than allowed", "و" * 60_000, True),
        ]
    )
    data = pb.TranslateDocumentRequest(text=text).SerializeToString()
    path = _path(chance.choice(["TranslateDocument", "SummarizeDocument"]))
    return Case(kind, path, "RESOURCE_EXHAUSTED", data=data, of_grpc=of_grpc)


def _many_texts(chance: random.Random) -> Case:
    """So many broken rules that a status of all of them would be too large to be taken."""
    count, text = chance.choice([(128, " "), (128, "no Arabic"), (129, "وصل"), (20_000, "")])
    options = pb.TranslationOptions(require_arabic=True)
    request = pb.TranslateTextRequest(texts=[text] * count, options=options)
    return Case("many wrong texts", _path("TranslateText"), data=request.SerializeToString())


_GOOD = pb.TranslateTextRequest(texts=[_SENTENCE]).SerializeToString()
_USUAL = usual_headers(_path("TranslateText"))
_GZIP: Headers = [*_USUAL, ("grpc-encoding", "gzip")]


def _with(**changed: str) -> Headers:
    """The usual headers with some changed, or left out where the new value is empty."""
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    pairs = [(name, names.get(name.strip(":"), value)) for name, value in _USUAL]
    return [(name, value) for name, value in pairs if value]


_STREAM = usual_headers(_path("TranslateDocument"))
_ZSTD: Headers = [*_USUAL, ("grpc-encoding", "zstd")]
_HTML = _with(content_type="text/html")
_JSON = _with(content_type="application/grpc+json")
_BY_HAND: list[tuple[str, str, Headers, bytes]] = [
    ("no message", "INVALID_ARGUMENT", _USUAL, b""),
    ("a stream without a message", "INVALID_ARGUMENT", _STREAM, b""),
    ("half a prefix", "INVALID_ARGUMENT", _USUAL, framed(_GOOD)[:3]),
    ("a message that ends early", "INVALID_ARGUMENT", _USUAL, framed(_GOOD, length=1_000)),
    ("a message that ends late", "INVALID_ARGUMENT", _USUAL, framed(_GOOD, length=3)),
    ("a message of 4 GB", "RESOURCE_EXHAUSTED", _USUAL, framed(_GOOD, length=2**32 - 1)),
    ("content-type text/html", "INVALID_ARGUMENT", _HTML, framed(b"\x07")),
    ("content-type of JSON", "INVALID_ARGUMENT", _JSON, framed(b"{}")),
    ("no content-type", "INVALID_ARGUMENT", _with(content_type=""), framed(b"\x07")),
    ("no te", RESET, _with(te=""), framed(_GOOD)),
    ("GET", RESET, _with(method="GET"), framed(_GOOD)),
    ("no path", "UNIMPLEMENTED", _with(path="*"), framed(_GOOD)),
    ("compressed by nothing", "INTERNAL", _USUAL, framed(_GOOD, flag=1)),
    ("compressed by what nobody knows", "INTERNAL", _ZSTD, framed(_GOOD, flag=1)),
    ("compressed by gzip", "UNIMPLEMENTED", _GZIP, framed(gzip.compress(_GOOD), flag=1)),
    ("a timeout that is none", "INTERNAL", [*_USUAL, ("grpc-timeout", "soon")], framed(_GOOD)),
    ("binary metadata that is not", "INTERNAL", [*_USUAL, ("x-bin", "!!!")], framed(_GOOD)),
    ("a header in capitals", "INTERNAL", [*_USUAL, ("X-Foo", "1")], framed(_GOOD)),
]
_OF_GRPC = {"INTERNAL", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED", RESET}


def _by_hand(chance: random.Random) -> Case:
    kind, expected, headers, body = chance.choice(_BY_HAND)
    of_grpc = expected in _OF_GRPC
    return Case(kind, "", expected, headers=headers, body=body, of_grpc=of_grpc)


_WEIGHTS: Mapping[Make, float] = {
    _garbage: 25,
    _out_of_range: 25,
    _no_text: 10,
    _huge_length: 5,
    _unknown_enum: 5,
    _oneof: 5,
    _no_method: 5,
    _too_much: 5,
    _many_texts: 3,
    _by_hand: 12,
}
