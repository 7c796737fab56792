from pathlib import Path
from types import SimpleNamespace

import numpy as np

from mujaz_models.train import dataset
from mujaz_models.train.corpora import Pair
from mujaz_models.train.dataset import MOST_PIECES, Rows


def _letters(texts: list[str]) -> list[list[int]]:
    return [[ord(letter) for letter in text] for text in texts]


PROCESSORS = SimpleNamespace(
    source=SimpleNamespace(encode=_letters), target=SimpleNamespace(encode=_letters)
)
PAIRS = [
    ("news", Pair("أب", "ab")),
    ("news", Pair("أ" * (MOST_PIECES + 1), "too long")),
    ("words", Pair("بيت", "house")),
]


def test_pairs_become_ids_and_long_ones_are_left_out() -> None:
    made = dataset.tokenize(PAIRS, PROCESSORS, "digest")  # type: ignore[arg-type]
    assert len(made.target) == 2
    assert made.plain[0].tolist() == [ord("أ"), ord("ب")]
    assert made.bare[0].tolist() == [ord("ا"), ord("ب")]
    assert made.english[1].tolist() == made.target[1].tolist() == [ord(c) for c in "house"]
    assert made.weights({"news": 4.0, "words": 0.5}).tolist() == [4.0, 0.5]
    assert made.weights({"news": 4.0, "words": 0.5}, only=["words"]).tolist() == [0.0, 0.5]


def test_a_dataset_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = dataset.tokenize(PAIRS, PROCESSORS, "digest")  # type: ignore[arg-type]
    dataset.save(made, tmp_path / "tokens.npz")
    held = dataset.load(tmp_path / "tokens.npz")
    assert (held.digest, list(held.names)) == ("digest", ["news", "words"])
    for name in ("plain", "bare", "english", "target"):
        assert np.array_equal(getattr(held, name).ids, getattr(made, name).ids)
    assert held.target[0].tolist() == made.target[0].tolist()


def test_rows_may_be_empty() -> None:
    rows = Rows.of([[1, 2], [], [3]])
    assert [row.tolist() for row in (rows[0], rows[1], rows[2])] == [[1, 2], [], [3]]
    assert len(Rows.of([])) == 0
