from pathlib import Path
from typing import Any

import pytest

from mujaz_models.train.recipe import Shape

torch = pytest.importorskip("torch")

from mujaz_models.train import checkpoint as checkpoints  # noqa: E402 (needs torch)
from mujaz_models.train.checkpoint import Checkpoint, CheckpointError  # noqa: E402
from mujaz_models.train.model import TranslationModel  # noqa: E402

OLD = {
    "source.tokens": "se.e",
    "target.tokens": "te.e",
    "output_bias": "ob",
    "memory_mean": "mu",
    "memory_deviation": "sd",
    "encoder": "el",
    "decoder": "dl",
    "self_attention_norm": "n1",
    "cross_attention_norm": "n2",
    "self_attention": "a",
    "cross_attention": "x",
    "key_value": "kv",
    "query": "q",
    ".out.": ".o.",
    "expand": "f1",
    "contract": "f2",
}


def _old_name(name: str) -> str:
    name = name.replace("feed_forward_norm", "n2" if name.startswith("encoder") else "n3")
    for new, old in OLD.items():
        name = name.replace(new, old)
    return name


@pytest.fixture
def model(shape: Shape) -> Any:
    torch.manual_seed(1)
    return TranslationModel(shape, 60, 31)


def _old(model: Any, shape: Shape, folder: Path) -> Path:
    c = {"d": 16, "enc": 3, "heads": 2, "ffn": 32, "dec": 2, "dheads": 4, "dffn": 48, "drop": 0.1}
    weights = {_old_name(name): value for name, value in model.state_dict().items()}
    path = folder / "ck.grow.raw.pt"
    torch.save({"m": weights, "c": c, "o": {"cut": 1}}, path)
    assert shape.encoder_layers == c["enc"]
    return path


def test_weights_of_the_first_scripts_are_read(model: Any, shape: Shape, tmp_path: Path) -> None:
    held = checkpoints.load(_old(model, shape, tmp_path))
    assert held.shape == shape
    assert held.weights.keys() == model.state_dict().keys()
    assert all(torch.equal(value, held.weights[n]) for n, value in model.state_dict().items())
    assert not held.averages


def test_averages_and_optimizer_of_the_first_scripts_find_their_parameters(
    model: Any, shape: Shape, tmp_path: Path
) -> None:
    path = _old(model, shape, tmp_path)
    lower = ("source.", "encoder.0.")
    trained = [(n, p) for n, p in model.named_parameters() if not n.startswith(lower)]
    encoder = [item for item in trained if item[0].startswith("encoder.")]
    others = [item for item in trained if item not in encoder]
    states = {
        number: {"step": torch.tensor(7.0), "exp_avg": p + 1, "exp_avg_sq": p * p}
        for number, (_, p) in enumerate([*others, *encoder])
    }
    rest = {"opt": {"state": states}, "ema": [p * 2 for _, p in trained]}
    torch.save(rest, tmp_path / "ck.grow.opt.pt")
    held = checkpoints.load(path)
    assert held.averages.keys() == held.optimizer.keys() == dict(trained).keys()
    for name, parameter in trained:
        assert torch.equal(held.averages[name], parameter * 2), name
        assert torch.equal(held.optimizer[name]["exp_avg"], parameter + 1), name
    assert held.history[0]["steps"] == 7


def test_a_checkpoint_is_read_as_it_was_written(model: Any, shape: Shape, tmp_path: Path) -> None:
    path = tmp_path / checkpoints.FILE
    history = ({"stage": "a", "steps": 3, "tokens": 9},)
    checkpoints.save(Checkpoint(shape, model.state_dict(), history=history), path)
    held = checkpoints.load(path)
    assert (held.shape, held.history, held.progress.stage) == (shape, history, "")
    assert [p.name for p in tmp_path.iterdir()] == [checkpoints.FILE]


def test_a_checkpoint_from_before_there_were_workers_is_read(
    model: Any, shape: Shape, tmp_path: Path
) -> None:
    path = tmp_path / checkpoints.FILE
    checkpoints.save(Checkpoint(shape, model.state_dict()), path)
    held = torch.load(path, weights_only=True)
    del held["others"], held["progress"]["workers"]
    torch.save(held, path)
    read = checkpoints.load(path)
    assert (read.others, read.progress.workers) == ((), 1)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a checkpoint", id="other bytes"),
    ],
)
def test_what_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"x\.pt is not a checkpoint"):
        checkpoints.load(path)


def test_a_file_of_torch_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"something": 1}, tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match="not a checkpoint of this training"):
        checkpoints.load(tmp_path / "x.pt")


def test_averages_go_before_weights(shape: Shape) -> None:
    held = Checkpoint(shape, {"a": 1, "b": 2}, {"b": 3})
    assert held.averaged() == {"a": 1, "b": 3}
