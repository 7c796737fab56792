import json
from pathlib import Path

import pytest

from mujaz_models.train.dataset import Dataset
from mujaz_models.train.recipe import Shape, Stage

torch = pytest.importorskip("torch")

from mujaz_models.train import checkpoint as checkpoints  # noqa: E402 (needs torch)
from mujaz_models.train.checkpoint import Checkpoint  # noqa: E402
from mujaz_models.train.measure import Measure  # noqa: E402
from mujaz_models.train.model import TranslationModel  # noqa: E402
from mujaz_models.train.precision import Place  # noqa: E402
from mujaz_models.train.stages import Training  # noqa: E402
from mujaz_models.train.vocabulary import Processors  # noqa: E402


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stage_is_trained_in_its_folder(
    shape: Shape, vocabulary: Path, copying: Dataset, tmp_path: Path, workers: int
) -> None:
    torch.manual_seed(1)
    model = TranslationModel(shape, 60, 31)
    checkpoints.save(Checkpoint(shape, model.state_dict()), tmp_path / checkpoints.FILE)
    place = Place("cpu", torch.float32)
    training = Training(
        tmp_path,
        Stage("s", 1e-3, 3, 200, tokens=2_000, workers=workers),
        copying,
        {"a": 1.0},
        1,
        place,
        Measure({}, Processors.load(vocabulary), place),
        float("inf"),
    )
    reached = training.run()
    assert (reached.finished, reached.workers) == (True, workers)
    assert 2_000 <= reached.tokens < 2_400
    held = checkpoints.load(tmp_path / checkpoints.FILE)
    assert (held.progress, len(held.others)) == (reached, workers - 1)
    (line,) = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert json.loads(line)["tokens"] == reached.tokens
