from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.text.characters import PADDING
from mujaz_server.text.segment import split_long


def at_most(length: int) -> Callable[[str], bool]:
    return lambda piece: len(piece) <= length


def pieces(text: str, length: int) -> list[str]:
    return [text[start:end] for start, end in split_long(text, 0, len(text), at_most(length))]


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        pytest.param("جملة قصيرة", 50, ["جملة قصيرة"], id="what fits stays whole"),
        pytest.param("  جملة  ", 50, ["جملة"], id="padding is left out"),
        pytest.param(" \u200f ", 50, [], id="nothing but padding"),
        pytest.param(
            "وصل، ثم جلس؛ وقال، ثم سكت",
            15,
            ["وصل، ثم جلس؛", "وقال، ثم سكت"],
            id="a semicolon before a comma",
        ),
        pytest.param(
            "وصل الوفد مساء، وغادر صباحا ثم عاد",
            20,
            ["وصل الوفد مساء،", "وغادر صباحا ثم عاد"],
            id="a comma before a conjunction",
        ),
        pytest.param(
            "وصل الوفد الكبير ثم غادر صباحا",
            20,
            ["وصل الوفد الكبير", "ثم غادر صباحا"],
            id="a conjunction before white space",
        ),
        pytest.param(
            "قال الرجل الكبير وزارة العمل وافقت عليه",
            30,
            ["قال الرجل الكبير وزارة العمل", "وافقت عليه"],
            id="a noun in waw is no conjunction",
        ),
        pytest.param("بلغ العدد ٣،٥ مليون", 12, ["بلغ العدد", "٣،٥ مليون"], id="a decimal comma"),
        pytest.param(
            "«نعود غدا. ونبقى هناك»", 15, ["«نعود غدا.", "ونبقى هناك»"], id="a quoted sentence"
        ),
        pytest.param("ابتثجحخد", 4, ["ابتث", "جحخد"], id="anywhere when there is no space"),
        pytest.param("ابت\u064eثج", 4, ["ابت\u064e", "ثج"], id="never before a mark"),
    ],
)
def test_is_cut_at_the_strongest_mark_near_the_middle(
    text: str, length: int, expected: list[str]
) -> None:
    assert pieces(text, length) == expected


def test_only_the_span_is_cut() -> None:
    text = "خارج، داخل واحد، داخل اثنان، خارج"
    start, end = text.index("داخل"), text.rindex("، خارج")
    found = split_long(text, start, end, at_most(12))
    assert [text[a:b] for a, b in found] == ["داخل واحد،", "داخل اثنان"]


def test_what_never_fits_ends_in_single_code_points() -> None:
    assert split_long("ابت", 0, 3, lambda _: False) == [(0, 1), (1, 2), (2, 3)]


def test_a_flood_of_marks_is_cut_all_the_same() -> None:
    text = "ب" + "\u064e" * 200
    assert "".join(pieces(text, 50)) == text


def test_the_model_is_asked_about_twice_as_often_as_there_are_pieces() -> None:
    asked = []

    def fits(piece: str) -> bool:
        asked.append(piece)
        return len(piece) <= 200

    text = "كلمة طويلة جدا " * 3500
    found = split_long(text, 0, len(text), fits)
    assert len(asked) < 2 * len(found)
    assert sum(map(len, asked)) < 12 * len(text)  # a level of halving reads the text once


@given(
    st.text(st.sampled_from("ابو ،؛.،  ثملكن\u064e\u200f\n3"), max_size=120),
    st.integers(1, 20),
    st.data(),
)
def test_pieces_and_the_padding_between_them_are_the_span(
    text: str, length: int, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    position = start
    for piece_start, piece_end in split_long(text, start, end, at_most(length)):
        assert text[position:piece_start].strip(PADDING) == ""
        piece = text[piece_start:piece_end]
        assert 0 < len(piece) <= length
        assert piece == piece.strip(PADDING)
        position = piece_end
    assert text[position:end].strip(PADDING) == ""
