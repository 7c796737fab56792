"""What an input consists of: documents, and such as cannot be taken, each at its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


class InputError(Exception):
    """The input cannot be read at all; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document to translate.

    Attributes:
        number: Its place in the input, from 1: its line, row or file.
        id: What it is called; where the input has no id, its number.
        text: Its text, Unicode without lone surrogates.
    """

    number: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A document that cannot be taken, and why; of its text nothing is told.

    Attributes:
        number: Its place in the input, from 1.
        id: What it is called; None where that cannot be known.
        reason: One line.
    """

    number: int
    id: str | None
    reason: str


Entry = Document | Rejected


@dataclass(frozen=True, slots=True)
class Extent:
    """What an input is, whole: equal digests mean equal inputs.

    Attributes:
        digest: SHA-256, 64 lowercase hex digits.
        documents: How many there are; an empty line of JSON counts as one here.
    """

    digest: str
    documents: int


class Source(Protocol):
    """An input that can be read from its beginning as often as need be."""

    def extent(self) -> Extent:
        """Reads all of it once, to know it again."""

    def entries(self) -> Iterator[Entry]:
        """Yields its documents, in an order that is always the same."""


def document(number: int, called: str, text: object) -> Entry:
    """Returns a document, or why it cannot be one.

    Args:
        number: Its place in the input.
        called: Its id.
        text: A string, or bytes of UTF-8; anything else is no text.
    """
    if isinstance(text, bytes):
        try:
            return Document(number, called, text.decode())
        except UnicodeDecodeError as error:
            return Rejected(number, called, f"the text is not UTF-8 (byte {error.start})")
    if not isinstance(text, str):
        return Rejected(number, called, "there is no text")
    if not _is_unicode(text):
        return Rejected(number, called, "the text is not Unicode (it has a lone surrogate)")
    return Document(number, called, text)


def named(number: int, identity: object, text: object) -> Entry:
    """Returns a document by the id that it has, a string or a whole number, or None for none."""
    if identity is None or (isinstance(identity, int) and not isinstance(identity, bool)):
        return document(number, str(number if identity is None else identity), text)
    if isinstance(identity, str) and _is_unicode(identity):
        return document(number, identity, text)
    return Rejected(number, None, "the id is neither a string nor a whole number")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
