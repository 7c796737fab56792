"""The training loop: one for CPU and GPU, stopped at any step and gone on with from there.

What the first runs taught, and what the recipe's numbers come from:

- Small batches (1,000 to 1,200 tokens) beat 2,600 by far at the same number of tokens: a model so
  far from its end profits from more steps, not from better ones.
- Unfreezing the encoder's upper layers helped most of all, once the decoder had learnt to read
  them; the lower ones stay frozen, for their states can then be kept.
- The averages of the weights are what is measured and exported: at a high learning rate they are
  worth about as much as letting it fall.
- On a CPU two processes of one thread each, which read other batches and average their weights
  now and then, read 1.35 times as much as one of two threads; and averaging takes noise away (see
  `workers`).
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import torch

from mujaz_models.train.batches import Batch, Batches, Kind, pad
from mujaz_models.train.checkpoint import Checkpoint
from mujaz_models.train.frozen import MOST_BYTES, LowerStates
from mujaz_models.train.loss import SmoothedCrossEntropy
from mujaz_models.train.measure import averaged
from mujaz_models.train.model import TranslationModel
from mujaz_models.train.precision import Place
from mujaz_models.train.recipe import Stage
from mujaz_models.train.vocabulary import EOS, PAD, START
from mujaz_models.train.workers import ALONE, Crew

_BETAS: Final = (0.9, 0.98)
_EPSILON: Final = 1e-9
_DECAY: Final = 0.01
_LARGEST_GRADIENT: Final = 1.0
_AVERAGE_EVERY: Final = 5
_AVERAGE_DECAY: Final = 0.995
_RISE: Final = 10  # of the averages' decay: after n updates it is n / (n + 10)


@dataclass(frozen=True, slots=True)
class Habits:
    """How often the loop does what is beside training.

    Attributes:
        log_steps: between two lines of the log.
        save_seconds: between two checkpoints; the loss on the held-out sets is measured then.
        meet_steps: between two averagings of the workers' weights, where there are several. At a
            hundred, a minute or more, they take nothing measurable of the time, and the workers
            have gone apart far enough for the average to be better than any of them.
    """

    log_steps: int = 200
    save_seconds: float = 600.0
    meet_steps: int = 100


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop calls.

    Attributes:
        save: keeps a checkpoint.
        log: writes one line of the log of runs.
        measure: the loss on the held-out sets, by set.
        clock: seconds, from any moment on.
    """

    save: Callable[[Checkpoint], None]
    log: Callable[[dict[str, Any]], None]
    measure: Callable[[TranslationModel], dict[str, float]]
    clock: Callable[[], float] = time.monotonic


class Trainer:
    """Trains a model through one stage, alone or as one of several workers.

    Workers stand at the same step, with the same progress, by themselves: the batches tell each
    how much all have read. They meet every so many steps and at the end of the stage. Whatever
    concerns all is settled there: averaging, checkpoints, and whether to stop.

    Args:
        model: on its device, with the weights of the checkpoint.
        checkpoint: whose progress is of this stage.
        batches: of this stage, and of this worker.
    """

    def __init__(
        self,
        model: TranslationModel,
        stage: Stage,
        batches: Batches,
        checkpoint: Checkpoint,
        place: Place,
        surroundings: Surroundings,
        habits: Habits = Habits(),
        crew: Crew = ALONE,
    ) -> None:
        self._model, self._stage, self._batches = model, stage, batches
        self._checkpoint, self._progress = checkpoint, checkpoint.progress
        self._place, self._around, self._habits, self._crew = place, surroundings, habits, crew
        self._lower = LowerStates(model, stage.frozen_layers, MOST_BYTES // crew.size)
        self._train_mode()
        self._trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        own = checkpoint.of_worker(crew.rank)
        self._optimizer = _optimizer(self._trained, stage, own)
        self._averages = {
            name: checkpoint.averages.get(name, parameter.detach()).to(parameter.device).clone()
            for name, parameter in self._trained.items()
        }
        if own.randomness is not None and self._progress.steps:
            torch.set_rng_state(own.randomness)
        nats = torch.zeros((), device=place.device)
        self._since_log = _SinceLog(nats, 0, 0, surroundings.clock())

    def run(self, seconds: float = float("inf")) -> Checkpoint:
        """Train to the end of the stage, for so many seconds, or until SIGTERM or SIGINT.

        Several workers stop where they next meet, as soon as one of them is asked to.

        Returns:
            The state at the end, which is saved too; its progress says whether it is finished.
        """
        began = saved = self._around.clock()
        before = self._progress.seconds
        with _stop_requests() as stopped:
            for batch in self._batches.since(self._progress.position):
                now = self._around.clock()
                self._progress = replace(self._progress, seconds=before + now - began)
                if self._meets():
                    finished, stop, due = self._crew.agree(
                        self._share() >= 1,
                        stopped() or now - began >= seconds,
                        now - saved >= self._habits.save_seconds,
                    )
                    self._progress = replace(self._progress, finished=finished)
                    if finished or stop:
                        break
                    if due:
                        self._save()
                        saved = self._around.clock()
                self._step(batch)
                if self._progress.steps % self._habits.log_steps == 0:
                    self._log({})
            return self._save()

    def _meets(self) -> bool:
        """Return whether the workers meet after the steps so far; one alone does after each."""
        tokens = self._stage.tokens
        return (
            self._crew.size == 1
            or self._progress.steps % self._habits.meet_steps == 0
            or (tokens is not None and self._progress.tokens >= tokens)
        )

    def _share(self) -> float:
        """Return how much of the stage is done."""
        if self._stage.tokens is not None:
            return self._progress.tokens / self._stage.tokens
        if self._stage.minutes is None:
            raise AssertionError("A stage has neither minutes nor tokens. This is a bug")
        return self._progress.seconds / (60 * self._stage.minutes)

    def _rate(self) -> float:
        """Return the share of the stage's learning rates that this step takes."""
        warm = min(1.0, (self._progress.steps + 1) / max(1, self._stage.warm_up_steps))
        return warm * (1 - (1 - self._stage.final_rate) * min(1.0, self._share()))

    def _step(self, batch: Batch) -> None:
        if batch.pairs:
            self._learn(batch)
        self._progress = replace(
            self._progress,
            position=batch.after,
            steps=self._progress.steps + 1,
            tokens=self._progress.tokens + batch.tokens,
        )
        self._since_log.tokens += batch.tokens
        if self._meets():
            self._crew.average(list(self._trained.values()))
        if self._progress.steps % _AVERAGE_EVERY == 0:
            self._average()

    def _learn(self, batch: Batch) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = group["full_rate"] * self._rate()
        loss, nats = self._loss(batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self._trained.values()), _LARGEST_GRADIENT)
        self._optimizer.step()
        self._since_log.add(nats, batch.target_tokens)

    def _loss(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        model, device = self._model, self._place.device
        source = torch.from_numpy(pad(batch.source))
        mask = (source != PAD)[:, None, None, :].to(device) if bool((source == PAD).any()) else None
        english = torch.tensor([int(k == Kind.NOISED_ENGLISH) for k in batch.kinds], device=device)
        read = torch.from_numpy(pad([[START, *row] for row in batch.target])).to(device)
        wanted = torch.from_numpy(pad([[*row, EOS] for row in batch.target])).to(device)
        with self._place.autocast():
            states = self._lower.read(batch, self._place.kind)
            memory = model.standardize(
                model.upper(states, mask, self._stage.frozen_layers), english
            )
            hidden = model.decode(read, memory, mask)
        kept = wanted != PAD
        loss, nats = SmoothedCrossEntropy.apply(
            hidden[kept],
            model.target.tokens.weight,
            model.output_bias,
            wanted[kept],
            self._stage.label_smoothing,
        )
        return loss, nats

    def _average(self) -> None:
        steps = self._progress.steps + sum(done["steps"] for done in self._checkpoint.history)
        updates = steps // _AVERAGE_EVERY
        decay = min(_AVERAGE_DECAY, updates / (updates + _RISE))
        with torch.no_grad():
            for name, average in self._averages.items():
                average.lerp_(self._trained[name], 1 - decay)

    def _train_mode(self) -> None:
        self._model.train()
        self._lower.freeze()

    def _save(self) -> Checkpoint:
        self._crew.average(list(self._averages.values()))
        with averaged(self._model, self._averages):
            self._log({"nats_per_character": self._around.measure(self._model)})
        self._train_mode()
        progress = self._progress
        done = {"stage": progress.stage, "steps": progress.steps, "tokens": progress.tokens}
        history = (
            (*self._checkpoint.history, done) if progress.finished else self._checkpoint.history
        )
        moments = {name: self._optimizer.state[p] for name, p in self._trained.items()}
        own = {"optimizer": moments, "randomness": torch.get_rng_state()}
        state = Checkpoint(
            self._checkpoint.shape,
            {name: value.detach() for name, value in self._model.state_dict().items()},
            self._averages,
            progress=progress,
            history=history,
            others=self._crew.gather(own)[1:],
            **own,
        )
        self._around.save(state)
        return state

    def _log(self, measured: dict[str, Any]) -> None:
        line = {
            "stage": self._progress.stage,
            "epoch": self._progress.position.epoch,
            "step": self._progress.steps,
            "tokens": self._progress.tokens,
            "minutes": round(self._progress.seconds / 60, 2),
            "rate": float(f"{self._optimizer.param_groups[0]['lr']:.3g}"),
        }
        self._around.log(line | self._since_log.take(self._around.clock()) | measured)


@dataclass(slots=True)
class _SinceLog:
    """What happened since the last line of the log: tokens of all workers, nats of its own."""

    nats: torch.Tensor
    own_tokens: int
    tokens: int
    began: float

    def add(self, nats_per_token: torch.Tensor, tokens: int) -> None:
        self.nats += nats_per_token.detach() * tokens
        self.own_tokens += tokens

    def take(self, now: float) -> dict[str, float]:
        """Return nats per token and tokens per second, and begin anew."""
        own, tokens, seconds = self.own_tokens, self.tokens, now - self.began
        nats = float(self.nats)
        self.nats.zero_()
        self.own_tokens, self.tokens, self.began = 0, 0, now
        if not own:
            return {}
        speed = round(tokens / seconds) if seconds else 0
        return {"nats_per_token": round(nats / own, 4), "tokens_per_second": speed}


def _optimizer(trained: dict[str, Any], stage: Stage, checkpoint: Checkpoint) -> Any:  # noqa: ANN401 (torch's)
    """Make AdamW with a group for the encoder; it goes on with the state it has by name."""
    encoder = [n for n in trained if n.startswith(("source.", "encoder."))]
    others = [n for n in trained if n not in encoder]
    groups = [
        {"params": [trained[n] for n in names], "full_rate": rate}
        for names, rate in ((others, stage.learning_rate), (encoder, stage.encoder_learning_rate))
        if names
    ]
    optimizer = torch.optim.AdamW(
        groups, betas=_BETAS, eps=_EPSILON, weight_decay=_DECAY, fused=True
    )
    for name, parameter in trained.items():
        if state := checkpoint.optimizer.get(name):
            held = {key: value.clone() for key, value in state.items()}
            optimizer.state[parameter] = {k: v.to(parameter.device) for k, v in held.items()}
    return optimizer


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Turn SIGTERM and SIGINT into a question that the loop asks between steps."""
    asked: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda got, _frame: asked.append(got)) for number in numbers]
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
