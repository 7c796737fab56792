# ruff: noqa: TC003 (torch must come before what needs it)
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mujaz_models.train.dataset import Dataset
from mujaz_models.train.recipe import Shape, Stage

torch = pytest.importorskip("torch")

from mujaz_models.train import checkpoint as checkpoints  # noqa: E402 (needs torch)
from mujaz_models.train.batches import Batches, Position  # noqa: E402
from mujaz_models.train.checkpoint import Checkpoint, begin  # noqa: E402
from mujaz_models.train.frozen import LowerStates  # noqa: E402
from mujaz_models.train.model import TranslationModel  # noqa: E402
from mujaz_models.train.precision import Place  # noqa: E402
from mujaz_models.train.trainer import Habits, Surroundings, Trainer  # noqa: E402

torch.set_num_threads(1)  # of such small products threads make slow ones
CPU = Place("cpu", torch.float32)
STAGE = Stage(
    "s",
    tokens=20_000,
    learning_rate=5e-3,
    encoder_learning_rate=2e-3,
    frozen_layers=1,
    batch_tokens=200,
    english_share=0.1,
    final_rate=0.1,
)


@pytest.fixture
def start(shape: Shape) -> Checkpoint:
    torch.manual_seed(1)
    model = TranslationModel(shape, 60, 31)
    return Checkpoint(shape, {n: v.clone() for n, v in model.state_dict().items()})


class Run:
    """A run of the trainer that keeps what it logs and saves."""

    def __init__(self, data: Dataset, stage: Stage, start: Checkpoint) -> None:
        self.lines: list[dict[str, Any]] = []
        self.saved: list[Checkpoint] = []
        self.at_log: Callable[[dict[str, Any]], None] = lambda _line: None
        self.now = 0.0
        held = begin(start, stage.name, data.digest)
        self.model = TranslationModel(held.shape, 60, 31)
        self.model.load_state_dict(held.weights)
        batches = Batches(data, data.weights({"a": 1.0}), stage, 1)
        around = Surroundings(
            self.saved.append, self._log, lambda _model: {"dev": 1.0}, self._clock
        )
        torch.manual_seed(1)
        self._trainer = Trainer(
            self.model, stage, batches, held, CPU, around, Habits(log_steps=10, save_seconds=50)
        )

    def _log(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        self.at_log(line)

    def _clock(self) -> float:
        self.now += 1.0
        return self.now

    def go(self, seconds: float = float("inf")) -> Checkpoint:
        return self._trainer.run(seconds)


def test_the_loss_falls(copying: Dataset, start: Checkpoint) -> None:
    run = Run(copying, STAGE, start)
    end = run.go()
    losses = [line["nats_per_token"] for line in run.lines if "nats_per_token" in line]
    assert losses[0] > 3.2
    assert losses[-1] < losses[0] - 0.3
    assert end.progress.finished
    assert 20_000 <= end.progress.tokens < 20_300
    assert end.history == (
        {"stage": "s", "steps": end.progress.steps, "tokens": end.progress.tokens},
    )


@pytest.mark.parametrize(
    ("frozen", "tolerance"),
    [
        pytest.param(0, 0.0, id="to the bit with no layer frozen"),
        pytest.param(1, 1e-3, id="to the rounding of kept states with frozen layers"),
    ],
)
def test_a_run_stopped_by_sigterm_goes_on_as_if_it_had_not_been(
    copying: Dataset, start: Checkpoint, tmp_path: Path, frozen: int, tolerance: float
) -> None:
    stage = replace(STAGE, tokens=6_000, frozen_layers=frozen)
    whole = Run(copying, stage, start).go()

    first = Run(copying, stage, start)
    first.at_log = lambda line: os.kill(os.getpid(), signal.SIGTERM) if line["step"] == 20 else None
    stopped = first.go()
    assert stopped.progress.steps == 20
    assert not stopped.progress.finished
    checkpoints.save(stopped, tmp_path / "t.pt")
    torch.manual_seed(99)  # another process would stand anywhere
    held = checkpoints.load(tmp_path / "t.pt")
    assert held.progress == stopped.progress
    end = Run(copying, stage, held).go()

    assert (end.progress.steps, end.progress.tokens) == (
        whole.progress.steps,
        whole.progress.tokens,
    )
    assert end.progress.position == whole.progress.position
    for kind in ("weights", "averages"):
        for name, value in getattr(whole, kind).items():
            found = getattr(end, kind)[name]
            torch.testing.assert_close(found, value, rtol=0, atol=tolerance)


def test_a_seeded_defect_shows_in_the_comparison(copying: Dataset, start: Checkpoint) -> None:
    stage = replace(STAGE, tokens=3_000)
    whole = Run(copying, stage, start).go()
    first = Run(copying, stage, start)
    stopped = first.go(10)
    assert not stopped.progress.finished
    end = Run(copying, stage, replace(stopped, optimizer={})).go()
    name = "target.tokens.weight"
    assert not torch.equal(whole.weights[name], end.weights[name])


def test_frozen_layers_stay_and_the_others_move(copying: Dataset, start: Checkpoint) -> None:
    end = Run(copying, replace(STAGE, tokens=2_000), start).go()
    moved = {n for n, v in end.weights.items() if not torch.equal(v, start.weights[n])}
    assert not {n for n in moved if n.startswith(("source.", "encoder.0.", "memory_"))}
    assert {
        "encoder.1.expand.weight",
        "decoder.0.self_attention.qkv.weight",
        "output_bias",
    } <= moved
    assert set(end.averages) == set(end.optimizer)


def test_states_that_were_kept_are_those_that_were_computed(
    copying: Dataset, start: Checkpoint
) -> None:
    model = TranslationModel(start.shape, 60, 31)
    model.load_state_dict(start.weights)
    stage = replace(STAGE, english_share=0.0)
    batch = next(Batches(copying, copying.weights({"a": 1.0}), stage, 1).since(Position()))
    lower = LowerStates(model, 2)
    lower.freeze()
    first, again = (lower.read(batch, torch.bfloat16) for _ in range(2))
    assert torch.equal(first, again)
    nothing_kept = LowerStates(model, 2, most_bytes=0)
    assert torch.equal(nothing_kept.read(batch, torch.bfloat16), first)
    assert len(lower._kept) == len(batch.pairs)
    assert not nothing_kept._kept


def test_checkpoints_are_written_on_the_way_and_the_loss_measured(
    copying: Dataset, start: Checkpoint
) -> None:
    run = Run(copying, replace(STAGE, tokens=10_000), start)
    run.go()
    assert len(run.saved) > 1
    measured = [line for line in run.lines if "nats_per_character" in line]
    assert len(measured) == len(run.saved)
    assert measured[-1]["nats_per_character"] == {"dev": 1.0}


def test_a_call_of_some_minutes_ends_without_finishing(copying: Dataset, start: Checkpoint) -> None:
    end = Run(copying, STAGE, start).go(30)
    assert not end.progress.finished
    assert 0 < end.progress.steps < 40


def test_a_stage_in_minutes_ends_by_the_clock(copying: Dataset, start: Checkpoint) -> None:
    stage = replace(STAGE, tokens=None, minutes=0.5)
    end = Run(copying, stage, start).go()
    assert end.progress.finished
    assert 30 <= end.progress.seconds < 33


def test_learning_rates_warm_up_and_fall(copying: Dataset, start: Checkpoint) -> None:
    run = Run(copying, replace(STAGE, warm_up_steps=30, tokens=20_000), start)
    run.go()
    rates = [line["rate"] for line in run.lines]
    top = rates.index(max(rates))
    assert 1 <= top <= 4
    assert rates[0] == pytest.approx(5e-3 / 3, rel=0.1)
    assert rates[-1] == pytest.approx(5e-4, rel=0.1)


def test_other_pairs_begin_the_next_epoch(start: Checkpoint) -> None:
    held = begin(start, "s", "one")
    read = replace(held, progress=replace(held.progress, position=Position(2, 7), steps=9))
    assert begin(read, "s", "one").progress.position == Position(2, 7)
    other = begin(read, "s", "two").progress
    assert (other.position, other.steps, other.dataset) == (Position(3), 9, "two")
    assert begin(read, "t", "one").progress.steps == 0
