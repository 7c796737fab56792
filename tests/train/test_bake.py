from typing import Any

import numpy as np
import pytest

from mujaz_models.train.recipe import Baking, Shape

torch = pytest.importorskip("torch")

from mujaz_models.train import bake  # noqa: E402 (needs torch)
from mujaz_models.train.model import TranslationModel  # noqa: E402
from mujaz_models.train.precision import Place  # noqa: E402

torch.set_num_threads(1)  # of such small products threads make slow ones
CPU = Place("cpu", torch.float32)


@pytest.fixture
def pretrained(shape: Shape) -> dict[str, Any]:
    torch.manual_seed(2)
    model = TranslationModel(shape, 60, 31)
    state = {n: v.clone() for n, v in model.state_dict().items() if n.startswith("encoder.")}
    return state | {
        "source.tokens.weight": torch.randn(60, 16),
        "positions": torch.randn(512, 16) * 0.3,
        "norm.weight": torch.rand(16) + 0.5,
        "norm.bias": torch.randn(16) * 0.1,
    }


def _encode(lines: Any) -> list[list[int]]:
    rng = np.random.default_rng(7)
    return [rng.integers(3, 59, 5 + len(line) % 9).tolist() for line in lines]


def test_baking_brings_the_states_near_to_the_original(
    pretrained: dict[str, Any], shape: Shape
) -> None:
    log: list[dict[str, Any]] = []
    lines = ["x" * n for n in range(1, 400)]
    baking = Baking(layers=2, minutes=0.04, learning_rate=5e-3, batch_tokens=300)
    baked = bake.bake(pretrained, shape, baking, lines, _encode, CPU, log.append)
    before, *steps, after = log
    assert after["cosine"] > before["cosine"] + 0.02
    assert steps[-1]["error"] < steps[0]["error"]
    assert torch.equal(baked["encoder.2.expand.weight"], pretrained["encoder.2.expand.weight"])
    assert not torch.equal(baked["encoder.1.expand.weight"], pretrained["encoder.1.expand.weight"])
    model = TranslationModel(shape, 60, 31)
    assert not model.load_state_dict(baked, strict=False).unexpected_keys


def test_folding_keeps_what_an_average_position_gives(
    pretrained: dict[str, Any], shape: Shape
) -> None:
    teacher = bake.Teacher(pretrained, shape, 3)
    folded = bake.fold(pretrained, teacher)
    tokens = folded["source.tokens.weight"] * 4  # √width
    mean = pretrained["positions"][2:66].mean(0)
    normed = teacher.norm(pretrained["source.tokens.weight"] + mean)
    scale = float((tokens / normed).median())
    torch.testing.assert_close(tokens, normed * scale, rtol=1e-4, atol=1e-4)
    ours, theirs = (s["encoder.0.self_attention.qkv.weight"] for s in (folded, pretrained))
    torch.testing.assert_close(ours * scale, theirs)
