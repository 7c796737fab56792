"""What the workers of tests do; they are processes of their own, which import it."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from mujaz_models.train import checkpoint as checkpoints
from mujaz_models.train.batches import Batches
from mujaz_models.train.checkpoint import Checkpoint
from mujaz_models.train.dataset import Dataset
from mujaz_models.train.model import TranslationModel
from mujaz_models.train.precision import Place
from mujaz_models.train.recipe import Stage
from mujaz_models.train.trainer import Habits, Surroundings, Trainer
from mujaz_models.train.workers import Crew

HABITS = Habits(log_steps=1, save_seconds=40, meet_steps=5)


@dataclass(frozen=True)
class Learner:
    """Trains from a checkpoint in the folder.

    Beside it each worker writes how many threads it has, and the checkpoint that it ends with.

    Attributes:
        number, at: the signal that a worker of this rank sends itself, after so many of its steps.
    """

    folder: Path
    data: Dataset
    stage: Stage
    number: signal.Signals | None = None
    at: tuple[int, int] = (0, 0)

    def __call__(self, crew: Crew) -> None:
        (self.folder / f"{crew.rank}.threads").write_text(str(torch.get_num_threads()))
        held = checkpoints.load(self.folder / checkpoints.FILE)
        held = checkpoints.begin(held, self.stage.name, self.data.digest, crew.size)
        model = TranslationModel(held.shape, 60, 31)
        model.load_state_dict(held.weights)
        torch.manual_seed(1 + crew.rank)
        weights = self.data.weights({"a": 1.0})
        batches = Batches(self.data, weights, self.stage, 1, crew.rank)
        around = Surroundings(self._ignore, self._interrupt(crew.rank), lambda _: {}, self._clock())
        place = Place("cpu", torch.float32)
        trainer = Trainer(model, self.stage, batches, held, place, around, HABITS, crew)
        checkpoints.save(trainer.run(), self.folder / f"{crew.rank}.pt")

    def _ignore(self, _held: Checkpoint) -> None:
        pass

    def _interrupt(self, rank: int) -> Callable[[dict[str, Any]], None]:
        def log(line: dict[str, Any]) -> None:
            if self.number is not None and self.at == (rank, line["step"]):
                os.kill(os.getpid(), self.number)

        return log

    def _clock(self) -> Callable[[], float]:
        seconds = iter(range(1_000_000))
        return lambda: float(next(seconds))


def die_before_meeting(crew: Crew) -> None:
    """Leave while the other waits for an answer."""
    if crew.rank == 1:
        os._exit(3)
    crew.agree(True)
