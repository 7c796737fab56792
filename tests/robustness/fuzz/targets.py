"""What is fuzzed: functions of bytes that raise where something does not hold."""

import io
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from google.protobuf.message import DecodeError, Message
from google.rpc import code_pb2

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_models.convert import ConvertError, npz, vocabulary
from mujaz_models.manifest import Manifest, ManifestError
from mujaz_server.pipeline.events import Quality
from mujaz_server.rpc import errors, requests
from mujaz_server.text import clauses, normalize, segment
from mujaz_server.text.characters import PADDING
from mujaz_server.translation import checks
from robustness.fuzz import structured

METADATA_BYTES = 8 * 1024
"""What a stock client takes as the metadata of an answer for sure; above it may refuse any."""
_CONVERT: dict[type[Message], Callable[..., Any]] = {
    pb.TranslateTextRequest: requests.text_request,
    pb.TranslateDocumentRequest: requests.document_request,
    pb.SummarizeDocumentRequest: requests.summary_request,
}
_KINDS = [*_CONVERT]
_NUMBER = re.compile(r"[0-9][0-9.,:/-]*%?|-[0-9.,]+%?")


class Held(io.BytesIO):
    """A file that is never written to a disc: as much of a path as the readers ask of one."""

    name = "file"

    def read_bytes(self) -> bytes:
        """All of it."""
        return self.getvalue()


def _file(data: bytes) -> Path:
    return cast("Path", Held(data))


def _text(data: bytes) -> str:
    """Any bytes as text; those that are not UTF-8 become lone surrogates, which are to be borne."""
    return data.decode("utf-8", "surrogateescape")


def request(data: bytes) -> None:
    """Decodes and converts requests: bytes off the wire, or well-formed and of odd content."""
    head, rest = data[:1], data[1:]
    if head < b"\x80":
        message = structured.request(_KINDS, rest)
        message = type(message).FromString(message.SerializeToString())
    else:
        try:
            message = _KINDS[head[0] % len(_KINDS)].FromString(rest)
        except DecodeError:
            return
    try:
        _CONVERT[type(message)](message, Quality.BALANCED, 0.0)
    except errors.InvalidRequestError as error:
        told = errors.fault(error, "id")
        assert told.code == code_pb2.INVALID_ARGUMENT
        assert told.violations, "the caller is not told which field"
        size = len(told.message) + sum(len(value) * 4 // 3 for _, value in told.trailers())
        assert size < METADATA_BYTES, f"no client would take a status of {size} bytes"


def _require_partition(text: str, start: int, end: int, spans: Iterable[tuple[int, int]]) -> None:
    """Whether spans stand in order and apart, with nothing but padding between them."""
    at = start
    for first, last in spans:
        assert at <= first < last <= end, "spans cross, are empty or leave the text"
        assert not text[at:first].strip(PADDING), "a character is in no span"
        assert text[first:last].strip(PADDING) == text[first:last], "a span is not trimmed"
        at = last
    assert not text[at:end].strip(PADDING), "the end is in no span"


def segments(data: bytes) -> None:
    """Cuts a document into sentences, and its whole into clauses."""
    head, text = data[:1], _text(data[1:])
    mode = list(segment.NewlineMode)[head > b"\x7f"]
    found = segment.segment(text, mode)
    assert [each.index for each in found] == list(range(len(found)))
    _require_partition(text, 0, len(text), ((each.start, each.end) for each in found))
    room = 1 + (head[0] & 0x3F if head else 0)
    pieces = clauses.split_long(text, 0, len(text), lambda piece: len(piece) <= room)
    _require_partition(text, 0, len(text), pieces)
    assert all(end - start <= room for start, end in pieces)


def normalized(data: bytes) -> None:
    """Spells a text as the model expects it, with the way back."""
    text = _text(data)
    found = normalize.normalize(text)
    assert len(found.offsets) == len(found.text) + 1
    assert found.offsets[-1] == len(text)
    assert all(one <= next_ for one, next_ in itertools.pairwise(found.offsets))
    assert normalize.normalize(found.text).text == found.text, "twice is not once"
    found.text.encode()
    if normalize.has_arabic(text):
        start, end = found.source_span(0, len(found.text))
        assert 0 <= start <= end <= len(text)


def checked(data: bytes) -> None:
    """Checks a translation, the text after the first NUL, against its source."""
    source, _, output = _text(data).partition("\0")
    found = checks.check(source, output, truncated=bool(len(data) % 2))
    numbers = (*found.missing, *found.added)
    assert (checks.Flag.NUMBERS_DIFFER in found.flags) == bool(numbers)
    assert all(number.isascii() for number in numbers), numbers
    same = checks.check(source, source, truncated=False)
    assert checks.Flag.NUMBERS_DIFFER not in same.flags, "a text differs from itself"


def manifest(data: bytes) -> None:
    """Reads a manifest: one of format 1, or a refusal in one line."""
    try:
        read = Manifest.parse(data)
    except ManifestError as error:
        said = str(error)
    else:
        _require_safe_names(read)
        return
    assert "\n" not in said


def _require_safe_names(read: Manifest) -> None:
    assert read.files
    assert not {"/", "\\", "\0"} & set("".join([read.name, *read.files]))
    assert not {"", ".", ".."} & {read.name, *read.files}


def arrays(data: bytes) -> None:
    """Reads a `.npz` of strangers: arrays of numbers, or a refusal."""
    try:
        found = npz.read_npz(_file(data))
    except ConvertError:
        return
    for name in found.names():
        assert found.raw(name).dtype.kind in "fiu"
        assert found.raw(name).nbytes <= len(data) * 1_100, "more than deflate can grow"


def pieces(data: bytes) -> None:
    """Reads the same bytes as a vocabulary of each kind: pieces by their ids, or a refusal."""
    readers = (vocabulary.read_json, vocabulary.read_yaml, vocabulary.read_lines)
    for read in readers:
        try:
            found = read(_file(data))
        except ConvertError:
            continue
        assert len(set(found)) == len(found)
        assert {vocabulary.END, vocabulary.UNKNOWN} <= set(found)
        "\n".join(found).encode()


@dataclass(frozen=True, slots=True)
class Target:
    """One function under fuzzing.

    Attributes:
        run: Raises where something does not hold.
        share: Its share of all runs.
        longest: Of its inputs, in bytes.
        words: What is likely to take it somewhere, for whoever mutates.
    """

    run: Callable[[bytes], None]
    share: float
    longest: int = 1_024
    words: Sequence[bytes] = ()


_MARKS = tuple(
    mark.encode()
    for mark in (
        *(". ", "...", "؟", "!", "،", "؛", ":", '"', "«", "»", "(", ")", "[1]"),
        *("***", "د.", "U.S."),
        *("\n", "\n\n", "\r\n", "\u2028", "\u00a0", "\u200f", "\ufeff", "\0", "ـ", "\u064e"),
        *("3.5", "٣٫٥", "50%", "ثلاثة", "عشرين", "three", "2,000", "1/2", "مليون", " و", " ثم "),
        *("(ا ف ب)", "القاهرة - ", "رويترز", "www.a.com", "\u0654", "ﷺ", "\u1100\u1161", "😀"),
    )
)

TARGETS: dict[str, Target] = {
    "request": Target(request, 0.2, 512, (b"\x0a\xff\xff\xff\xff\x0f", b"\xff\xfe", b"\xf8\x7f")),
    "segment": Target(segments, 0.15, 1_024, _MARKS),
    "normalize": Target(normalized, 0.15, 512, _MARKS),
    "checks": Target(checked, 0.15, 512, _MARKS),
    "manifest": Target(
        manifest,
        0.15,
        1_024,
        (b'"format":1', b"1e999", b"NaN", b"null", b'"size":-1', b"\\ud800", b"[" * 99, b'"../a"'),
    ),
    "npz": Target(
        arrays,
        0.1,
        1_024,
        (b"\x93NUMPY\x01\0", b"'<f4'", b"'|O'", b"(2,3)", b"True", b"PK\x01\x02", b"PK\x05\x06"),
    ),
    "vocabulary": Target(
        pieces,
        0.1,
        512,
        (b"</s>: 0\n", b"<unk>: 1\n", b'"\\x85": 2\n', b"? a\n: 2\n", b'{"</s>":0}', b"\\ud800"),
    ),
}
