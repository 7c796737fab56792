"""Training through one stage: in this process, or in several side by side."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from mujaz_models.command import CommandError
from mujaz_models.train import checkpoint as checkpoints
from mujaz_models.train.batches import Batches
from mujaz_models.train.checkpoint import Checkpoint, Progress
from mujaz_models.train.dataset import Dataset
from mujaz_models.train.measure import Measure
from mujaz_models.train.model import TranslationModel
from mujaz_models.train.precision import Place
from mujaz_models.train.recipe import Stage
from mujaz_models.train.trainer import Surroundings, Trainer
from mujaz_models.train.workers import ALONE, Crew, side_by_side

_LOG: Final = "runs.jsonl"


@dataclass(frozen=True, slots=True)
class Training:
    """A stage, and what it is trained with; it can be pickled.

    Attributes:
        work: the folder of the checkpoint and of the log.
        corpora: weights, by corpus.
        seed: of all chance.
        seconds: trained at most in this call.
    """

    work: Path
    stage: Stage
    data: Dataset
    corpora: Mapping[str, float]
    seed: int
    place: Place
    measure: Measure
    seconds: float

    def begins(self) -> Progress:
        """Return the progress from which it starts, or goes on."""
        return self._checkpoint().progress

    def run(self) -> Progress:
        """Train, and return how far the stage has come; the checkpoint is in the work folder.

        Raises:
            WorkerError: one of several workers has died.
        """
        if self.stage.workers == 1:
            return self.train(ALONE).progress
        side_by_side(self.train, self.stage.workers)
        reached = checkpoints.load(self.work / checkpoints.FILE).progress
        # Workers that are stopped before they have met leave the checkpoint of the stage before.
        return reached if reached.stage == self.stage.name else self.begins()

    def train(self, crew: Crew) -> Checkpoint:
        """Train as one of a crew, of which the first keeps the checkpoints and the log."""
        held = self._checkpoint()
        sizes = [len(held.weights[f"{name}.tokens.weight"]) for name in ("source", "target")]
        model = TranslationModel(held.shape, *sizes)
        model.load_state_dict(held.weights)
        # Of the dropout; a stage that goes on has its own.
        torch.manual_seed(self.seed + crew.rank)
        weights = self.data.weights(self.corpora, self.stage.corpora)
        trainer = Trainer(
            model.to(self.place.device),
            self.stage,
            Batches(self.data, weights, self.stage, self.seed, crew.rank),
            held,
            self.place,
            self._surroundings(crew.rank),
            crew=crew,
        )
        return trainer.run(self.seconds)

    def _checkpoint(self) -> Checkpoint:
        held = checkpoints.load(self.work / checkpoints.FILE)
        return checkpoints.begin(held, self.stage.name, self.data.digest, self.stage.workers)

    def _surroundings(self, rank: int) -> Surroundings:
        if rank:
            return Surroundings(lambda _held: None, lambda _line: None, lambda _model: {})
        path = self.work / checkpoints.FILE
        return Surroundings(
            lambda held: checkpoints.save(held, path),
            lambda line: log(self.work, line),
            self.measure,
        )


def check_place(stage: Stage, place: Place) -> None:
    """Refuse several workers on a GPU.

    Raises:
        CommandError: there are several, and it is one.
    """
    if stage.workers > 1 and place.device != "cpu":
        raise CommandError(
            f"stage {stage.name!r} has {stage.workers} workers, which share the cores of a CPU;"
            " on a GPU one process uses all of it: set workers = 1"
        )


def log(work: Path, line: dict[str, Any]) -> None:
    """Add a line to the log in the work folder, and print it."""
    text = json.dumps(line)
    with (work / _LOG).open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")
    print(text, flush=True)  # noqa: T201 (a command prints)
