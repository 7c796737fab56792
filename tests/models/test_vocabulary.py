from pathlib import Path

import pytest
from ctranslate2.converters.marian import load_vocab
from hypothesis import given
from hypothesis import strategies as st

from models.tiny import marian_vocabulary
from mujaz_models.convert import ConvertError
from mujaz_models.convert.vocabulary import read_lines, read_yaml

_START = "</s>: 0\n<unk>: 1\n"


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        ("~: 2", "~"),
        ("no: 2", "no"),
        ("1: 2", "1"),
        ("<<: 2", "<<"),
        ('":": 2', ":"),
        ("a:b: 2", "a:b"),
        ('"\\"": 2', '"'),
        ('"\\\\": 2', "\\"),
        ('"\\x85": 2', "\N{NEXT LINE}"),
        ('"\\u2028": 2', "\N{LINE SEPARATOR}"),
        ("'it''s': 2", "it's"),
        ("▁قال: 2", "▁قال"),
        ("? long\n: 2", "long"),
        ("\N{NEXT LINE}: 2", "\N{NEXT LINE}"),
    ],
)
def test_pieces_are_read_as_marian_writes_them(line: str, piece: str, tmp_path: Path) -> None:
    path = tmp_path / "model.vocab.yml"
    path.write_text(f"{_START}{line}\n", encoding="utf-8", newline="")
    assert read_yaml(path) == ("</s>", "<unk>", piece)


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)))
def test_any_pieces_come_back(tmp_path_factory: pytest.TempPathFactory, pieces: list[str]) -> None:
    expected = list(dict.fromkeys(["</s>", "<unk>", *pieces]))
    path = tmp_path_factory.mktemp("vocabulary") / "model.vocab.yml"
    path.write_text(marian_vocabulary(expected), encoding="utf-8", newline="")
    assert list(read_yaml(path)) == expected


def test_the_order_is_that_of_the_ids(tmp_path: Path) -> None:
    path = tmp_path / "model.vocab.yml"
    path.write_text("b: 2\n<unk>: 1\na: 3\n</s>: 0\n")
    assert list(read_yaml(path)) == ["</s>", "<unk>", "b", "a"] == load_vocab(str(path))


def test_a_list_of_pieces_is_a_vocabulary_too(tmp_path: Path) -> None:
    path = tmp_path / "model.vocab"
    path.write_text("</s>\t0\n<unk>\t0\n▁a\t-3.5\n", encoding="utf-8")
    assert read_lines(path) == ("</s>", "<unk>", "▁a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"</s>: 0\n", "lacks <unk>"),
        (b"</s>: 0\n<unk>: 2\n", "ids 0, 1"),
        (b"</s>: 0\n<unk>: 1\n<unk>: 2\n", "ids 0, 1"),
        (b"</s>: 0\n<unk>: one\n", "not a vocabulary of Marian"),
        (b'"</s>: 0\n', "not a vocabulary of Marian"),
        (b"\xff: 0\n", "not UTF-8"),
        (b"", "lacks </s>, <unk>"),
    ],
)
def test_what_is_no_vocabulary_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.vocab.yml"
    path.write_bytes(content)
    with pytest.raises(ConvertError, match=message):
        read_yaml(path)
