from pathlib import Path

import numpy as np
import pytest

from mujaz_models.train import pruning
from mujaz_models.train.dataset import Dataset, Rows
from mujaz_models.train.pruning import Pieces
from mujaz_models.train.recipe import Shape

LETTERS = "▁abcdefghijklmnopqrstuvwxyz.ابتثجحخدرسعفقكلمنهوي"


@pytest.fixture(scope="session")
def shape() -> Shape:
    return Shape(
        width=16,
        encoder_layers=3,
        encoder_heads=2,
        encoder_feed_forward=32,
        decoder_layers=2,
        decoder_heads=4,
        decoder_feed_forward=48,
        dropout=0.1,
    )


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two vocabularies of single letters."""
    folder = tmp_path_factory.mktemp("vocabulary")
    names = ["<pad>", "</s>", "<unk>", *LETTERS, "<s>"]
    pieces = Pieces(names, [0.0] * 3 + [-5.0] * len(LETTERS) + [0.0])
    source = pruning.model(pieces, {0, 1, len(names) - 1}, 2)
    (folder / "source.spm").write_bytes(source)
    target = pruning.model(pieces.keep(range(31)), {0, 1}, 2)
    (folder / "target.spm").write_bytes(target)
    return folder


@pytest.fixture(scope="session")
def copying() -> Dataset:
    """Pairs whose target is the source in reverse: something that can be learnt."""
    rng = np.random.default_rng(3)
    rows = [rng.integers(3, 30, n).tolist() for n in rng.integers(2, 12, 300)]
    reverse = Rows.of([row[::-1] for row in rows])
    source = Rows.of(rows)
    return Dataset("d", ["a"], np.zeros(300, np.int32), source, source, source, reverse)
