"""Parts of the stand-in; that a model of its size is converted, `pull/test_full.py` shows."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import full_size
import output_layer
import texts

from models.tiny import convert, sentences, tiny, write_checkpoint
from mujaz_models import store
from mujaz_server.text.normalize import normalize


@pytest.fixture(scope="module")
def pieces() -> tuple[list[str], list[str]]:
    return full_size._pieces()


def test_the_vocabularies_have_the_sizes_of_opus_mt(pieces: tuple[list[str], list[str]]) -> None:
    source, target = pieces
    assert len(source) == len(set(source)) == len(target) == len(set(target)) == 31_997
    assert len({*source, *target, "</s>", "<unk>", "<pad>"}) == 62_834


def test_a_text_is_cut_as_by_the_embedded_model(pieces: tuple[list[str], list[str]]) -> None:
    ours = SentencePieceProcessor(model_proto=full_size._sentencepiece("source", pieces[0]))
    embedded = SentencePieceProcessor(model_file=str(store.embedded() / "source.spm"))
    for text in texts.sentences(50):
        cut = ours.encode(normalize(text).text, out_type=str)
        assert cut == embedded.encode(normalize(text).text, out_type=str)


@given(
    st.lists(st.integers(1, 40), max_size=30).map(lambda lengths: sorted(lengths, reverse=True)),
    st.integers(1, 200),
)
def test_batches_hold_all_rows_in_order_within_their_tokens(lengths: list[int], size: int) -> None:
    rows = [["x"] * length for length in lengths]
    cut = list(full_size.batches(rows, size))
    assert [row for batch in cut for row in batch] == rows
    assert all(len(batch) == 1 or len(batch) * len(batch[0]) <= size for batch in cut)


@pytest.mark.parametrize("beam", [1, 4])
def test_each_batch_is_translated_to_its_length(beam: int, tmp_path: Path) -> None:
    convert(
        write_checkpoint(tiny(joint=True, activation="relu"), tmp_path / "c"), tmp_path / "made"
    )
    model = full_size.FullSize(tmp_path / "made")
    rows = model.rows(sentences(20))
    expected = [
        full_size.target_tokens(len(batch[0]))
        for batch in full_size.batches(rows, 100)
        for _ in batch
    ]
    assert [len(output) for output in model.translated(rows, beam, 100)] == expected
    assert len(set(expected)) > 2
    assert model.seconds(rows, beam, 100) > 0


@pytest.mark.parametrize(("source", "target"), [(1, 2), (10, 11), (35, 38), (100, 110)])
def test_a_translation_has_a_tenth_more_tokens(source: int, target: int) -> None:
    assert full_size.target_tokens(source) == target


def test_sentences_that_differ_are_not_alike() -> None:
    assert output_layer.alike([["a"], ["b"]], [["a"], ["b"]]) == 1
    assert output_layer.alike([["a"], ["b"], ["c"], ["d"]], [["a"], ["b"], ["c"], ["e"]]) == 0.75


def test_what_is_held_out_teaches_nothing() -> None:
    data = output_layer.Data()
    held = {english for _, english in data.held}
    assert len(data.held) == output_layer.HELD_OUT
    assert not held & {english for _, english in data._learnt}
