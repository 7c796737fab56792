"""The state of a training: everything that it needs to go on as if it had not stopped."""

import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import torch

from mujaz_models.command import CommandError
from mujaz_models.train.batches import Position
from mujaz_models.train.recipe import Shape

FILE: Final = "training.pt"
_FORMAT: Final = 1

Weights = dict[str, torch.Tensor]


class CheckpointError(CommandError):
    """A file is not a checkpoint, or one of another model."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come.

    Attributes:
        stage: its name; empty before the first.
        finished: whether the stage has come to its end.
        position: of the next batch, in the dataset of this digest and for so many workers.
        steps, tokens, seconds: of the stage so far; target tokens, of all workers.
    """

    stage: str = ""
    finished: bool = False
    dataset: str = ""
    position: Position = field(default_factory=Position)
    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a training.

    Attributes:
        weights: of the model as training goes on with them.
        averages: running averages of the trained ones, which translate better.
        optimizer: AdamW's state of each trained parameter, by the parameter's name.
        history: what the finished stages took.
        randomness: state of torch's generator (of the CPU).
        others: what the workers after the first have of their own: for each a dictionary of its
            `optimizer` and its `randomness`, which for the first one stand above.
    """

    shape: Shape
    weights: Weights
    averages: Weights = field(default_factory=dict)
    optimizer: dict[str, Weights] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    history: tuple[dict[str, Any], ...] = ()
    randomness: torch.Tensor | None = None
    others: tuple[dict[str, Any], ...] = ()

    def of_worker(self, rank: int) -> "Checkpoint":
        """Return the state from which a worker goes on.

        One more than there were takes the first one's moments, and randomness of its own.
        """
        if rank == 0:
            return self
        if rank > len(self.others):
            return replace(self, randomness=None)
        return replace(self, **self.others[rank - 1])

    def averaged(self) -> Weights:
        """Return the weights with their averages: what is measured and exported."""
        return self.weights | self.averages


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint; what was there stays whole until the new one is."""
    partial = path.with_name(f".{path.name}")
    held = {name: getattr(checkpoint, name) for name in _PLAIN}
    records = {"shape": asdict(checkpoint.shape), "progress": asdict(checkpoint.progress)}
    torch.save({"format": _FORMAT, **held, **records}, partial)
    partial.replace(path)


_PLAIN: Final = ("weights", "averages", "optimizer", "history", "randomness", "others")


def load(path: Path) -> Checkpoint:
    """Read a checkpoint, one of the first scripts' included.

    Raises:
        CheckpointError: it is neither.
    """
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises pickle, zip and runtime errors alike
        raise CheckpointError(f"{path} is not a checkpoint: {error}") from error
    if isinstance(held, dict) and held.get("format") == _FORMAT:
        progress = dict(held["progress"])
        progress["position"] = Position(**progress["position"])
        plain = {name: held[name] for name in _PLAIN if name in held}
        return Checkpoint(Shape(**held["shape"]), progress=Progress(**progress), **plain)
    if isinstance(held, dict) and {"m", "c"} <= held.keys():
        return _first_format(held, path)
    raise CheckpointError(f"{path} is not a checkpoint of this training")


def begin(checkpoint: Checkpoint, stage: str, dataset: str, workers: int = 1) -> Checkpoint:
    """Return the state from which a stage starts, or goes on if it is the one that was stopped.

    Other pairs than last time, or another number of workers to share them, begin the next epoch: a
    position in the old ones means nothing.
    """
    progress = checkpoint.progress
    if progress.stage != stage or progress.finished:
        progress = Progress(stage=stage, dataset=dataset, workers=workers)
    elif (progress.dataset, progress.workers) != (dataset, workers):
        position = Position(progress.position.epoch + 1)
        progress = replace(progress, dataset=dataset, workers=workers, position=position)
    return replace(checkpoint, progress=progress)


def _first_format(held: dict[str, Any], path: Path) -> Checkpoint:
    """Read what the first scripts wrote: weights in NAME.raw.pt, the rest in NAME.opt.pt."""
    old = held["c"]
    shape = Shape(
        width=old["d"],
        encoder_layers=old["enc"],
        encoder_heads=old["heads"],
        encoder_feed_forward=old["ffn"],
        decoder_layers=old["dec"],
        decoder_heads=old["dheads"],
        decoder_feed_forward=old["dffn"],
        dropout=old["drop"],
    )
    weights = {_renamed(name): value.float() for name, value in held["m"].items()}
    beside = path.with_name(path.name.replace(".raw.pt", ".opt.pt"))
    if beside == path or not beside.is_file():
        return Checkpoint(shape, weights)
    rest = torch.load(beside, map_location="cpu", weights_only=True)
    names = _trained(weights, held["o"]["cut"])
    encoder = [name for name in names if name.startswith(("source.", "encoder."))]
    grouped = [name for name in names if name not in encoder] + encoder
    states = rest["opt"]["state"]
    optimizer = {name: states[number] for number, name in enumerate(grouped)}
    averages = dict(zip(names, rest["ema"], strict=True))
    before = {"stage": "before", "steps": int(states[0]["step"]), "tokens": 0}
    return Checkpoint(shape, weights, averages, optimizer, history=(before,))


def _trained(weights: Weights, frozen: int) -> list[str]:
    """Name the parameters that the first scripts trained, in the order of the model."""
    order = ("output_bias", "source.", "target.", "encoder.", "decoder.")
    below = tuple(f"encoder.{number}." for number in range(frozen))
    names = [n for n in weights if not n.startswith(("memory_", *below))]
    if frozen:
        names = [n for n in names if not n.startswith("source.")]
    return sorted(names, key=lambda n: next(i for i, p in enumerate(order) if n.startswith(p)))


_MODULES: Final = {
    "se.e": "source.tokens",
    "te.e": "target.tokens",
    "el": "encoder",
    "dl": "decoder",
    "ob": "output_bias",
    "mu": "memory_mean",
    "sd": "memory_deviation",
}
_PARTS: Final = {
    "a": "self_attention",
    "x": "cross_attention",
    "o": "out",
    "q": "query",
    "kv": "key_value",
    "f1": "expand",
    "f2": "contract",
    "n1": "self_attention_norm",
    "n3": "feed_forward_norm",
}


def _renamed(name: str) -> str:
    """Return our name of a parameter of the first scripts."""
    head, *rest = re.split(r"\.(?!e\b)", name)
    second = "feed_forward_norm" if head == "el" else "cross_attention_norm"
    parts = _PARTS | {"n2": second}
    return ".".join([_MODULES[head], *(parts.get(part, part) for part in rest)])
