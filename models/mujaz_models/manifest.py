"""The manifest of a model: `mujaz.json`, what the model is and what its files must be.

A model is a folder. Its manifest names every file that mujaz reads, with size and SHA-256, and
says what the weights translate, how they are stored, under which licence, how they were measured
and where they came from. The folder is data: another model is another folder, and no line of code.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

FILE_NAME = "mujaz.json"
FORMAT = 1

MODEL_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ManifestError(ValueError):
    """A manifest is missing or is not one of format 1; the message is one line with the remedy."""


class UnknownFormatError(ManifestError):
    """A manifest is of a format that this version does not read."""


class _FieldError(ValueError):
    """A field of a manifest does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Score:
    """A measured score of a model.

    Attributes:
        set: the test set it was measured on.
        metric: `BLEU` or `chrF2`, the names of sacrebleu.
        value: the score, on the metric's own scale.
        signature: what else the value depends on: decoding, engine, and sacrebleu's signature.
    """

    set: str
    metric: str
    value: float
    signature: str


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What one file of a model must be.

    Attributes:
        sha256: 64 lowercase hex digits.
        size: in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of `mujaz.json`, format 1.

    Attributes:
        name: lowercase letters, digits, `.`, `_` and `-`.
        source_language: BCP-47.
        target_language: BCP-47.
        architecture: of the weights; `marian` is the one that the engine loads.
        quantization: how the weights are stored: `int8`, `float32`, ….
        int8_range: the largest magnitude of an int8 weight, 63 or 127; None where not int8.
        license: of the weights, an SPDX expression.
        source_prefix: tokens that go before every source, such as `>>eng<<`.
        max_source_tokens: the longest source to translate in one piece, without prefix and `</s>`.
        max_target_tokens: the longest translation, `</s>` included.
        scores: what the model was measured to score.
        files: what mujaz reads of the folder, by file name.
        provenance: where the weights came from; free in form.
        digest: the SHA-256 of the manifest's bytes, 64 lowercase hex digits. Equal digests mean
            equal weights, vocabularies and settings.
    """

    name: str
    source_language: str
    target_language: str
    architecture: str
    quantization: str
    int8_range: int | None
    license: str
    source_prefix: tuple[str, ...]
    max_source_tokens: int
    max_target_tokens: int
    scores: tuple[Score, ...]
    files: Mapping[str, FileEntry]
    provenance: Mapping[str, Any]
    digest: str

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """Read the manifest of a model's folder; the other files are not looked at.

        Raises:
            ManifestError: there is none, or it is not a manifest of format 1.
        """
        path = folder / FILE_NAME
        if path.is_symlink():
            raise ManifestError(f"{path} is a symbolic link: put the file itself in its place")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ManifestError(
                f"{path} cannot be read ({error.strerror}): name a folder that holds a model"
            ) from error
        return cls.parse(content, origin=str(path))

    @classmethod
    def parse(cls, content: bytes, *, origin: str = FILE_NAME) -> "Manifest":
        """Read a manifest from its bytes.

        Args:
            content: the bytes of `mujaz.json`.
            origin: how messages call it.

        Raises:
            ManifestError: it is not a manifest of format 1.
        """
        try:
            document = json.loads(content)
            _check_format(document)
            return _from_document(document, digest=hashlib.sha256(content).hexdigest())
        except UnknownFormatError as error:
            raise UnknownFormatError(f"{origin}: {error}") from error
        except (ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise ManifestError(f"{origin}: {reason}; fetch or convert the model again") from error


def hash_file(path: Path) -> FileEntry:
    """Measure a file as a manifest records it."""
    with path.open("rb") as file:
        return FileEntry(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _check_format(document: object) -> None:
    if not isinstance(document, dict):
        raise _FieldError("the manifest is not a JSON object")
    if document.get("format") != FORMAT or isinstance(document["format"], bool):
        raise UnknownFormatError(
            f"format {document.get('format')!r} is unknown to this mujaz, which reads {FORMAT}:"
            " install a newer mujaz"
        )
    expected = _READERS.keys() | {"format"}
    if missing := sorted(expected - document.keys()):
        raise _FieldError(f"the manifest lacks {', '.join(missing)}")
    if unknown := sorted(document.keys() - expected):
        raise _FieldError(f"the manifest has fields of no meaning: {', '.join(unknown)}")


def _from_document(document: Mapping[str, object], *, digest: str) -> Manifest:
    values = {field: read(field, document[field]) for field, read in _READERS.items()}
    return Manifest(**values, digest=digest)


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _FieldError(f"{field} must be a text that is not empty")
    return value


def _matching(pattern: re.Pattern[str], field: str, value: object) -> str:
    text = _text(field, value)
    if not pattern.fullmatch(text):
        raise _FieldError(f"{field} {text!r} does not have the form {pattern.pattern}")
    return text


def _natural(field: str, value: object, least: int = 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise _FieldError(f"{field} must be a whole number of at least {least}")
    return value


def _fields(field: str, value: object, *names: str) -> list[object]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise _FieldError(f"{field} must have exactly the fields {', '.join(names)}")
    return [value[name] for name in names]


def _int8_range(field: str, value: object) -> int | None:
    return None if value is None else _natural(field, value)


def _model_name(field: str, value: object) -> str:
    return _matching(MODEL_NAME, field, value)


def _texts(field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _FieldError(f"{field} must be a list of texts")
    return tuple(_text(field, item) for item in value)


def _scores(field: str, value: object) -> tuple[Score, ...]:
    if not isinstance(value, list):
        raise _FieldError(f"{field} must be a list")
    return tuple(_score(f"{field}[{index}]", item) for index, item in enumerate(value))


def _score(field: str, value: object) -> Score:
    name, metric, number, signature = _fields(field, value, "set", "metric", "value", "signature")
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        raise _FieldError(f"{field} must have a number as its value")
    return Score(_text(field, name), _text(field, metric), number, _text(field, signature))


def _files(field: str, value: object) -> dict[str, FileEntry]:
    if not isinstance(value, dict) or not value:
        raise _FieldError(f"{field} must name the files of the model")
    return {
        _matching(_FILE_NAME, "the file name", name): _file(f"{field}[{name}]", entry)
        for name, entry in value.items()
    }


def _file(field: str, value: object) -> FileEntry:
    sha256, size = _fields(field, value, "sha256", "size")
    return FileEntry(_matching(_SHA256, field, sha256), _natural(field, size, least=0))


def _object(field: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _FieldError(f"{field} must be an object")
    return value


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "name": _model_name,
    "source_language": _text,
    "target_language": _text,
    "architecture": _text,
    "quantization": _text,
    "int8_range": _int8_range,
    "license": _text,
    "source_prefix": _texts,
    "max_source_tokens": _natural,
    "max_target_tokens": _natural,
    "scores": _scores,
    "files": _files,
    "provenance": _object,
}
