"""The registry: which models can be pulled, from where, and what their files must be.

It is a TOML file, `registry.toml` of this package or the user's own. Adding a model, or a language
pair, is adding a table to it.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from mujaz_models.convert.golden import Golden
from mujaz_models.pull.errors import RegistryError

FORMAT = 1
BUILT_IN = Path(__file__).parent.parent / "registry.toml"
SAFE_WEIGHTS = "model.safetensors"
PICKLED_WEIGHTS = "pytorch_model.bin"

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """A score that the authors of a model report.

    Attributes:
        set: the test set.
        metric: as the authors name it.
        value: on the authors' scale.
        source: where they report it.
    """

    set: str
    metric: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A model of the registry.

    Attributes:
        name: its name in the registry, and in the store.
        repository: `owner/name` on the hub.
        revision: the commit, 40 hex digits; a branch is allowed and pins nothing.
        license: of the weights, an SPDX expression.
        source_language: BCP-47.
        target_language: BCP-47.
        source_prefix: tokens that go before every source.
        architecture: of the weights, in words.
        scores: those the authors report.
        files: what to fetch: the SHA-256 by file name, None where it is not known beforehand.
        golden: sentences that the converted model must translate well enough.
    """

    name: str
    repository: str
    revision: str
    license: str
    source_language: str
    target_language: str
    source_prefix: tuple[str, ...]
    architecture: str
    scores: tuple[PublishedScore, ...]
    files: Mapping[str, str | None]
    golden: Golden | None

    @property
    def pinned(self) -> bool:
        """Whether the revision is a commit, whose files cannot change."""
        return _COMMIT.fullmatch(self.revision) is not None


def load(path: Path = BUILT_IN) -> dict[str, Entry]:
    """Read a registry.

    Args:
        path: a TOML file of format 1.

    Returns:
        The models by name.

    Raises:
        RegistryError: the file cannot be read, or is not such a registry; the message names the
            field.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return _from_document(document)
    except OSError as error:
        raise RegistryError(
            f"{path} cannot be read ({error.strerror}): name a registry with --registry"
        ) from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise RegistryError(f"{path}: {reason}; correct the registry") from error


def find(name: str, path: Path = BUILT_IN) -> Entry:
    """Find a model in a registry.

    Raises:
        RegistryError: it is not there (the message lists those that are), or as `load`.
    """
    models = load(path)
    if name not in models:
        raise RegistryError(f"the registry has no model {name!r}: choose {', '.join(models)}")
    return models[name]


def _from_document(document: Mapping[str, Any]) -> dict[str, Entry]:
    document = {"golden": {}, **document}
    _check_keys("the registry", document, {"format", "golden", "models"})
    if document["format"] != FORMAT or isinstance(document["format"], bool):
        raise ValueError(f"format {document['format']!r} is unknown to this mujaz (it reads 1)")
    golden = {
        languages: _pairs(f"golden.{languages}", pairs)
        for languages, pairs in _table("golden", document["golden"]).items()
    }
    models = _table("models", document["models"])
    if not models:
        raise ValueError("models is empty")
    return {
        _matching(_NAME, "model", name): _entry(name, table, golden)
        for name, table in models.items()
    }


def _entry(name: str, value: object, golden: Mapping[str, tuple[tuple[str, str], ...]]) -> Entry:
    where = f"models.{name}"
    table = {"source_prefix": [], "scores": [], "chrf_floor": None} | _table(where, value)
    _check_keys(where, table, {*_READERS, "chrf_floor"})
    values = {key: read(f"{where}.{key}", table[key]) for key, read in _READERS.items()}
    source, target = values["source_language"], values["target_language"]
    proof = None
    if table["chrf_floor"] is not None:
        pairs = golden.get(f"{source}-{target}")
        if pairs is None:
            raise ValueError(f"{where} has a chrf_floor but there is no golden.{source}-{target}")
        proof = Golden(pairs, _number(f"{where}.chrf_floor", table["chrf_floor"]))
    return Entry(name=name, **values, golden=proof)


def _pairs(where: str, value: object) -> tuple[tuple[str, str], ...]:
    pairs = [_texts(f"{where}[{i}]", pair) for i, pair in enumerate(_list(where, value))]
    if not pairs or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004 (a pair has two)
        raise ValueError(f"{where} must hold pairs of a source and a reference")
    return tuple((source, reference) for source, reference in pairs)


def _check_keys(where: str, table: Mapping[str, Any], expected: set[str]) -> None:
    if missing := sorted(expected - table.keys()):
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    if unknown := sorted(table.keys() - expected):
        raise ValueError(f"{where} has keys of no meaning: {', '.join(unknown)}")


def _table(where: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where} must be a table")  # noqa: TRY004 (one error for wrong content)
    return value


def _list(where: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where} must be a list")  # noqa: TRY004 (one error for wrong content)
    return value


def _text(where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be a text that is not empty")
    return value


def _matching(pattern: re.Pattern[str], where: str, value: object) -> str:
    text = _text(where, value)
    if not pattern.fullmatch(text) or ".." in text:
        raise ValueError(f"{where} {text!r} does not have the form {pattern.pattern}")
    return text


def _repository(where: str, value: object) -> str:
    return _matching(_REPOSITORY, where, value)


def _revision(where: str, value: object) -> str:
    return _matching(_REVISION, where, value)


def _texts(where: str, value: object) -> tuple[str, ...]:
    return tuple(_text(where, item) for item in _list(where, value))


def _scores(where: str, value: object) -> tuple[PublishedScore, ...]:
    return tuple(_score(f"{where}[{i}]", item) for i, item in enumerate(_list(where, value)))


def _score(where: str, value: object) -> PublishedScore:
    table = _table(where, value)
    _check_keys(where, table, {"set", "metric", "value", "source"})
    value = _number(f"{where}.value", table["value"])
    set_, metric, source = (_text(f"{where}.{k}", table[k]) for k in ("set", "metric", "source"))
    return PublishedScore(set_, metric, value, source)


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{where} must be a number")
    return float(value)


def _files(where: str, value: object) -> dict[str, str | None]:
    files = {
        _matching(_FILE, where, name): _sha256(f"{where}[{name}]", entry)
        for name, entry in _table(where, value).items()
    }
    if not files.keys() & {SAFE_WEIGHTS, PICKLED_WEIGHTS}:
        raise ValueError(f"{where} must have {SAFE_WEIGHTS} or, at worst, {PICKLED_WEIGHTS}")
    return files


def _sha256(where: str, value: object) -> str | None:
    table = {"sha256": None} | _table(where, value)
    _check_keys(where, table, {"sha256"})
    digest = table["sha256"]
    return None if digest is None else _matching(_SHA256, where, digest)


_READERS: Mapping[str, Callable[[str, object], Any]] = {
    "repository": _repository,
    "revision": _revision,
    "license": _text,
    "source_language": _text,
    "target_language": _text,
    "source_prefix": _texts,
    "architecture": _text,
    "scores": _scores,
    "files": _files,
}
