"""Requests made from bytes: any bytes are some well-formed request.

The fields are those of the descriptor, so that what the API gains is fuzzed without a change here.
"""

import struct
from collections.abc import Sequence

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

_MOST_ITEMS = 160  # more than any repeated field may hold
_TEXTS = ["", " ", "\u200f", "\0", "وصل الوزير. ثم غادر.", "no Arabic", "x" * 1_001, "3.5%"]
_NUMBERS = [0, 1, 4, 5, 20, 21, 128, 129, 1_000, 1_001, 100_001, 2**31 - 1, -1, -(2**31)]


class Source:
    """Takes decisions from bytes; when they are used up, every decision is the first one."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next bytes; zeros where there are none."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken.ljust(count, b"\0")

    def below(self, bound: int) -> int:
        """A whole number from 0, under a bound of at most 256."""
        return self.take(1)[0] % bound

    def number(self) -> int:
        """A 32-bit number: one on the edge of a rule, or any."""
        if (choice := self.below(len(_NUMBERS) + 1)) < len(_NUMBERS):
            return _NUMBERS[choice]
        return int.from_bytes(self.take(4), "little", signed=True)

    def text(self) -> str:
        """A text: one with a trap in it, or any."""
        if (choice := self.below(len(_TEXTS) + 1)) < len(_TEXTS):
            return _TEXTS[choice]
        return self.take(self.below(256)).decode("utf-8", "ignore")


def request(kinds: Sequence[type[Message]], data: bytes) -> Message:
    """One of these messages, filled as the bytes say."""
    source = Source(data)
    message = kinds[source.below(len(kinds))]()
    _fill(message, source)
    return message


def _fill(message: Message, source: Source) -> None:
    for field in message.DESCRIPTOR.fields:
        if source.below(3) == 0:
            continue
        if field.is_repeated:
            items = getattr(message, field.name)
            item = _scalar(field.type, source)
            items.extend([item] * source.below(_MOST_ITEMS))
            items.append(_scalar(field.type, source))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            inner = getattr(message, field.name)
            inner.SetInParent()
            _fill(inner, source)
        else:
            setattr(message, field.name, _scalar(field.type, source))


def _scalar(kind: int, source: Source) -> object:
    match kind:
        case FieldDescriptor.TYPE_STRING:
            return source.text()
        case FieldDescriptor.TYPE_BOOL:
            return bool(source.below(2))
        case FieldDescriptor.TYPE_DOUBLE:
            return struct.unpack("<d", source.take(8))[0]
        case FieldDescriptor.TYPE_INT32 | FieldDescriptor.TYPE_ENUM:
            return source.number()
        case _:
            raise AssertionError(f"no request has had a field of type {kind} so far")
