"""A caller in a browser: gRPC-Web over HTTP/1.1, with nothing of gRPC's own library.

The frames are those of PROTOCOL-WEB.md of grpc/grpc: a byte of flags, four of length, the message;
the last frame, of flag 0x80, holds the trailers as lines of HTTP/1.
"""

import struct
import urllib.request
from dataclasses import dataclass, field

from google.protobuf.message import Message

_PREFIX = struct.Struct("!BI")
_TRAILERS = 0x80
_SERVICE = "mujaz.v1.MujazService"


@dataclass(slots=True)
class Answer:
    """What came back.

    Attributes:
        headers: Of the response, names in lower case.
        messages: In their order, still encoded.
        trailers: With `grpc-status` among them.
    """

    headers: dict[str, str]
    messages: list[bytes] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)


def call(address: str, method: str, request: Message, **headers: str) -> Answer:
    """Calls a method by one POST, with other headers where they are given (`_` stands for `-`)."""
    body = request.SerializeToString()
    usual = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    others = {name.replace("_", "-"): value for name, value in headers.items()}
    post = urllib.request.Request(
        f"http://{address}/{_SERVICE}/{method}",
        _PREFIX.pack(0, len(body)) + body,
        usual | others,
    )
    with urllib.request.urlopen(post) as response:  # noqa: S310  our own proxy
        told = {name.lower(): value for name, value in response.headers.items()}
        return _unframed(response.read(), Answer(told))


def preflight(address: str, origin: str) -> dict[str, str]:
    """What a browser is told that asks whether a page of this origin may call."""
    ask = urllib.request.Request(
        f"http://{address}/{_SERVICE}/TranslateText",
        headers={"origin": origin, "access-control-request-method": "POST"},
        method="OPTIONS",
    )
    try:
        with urllib.request.urlopen(ask) as response:  # noqa: S310  our own proxy
            return {name.lower(): value for name, value in response.headers.items()}
    except urllib.error.HTTPError as refused:
        return {name.lower(): value for name, value in refused.headers.items()}


def _unframed(body: bytes, answer: Answer) -> Answer:
    while body:
        flags, length = _PREFIX.unpack_from(body)
        frame, body = body[_PREFIX.size :][:length], body[_PREFIX.size + length :]
        if flags & _TRAILERS:
            lines = frame.decode("ascii").split("\r\n")
            pairs = (line.partition(":") for line in lines if line)
            answer.trailers = {name.strip(): value.strip() for name, _, value in pairs}
        else:
            answer.messages.append(frame)
    return answer
