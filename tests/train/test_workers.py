import multiprocessing
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from mujaz_models.command import CommandError
from mujaz_models.train.dataset import Dataset
from mujaz_models.train.recipe import Shape, Stage

torch = pytest.importorskip("torch")

from mujaz_models.train import checkpoint as checkpoints  # noqa: E402
from mujaz_models.train.batches import Position  # noqa: E402
from mujaz_models.train.checkpoint import Checkpoint, begin  # noqa: E402
from mujaz_models.train.model import TranslationModel  # noqa: E402
from mujaz_models.train.precision import Place  # noqa: E402
from mujaz_models.train.stages import check_place  # noqa: E402
from mujaz_models.train.workers import ALONE, WorkerError, side_by_side  # noqa: E402
from train.beside import Learner, die_before_meeting  # noqa: E402 (needs torch)

STAGE = Stage(
    "s",
    tokens=6_000,
    learning_rate=5e-3,
    encoder_learning_rate=2e-3,
    frozen_layers=0,
    batch_tokens=200,
    english_share=0.1,
    workers=2,
)


@pytest.fixture(scope="module")
def start(shape: Shape, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a fresh checkpoint."""
    folder = tmp_path_factory.mktemp("start")
    torch.manual_seed(1)
    model = TranslationModel(shape, 60, 31)
    checkpoints.save(Checkpoint(shape, model.state_dict()), folder / checkpoints.FILE)
    return folder


def _train(learner: Learner) -> list[Checkpoint]:
    side_by_side(learner, 2)
    return [checkpoints.load(learner.folder / f"{rank}.pt") for rank in range(2)]


@pytest.fixture(scope="module")
def whole(start: Path, copying: Dataset) -> list[Checkpoint]:
    """What two workers end with that nothing disturbed."""
    return _train(Learner(start, copying, STAGE))


def test_both_end_with_the_same_weights_and_moments_of_their_own(whole: list[Checkpoint]) -> None:
    first, second = whole
    for kind in ("weights", "averages"):
        for name, value in getattr(first, kind).items():
            assert torch.equal(value, getattr(second, kind)[name]), name
    assert first.progress.finished
    assert replace(first.progress, seconds=0) == replace(second.progress, seconds=0)
    assert 6_000 <= first.progress.tokens < 6_400
    (others,) = first.others
    name = "target.tokens.weight"
    assert torch.equal(others["optimizer"][name]["exp_avg"], second.optimizer[name]["exp_avg"])
    assert not torch.equal(first.optimizer[name]["exp_avg"], second.optimizer[name]["exp_avg"])


def test_workers_stopped_where_they_meet_go_on_as_if_they_had_not_been(
    start: Path, copying: Dataset, whole: list[Checkpoint], tmp_path: Path
) -> None:
    held = checkpoints.load(start / checkpoints.FILE)
    checkpoints.save(held, tmp_path / checkpoints.FILE)
    learner = Learner(tmp_path, copying, STAGE, signal.SIGTERM, (0, 7))
    stopped, _ = _train(learner)
    assert (stopped.progress.steps, stopped.progress.finished) == (10, False)
    checkpoints.save(stopped, tmp_path / checkpoints.FILE)
    end, _ = _train(replace(learner, number=None))
    for kind in ("weights", "averages"):
        for name, value in getattr(whole[0], kind).items():
            found = getattr(end, kind)[name]
            torch.testing.assert_close(found, value, rtol=0, atol=1e-6)
    assert (end.progress.position, end.progress.tokens) == (
        whole[0].progress.position,
        whole[0].progress.tokens,
    )


def test_a_worker_that_dies_ends_the_run(start: Path, copying: Dataset) -> None:
    learner = Learner(start, copying, STAGE, signal.SIGKILL, (0, 7))
    with pytest.raises(WorkerError, match=r"^worker 0 of 2 ended by SIGKILL; the same command"):
        side_by_side(learner, 2)
    assert not multiprocessing.active_children()


def test_the_one_at_fault_is_named_not_the_one_left_waiting() -> None:
    with pytest.raises(WorkerError, match=r"^worker 1 of 2 ended with status 3; [^\n]*$"):
        side_by_side(die_before_meeting, 2)


@pytest.mark.usefixtures("whole")
def test_the_cores_are_divided(start: Path) -> None:
    threads = [int((start / f"{rank}.threads").read_text()) for rank in range(2)]
    assert threads[0] == threads[1]
    assert 1 <= threads[0] <= max(1, multiprocessing.cpu_count() // 2)


def test_one_alone_meets_nobody() -> None:
    weight = torch.tensor([1.0, 2.0])
    ALONE.average([weight])
    assert weight.tolist() == [1.0, 2.0]
    assert ALONE.agree(True, False) == [True, False]
    assert ALONE.gather({"a": 1}) == ({"a": 1},)


def test_a_gpu_is_refused_several_workers() -> None:
    check_place(STAGE, Place("cpu", torch.float32))
    check_place(replace(STAGE, workers=1), Place("cuda", torch.bfloat16))
    with pytest.raises(CommandError, match=r"^stage 's' has 2 workers, [^\n]* set workers = 1$"):
        check_place(STAGE, Place("cuda", torch.bfloat16))


def test_another_number_of_workers_begins_the_next_epoch(shape: Shape) -> None:
    held = begin(Checkpoint(shape, {}), "s", "d", workers=2)
    read = replace(held, progress=replace(held.progress, position=Position(1, 7), steps=9))
    assert begin(read, "s", "d", workers=2).progress.position == Position(1, 7)
    assert begin(read, "s", "d", workers=3).progress.position == Position(2)


def test_a_worker_more_begins_with_the_moments_of_the_first(shape: Shape) -> None:
    randomness = torch.ones(3)
    others = ({"optimizer": {"w": {"step": 2}}, "randomness": None},)
    held = Checkpoint(shape, {}, optimizer={"w": {"step": 1}}, randomness=randomness, others=others)
    steps = [held.of_worker(rank).optimizer["w"]["step"] for rank in range(3)]
    assert steps == [1, 2, 1]
    assert held.of_worker(0).randomness is randomness
    assert held.of_worker(2).randomness is None
