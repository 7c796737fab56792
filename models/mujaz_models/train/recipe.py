"""The recipe of a model: a TOML file that says what is read, what is built and how it is trained.

A recipe names no place of a machine: corpora are names, looked up in folders that the command is
given. A key that is not known is refused, for a misspelt setting would otherwise train for hours
under its default.
"""

import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from mujaz_models.command import CommandError


class RecipeError(CommandError):
    """A recipe is missing or says something that cannot be done; the message is one line."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How the vocabulary of the pretrained encoder is pruned.

    Attributes:
        target_pieces: pieces of the target language, single characters and the most frequent
            first. The source vocabulary has these and every piece in Arabic script.
        least_count: a target piece of two or more characters occurs at least this often.
    """

    target_pieces: int = 8000
    least_count: int = 2

    def __post_init__(self) -> None:
        _at_least(self, 300, "target_pieces")
        _at_least(self, 1, "least_count")


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a MarianMT model: post-norm, sinusoidal positions, scaled embeddings, GELU.

    Attributes:
        width: of the states (d_model).
        encoder_feed_forward, decoder_feed_forward: width of the inner layer.
        dropout: on embeddings and on the output of each sublayer, while training.
    """

    width: int
    encoder_layers: int
    encoder_heads: int
    encoder_feed_forward: int
    decoder_layers: int
    decoder_heads: int
    decoder_feed_forward: int
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for field in fields(self)[:-1]:
            _at_least(self, 1, field.name)
        _within(self, 0, 0.9, "dropout")
        if self.width % self.encoder_heads or self.width % self.decoder_heads or self.width % 2:
            raise RecipeError(f"width {self.width} must be even and divide by the numbers of heads")


@dataclass(frozen=True, slots=True)
class Baking:
    """How the pretrained encoder is taught to do without its own embedding layer (see `bake`).

    Attributes:
        layers: the first layers, trained with the embeddings to give the states of the original.
        text: corpora of one language, a paragraph a line, read beside the pairs.
    """

    layers: int
    minutes: float
    learning_rate: float
    batch_tokens: int = 1500
    text: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _at_least(self, 1, "layers", "batch_tokens")
        _above_zero(self, "minutes", "learning_rate")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of training with its own rates and data.

    Attributes:
        minutes, tokens: how long it lasts, by the clock or in target tokens: one of the two. Only
            a stage in tokens is repeated exactly, for the learning rate follows what is left.
        learning_rate: of everything but the encoder, after the warm-up.
        encoder_learning_rate: of the encoder's layers that are not frozen.
        frozen_layers: the lower layers of the encoder that stay as they are, with the source
            embeddings; 0 trains all of it.
        batch_tokens: rows × longest row of a batch.
        final_rate: what the learning rates have fallen to at the end, as a share; linear.
        english_share: share of the examples that restore a noised target sentence.
        bare_share: share of the pairs whose alifs are written without hamza, as newswire does.
        corpora: the only ones read; all where it is empty.
        workers: processes that train side by side on a CPU and average their weights now and then
            (see `workers`); a step of the warm-up is one of each.
    """

    name: str
    learning_rate: float
    frozen_layers: int
    batch_tokens: int
    encoder_learning_rate: float = 0.0
    minutes: float | None = None
    tokens: int | None = None
    warm_up_steps: int = 60
    final_rate: float = 1.0
    label_smoothing: float = 0.1
    english_share: float = 0.0
    bare_share: float = 0.35
    corpora: tuple[str, ...] = ()
    workers: int = 1

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.tokens is None):
            raise RecipeError(f"stage {self.name!r} must last so many minutes or so many tokens")
        _above_zero(self, "minutes" if self.tokens is None else "tokens", "learning_rate")
        _at_least(self, 1, "batch_tokens", "workers")
        _at_least(self, 0, "frozen_layers", "warm_up_steps", "encoder_learning_rate")
        _within(self, 0, 1, "final_rate", "bare_share")
        _within(self, 0, 0.9, "english_share", "label_smoothing")


@dataclass(frozen=True, slots=True)
class Substitution:
    """A corpus derived from others: their pairs with other names and figures (see there).

    Attributes:
        of: the corpora it is derived from.
        times: how many pairs are derived from each, where anything in it can be swapped.
        name: of the derived corpus; it has a weight among the corpora, and no file.
    """

    of: tuple[str, ...]
    times: int = 1
    name: str = "substituted"

    def __post_init__(self) -> None:
        _at_least(self, 1, "times")
        if not self.of or self.name in self.of:
            raise RecipeError(f"corpus {self.name!r} must be derived of others")


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a model becomes, but for the corpora's contents.

    Attributes:
        license: SPDX expression of the model.
        seed: of every choice made by chance.
        corpora: how often a pair of each corpus is read in an epoch, by the corpus's name; 0.25 is
            every fourth epoch. A corpus NAME is the file NAME.tsv.xz.
        substitution: what is derived from them; nothing is where it is None.
    """

    name: str
    source_language: str
    target_language: str
    license: str
    corpora: Mapping[str, float]
    vocabulary: Vocabulary
    model: Shape
    bake: Baking
    stages: tuple[Stage, ...]
    seed: int = 1
    substitution: Substitution | None = None

    def __post_init__(self) -> None:
        for corpus, weight in self.corpora.items():
            if not 0 < weight <= 100:  # noqa: PLR2004 (the message says it)
                raise RecipeError(f"the weight of corpus {corpus!r} must be above 0, up to 100")
        names = [stage.name for stage in self.stages]
        if not names or len(set(names)) < len(names):
            raise RecipeError("there must be stages, each with a name of its own")
        if self.bake.layers > self.model.encoder_layers:
            raise RecipeError("bake.layers must not be more than model.encoder_layers")
        derived = {self.substitution.name, *self.substitution.of} if self.substitution else set()
        if unknown := derived - set(self.corpora):
            raise RecipeError(f"substitution names corpora without a weight: {_list(unknown)}")
        for stage in self.stages:
            self._check(stage)

    def _check(self, stage: Stage) -> None:
        frees = self.model.encoder_layers - stage.frozen_layers
        if frees < 0 or (frees > 0) != (stage.encoder_learning_rate > 0):
            raise RecipeError(
                f"stage {stage.name!r} freezes {stage.frozen_layers} of"
                f" {self.model.encoder_layers} layers: encoder_learning_rate belongs to those"
                " that are free, and only to them"
            )
        if unknown := set(stage.corpora) - set(self.corpora):
            raise RecipeError(f"stage {stage.name!r} reads unknown corpora {_list(unknown)}")


def load(path: Path) -> Recipe:
    """Read a recipe.

    Raises:
        RecipeError: it is not there, not TOML, lacks a key, has one that is not known, or a value
            that is of another type or out of range.
    """
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} cannot be read: {error}") from error
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def parse(text: str) -> Recipe:
    """Read a recipe from its text; raises as `load` does."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"this is not TOML: {error}") from error
    return _record(Recipe, table, "the recipe")


_R = TypeVar("_R")


def _record(kind: type[_R], table: object, where: str) -> _R:
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := table.keys() - known.keys():
        raise RecipeError(f"{where} has unknown keys {_list(unknown)}; known are {_list(known)}")
    needed = {name for name, field in known.items() if field.default is MISSING}
    if missing := needed - table.keys():
        raise RecipeError(f"{where} lacks {_list(missing)}")
    values = {name: _value(known[name].type, table[name], f"{where}: {name}") for name in table}
    return kind(**values)


def _value(kind: Any, value: object, where: str) -> object:  # noqa: ANN401 (a type, any)
    if kind == Substitution | None:
        kind = Substitution
    if isinstance(kind, type) and kind in {Vocabulary, Shape, Baking, Substitution}:
        return _record(kind, value, where)
    if get_origin(kind) is tuple and isinstance(value, list):
        item = get_args(kind)[0]
        if item is Stage:
            return tuple(_record(Stage, each, f"stage {n}") for n, each in enumerate(value, 1))
        return tuple(_value(item, each, where) for each in value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        return types.MappingProxyType(
            {k: _value(float, v, f"{where}.{k}") for k, v in value.items()}
        )
    accepted = tuple(get_args(kind)) if isinstance(kind, types.UnionType) else (kind,)
    if float in accepted and type(value) is int:
        return float(value)
    if type(value) not in accepted:
        expected = " or ".join(each.__name__ for each in accepted if each is not type(None))
        raise RecipeError(f"{where} must be of type {expected}, not {type(value).__name__}")
    return value


def _at_least(record: object, least: float, *names: str) -> None:
    for name in names:
        if getattr(record, name) < least:
            raise RecipeError(f"{name} must be at least {least}")


def _above_zero(record: object, *names: str) -> None:
    for name in names:
        if not 0 < getattr(record, name) < float("inf"):
            raise RecipeError(f"{name} must be above 0")


def _within(record: object, least: float, most: float, *names: str) -> None:
    for name in names:
        if not least <= getattr(record, name) <= most:
            raise RecipeError(f"{name} must be from {least} to {most}")


def _list(names: object) -> str:
    return ", ".join(sorted(names))  # type: ignore[call-overload]
