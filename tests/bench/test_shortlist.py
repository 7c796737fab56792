import sys
from pathlib import Path

import ctranslate2
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import shortlist

from models.tiny import convert, tiny, write_checkpoint

_PAIRS = [
    (["▁قال", "▁الوزير"], ["▁The", "▁minister", "▁said"]),
    (["▁قال", "▁الملك"], ["▁The", "▁king", "▁said"]),
    (["▁وصل", "▁الوزير"], ["▁The", "▁minister", "▁arrived"]),
    (["▁وصل", "▁الملك"], ["▁The", "▁king", "▁arrived"]),
]
_pieces = st.lists(st.sampled_from("abcde"), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("▁قال", "▁said"),
        ("▁الوزير", "▁minister"),
        ("▁الملك", "▁king"),
        ("▁وصل", "▁arrived"),
    ],
)
def test_a_piece_becomes_what_it_alone_explains(source: str, target: str) -> None:
    becomes = shortlist.translations(_PAIRS)[source]
    assert next(piece for piece in becomes if piece != "▁The") == target


@given(st.lists(st.tuples(_pieces, _pieces), min_size=1, max_size=8))
def test_a_piece_becomes_only_what_it_was_seen_with(
    pairs: list[tuple[list[str], list[str]]],
) -> None:
    seen = {(s, t) for source, target in pairs for s in source for t in target}
    found = shortlist.translations(pairs)
    assert {(s, t) for s, becomes in found.items() for t in becomes} <= seen
    assert all(len(set(becomes)) == len(becomes) for becomes in found.values())


def test_pairs_that_are_long_teach_nothing() -> None:
    long = (["▁س"] * 61, ["▁q"])
    assert "▁س" not in shortlist.translations([*_PAIRS, long])


def test_what_any_source_may_become_comes_first_and_a_piece_may_stay_itself() -> None:
    pairs = [*_PAIRS, (["▁2019"], ["▁2019"]), (["▁x"], ["y"])]
    common, *lists = shortlist.lines(pairs)
    assert common.startswith("\t▁The ")
    assert common.split("\t")[1].split(" ")[-1] == "y"
    told = dict(line.split("\t") for line in lists)
    assert told["▁2019"] == "▁2019"
    assert told["▁x"] == "y"


def test_ctranslate2_writes_no_piece_but_the_ones_listed(tmp_path: Path) -> None:
    model = tiny(joint=False, activation="swish")
    convert(write_checkpoint(model, tmp_path / "checkpoint"), tmp_path / "made")
    allowed = model.target_vocabulary[5:12]
    mapped = [f"\t{allowed[0]}", f"{model.source_vocabulary[5]}\t{' '.join(allowed[1:])}"]
    translator = ctranslate2.Translator(
        str(shortlist.copied(tmp_path / "mapped", tmp_path / "made", mapped)), intra_threads=1
    )
    row = [model.source_vocabulary[5], "</s>"]

    def written(*, use_vmap: bool) -> set[str]:
        (result,) = translator.translate_batch(
            [row], beam_size=1, max_decoding_length=12, disable_unk=True, use_vmap=use_vmap
        )
        return set(result.hypotheses[0])

    assert written(use_vmap=True) <= set(allowed)
    assert not written(use_vmap=False) <= set(allowed)
