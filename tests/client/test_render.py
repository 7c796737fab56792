from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mujaz_client.printable import printable
from mujaz_client.render import PlainConsole, View
from mujaz_client.results import (
    DocumentOutline,
    Event,
    NumberDifference,
    QualityFlag,
    ReasonKind,
    Summary,
    TranslatedSentence,
)
from mujaz_client.words import FLAGS, REASONS

OUTLINE = DocumentOutline("m", "0" * 64, "ar", "en", 9, 9, 3, 100)


def sentence(english: str, arabic: str, *flags: QualityFlag) -> TranslatedSentence:
    difference = NumberDifference(("13",), ("31", "7"))
    return TranslatedSentence(
        0, 0, 0, len(arabic), arabic, english, -0.1, flags, (), 3, 3, difference
    )


def shown(*events: Event, width: int) -> list[str]:
    console = PlainConsole()
    console.file = io.StringIO()
    console.width = width
    view = View(console)
    for event in events:
        view.show(event)
    return console.file.getvalue().splitlines()


ENGLISH = "The quick brown fox jumps over the lazy dog and runs on along the river bank at night."
ARABIC = "قفز الثعلب البني السريع فوق الكلب الكسول ثم جرى بعيدا على طول ضفة النهر في الليل."


def test_at_80_columns_arabic_stands_below() -> None:
    assert shown(sentence(ENGLISH, ARABIC), width=80) == [
        "  1  The quick brown fox jumps over the lazy dog and runs on along the river",
        "     bank at night.",
        "قفز الثعلب البني السريع فوق الكلب الكسول ثم جرى بعيدا على طول ضفة النهر في".rjust(80),
        "الليل.".rjust(80),
        "",
    ]


def test_from_100_columns_arabic_stands_beside() -> None:
    first, second, last = shown(sentence(ENGLISH, ARABIC), width=100)
    assert first.startswith("  1  The quick brown fox jumps over the lazy dog and ")
    assert first.endswith("قفز الثعلب البني السريع فوق الكلب الكسول")
    assert second.startswith("     runs on along the river bank at night.")
    assert {cell_len(first), cell_len(second)} == {100}
    assert last == ""


def test_diacritics_take_no_room() -> None:
    _, arabic, _ = shown(sentence("He wrote.", "كَتَبَ"), width=80)
    assert arabic == " " * 77 + "كَتَبَ"


def test_flags_are_shown_in_words() -> None:
    flagged = sentence("a", "ب", QualityFlag.NUMBERS_DIFFER, QualityFlag.RETRIED)
    assert shown(flagged, width=80)[2:4] == [
        "     ! numbers differ: missing 13; added 31, 7",
        "     - translated again",
    ]


def test_an_interim_summary_is_one_line() -> None:
    interim = Summary(1, final=False, sentences=(), word_count=0, compression=0.0,
                      considered_sentence_count=5)  # fmt: skip
    assert shown(interim, width=80) == ["so far, from 5 sentences, the summary is: empty", ""]


def test_an_empty_summary_says_so() -> None:
    empty = Summary(1, final=True, sentences=(), word_count=0, compression=0.0,
                    considered_sentence_count=1)  # fmt: skip
    assert "0 of 1 sentence, 0 words, 0% of the words" in shown(empty, width=80)


def test_a_selection_says_that_not_all_is_translated() -> None:
    outline = DocumentOutline("m", "0" * 64, "ar", "en", 9, 2, 3, 100)
    text = "9 sentences, 2 of them selected for translation, ar to en"
    assert shown(outline, width=80)[0] == text


@pytest.mark.parametrize("width", [24, 40, 80, 99, 100, 140])
@given(english=st.text(max_size=300), arabic=st.text(max_size=300))
def test_no_line_is_wider_than_the_terminal(width: int, english: str, arabic: str) -> None:
    lines = shown(OUTLINE, sentence(english, arabic, *QualityFlag), width=width)
    assert max(map(cell_len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]


@given(text=st.text(st.characters(codec=None)))
def test_what_is_printed_cannot_act_on_a_terminal(text: str) -> None:
    result = printable(text)
    assert not [c for c in result if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"}]
    assert not set(
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ) & set(result)
    assert printable(result) == result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\x1b[31mb", "a\N{REPLACEMENT CHARACTER}[31mb", id="escape"),
        pytest.param("a\r\nb\tc\u2028d", "a  b c d", id="white space that moves the cursor"),
        pytest.param("\ufeffa\u00adb", "ab", id="invisible marks"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="the non-joiner stays"),
        pytest.param("\u06dd١", "\u06dd١", id="the end of a verse stays"),
        pytest.param("a\ud800", "a\N{REPLACEMENT CHARACTER}", id="half a surrogate pair"),
    ],
)
def test_printable_text(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_every_flag_and_reason_has_words() -> None:
    assert set(FLAGS) == set(QualityFlag)
    assert set(REASONS) == set(ReasonKind)
