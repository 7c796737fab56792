from collections import Counter
from pathlib import Path

import pytest

from mujaz_models.train import pruning
from mujaz_models.train.pruning import Pieces
from mujaz_models.train.recipe import Vocabulary
from mujaz_models.train.vocabulary import EOS, PAD, UNKNOWN, Processors

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]
LETTERS = [*"▁abcdefghijklmnopqrstuvwxyz.,", *"ابتهويم"]
WORDS = ["▁the", "▁cat", "ing", "▁من", "▁بيت", "▁дом", "家"]


@pytest.fixture
def xlmr() -> Pieces:
    names = [*SPECIAL, *LETTERS, *WORDS]
    return Pieces(names, [0.0] * 4 + [-9.0] * len(LETTERS) + [-4.0] * len(WORDS))


def _names(xlmr: Pieces, ids: object) -> list[str]:
    return [xlmr.names[i] for i in ids]  # type: ignore[attr-defined]


def test_pieces_are_counted_by_the_weight_of_their_line(xlmr: Pieces) -> None:
    counts = pruning.count(xlmr, [("the cat", 2.0), ("the", 0.5)])
    assert counts[xlmr.names.index("▁the")] == 2.5
    assert counts[xlmr.names.index("▁cat")] == 2.0


def test_the_vocabularies_hold_what_the_two_scripts_need(xlmr: Pieces) -> None:
    counts = Counter({xlmr.names.index("▁the"): 5, xlmr.names.index("▁cat"): 2})
    pruned = pruning.prune(xlmr, counts, Vocabulary(target_pieces=300, least_count=2))
    target, source = _names(xlmr, pruned.target), _names(xlmr, pruned.source)
    assert target[:3] == source[:3] == ["<pad>", "</s>", "<unk>"]
    assert target[-2:] == ["▁the", "▁cat"]
    assert source[-1] == "<s>"
    assert {"▁من", "▁بيت", "م"} <= set(source)
    assert not {"▁дом", "家", "ing"} & set(source)


def test_a_rare_piece_is_left_out(xlmr: Pieces) -> None:
    counts = Counter({xlmr.names.index("▁the"): 5, xlmr.names.index("▁cat"): 2})
    pruned = pruning.prune(xlmr, counts, Vocabulary(target_pieces=300, least_count=3))
    assert "▁cat" not in _names(xlmr, pruned.target)


def test_the_rebuilt_models_cut_text_as_sentencepiece_does(xlmr: Pieces, tmp_path: Path) -> None:
    counts = Counter({xlmr.names.index("▁the"): 5, xlmr.names.index("▁cat"): 2})
    pruning.write(xlmr, pruning.prune(xlmr, counts, Vocabulary()), tmp_path)
    processors = Processors.load(tmp_path)
    assert processors.target.encode("the  cat", out_type=str) == ["▁the", "▁cat"]
    assert processors.source.encode("من بيت", out_type=str) == ["▁من", "▁بيت"]
    assert processors.target.encode("ﬁ", out_type=str)[-2:] == ["f", "i"]
    assert processors.target.decode(processors.target.encode("the cat")) == "the cat"
    for processor in (processors.source, processors.target):
        assert (processor.pad_id(), processor.eos_id(), processor.unk_id()) == (PAD, EOS, UNKNOWN)
    assert processors.target.encode("家")[-1] == UNKNOWN
