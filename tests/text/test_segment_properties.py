"""What holds for the segments of any text."""

import functools
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nasty
from mujaz_server.text import characters
from mujaz_server.text.characters import PADDING
from mujaz_server.text.segment import NewlineMode, Segment, segment

FRAGMENTS = st.sampled_from(
    [
        *("كلمة", "وقال", "د.", "أ.د.", "هـ.", "ق.م.", "سي.إن.إن", "3.5", "2015", "U.S.", "Dr."),
        *(".", "..", "...", "…", "؟", "!", "،", ":", "-", '"', "«", "»", "(", ")", "[1]", "***"),
        *(" ", "  ", "\n", "\n\n", "\r\n", "\u00a0", "\u200f", "\ufeff", "\x00", "😀", "\ud800"),
        *("www.a.com/x.", "a@b.com", "(ا ف ب)", "رويترز", "القاهرة - ", "\u064e", "ـ", "1. "),
    ]
)
DOCUMENTS = st.lists(FRAGMENTS, max_size=60).map("".join) | st.text()


def holds(text: str, segments: list[Segment]) -> None:
    position = paragraph = 0
    for index, each in enumerate(segments):
        assert each.index == index
        assert each.paragraph in {paragraph, paragraph + 1} if index else each.paragraph == 0
        assert position <= each.start < each.end <= len(text)
        assert text[position : each.start].strip(PADDING) == ""
        ink = text[each.start : each.end]
        assert ink == ink.strip(PADDING)
        position, paragraph = each.end, each.paragraph
    assert text[position:].strip(PADDING) == ""


@pytest.mark.parametrize("newline", NewlineMode)
@given(text=DOCUMENTS)
def test_segments_and_the_padding_between_them_are_the_document(
    newline: NewlineMode, text: str
) -> None:
    holds(text, segment(text, newline))


@given(text=DOCUMENTS)
def test_no_segment_crosses_a_line_break_that_breaks(text: str) -> None:
    for each in segment(text):
        assert not characters.LINE_BREAK.search(text, each.start, each.end)


@given(lines=st.lists(DOCUMENTS.filter(lambda text: len(text.splitlines()) == 1), max_size=5))
def test_lines_do_not_depend_on_one_another(lines: list[str]) -> None:
    apart = [len(segment(line)) for line in lines]
    assert len(segment("\n".join(lines))) == sum(apart)


@pytest.mark.parametrize("newline", NewlineMode)
@pytest.mark.parametrize("name", nasty.TEXTS | nasty.SURROGATES)
def test_nasty_texts_are_segmented(name: str, newline: NewlineMode) -> None:
    text = (nasty.TEXTS | nasty.SURROGATES)[name]
    holds(text, segment(text, newline))


def test_a_lost_letter_is_noticed() -> None:
    text = "كلمة. وكلمة."
    first, second = segment(text)
    with pytest.raises(AssertionError):
        holds(text, [first, Segment(1, 0, second.start + 1, second.end)])


def calls(run: Callable[[], object]) -> int:
    """Count the calls of Python and C functions: a measure of work that no other load disturbs."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


GROWING = {
    "stops": ".",
    "stops and spaces": ". ",
    "quotes": '"',
    "quotes that look open": ' "ا',
    "brackets": "(",
    "closing brackets": "ك.)",
    "words and stops": "كلمة. ",
    "words and stops without spaces": "كلمة.",
    "letters and stops": "م.",
    "numbers and stops": "1.",
    "diacritics": "\u064e",
    "tatweel": "ـ",
    "addresses": "www.a ",
    "dashes": "كلمة - ",
    "footnotes": "ك.[1]",
    "lines": "ا.\n",
    "blank lines": "\n \n",
    "spaces": "  ",
}


def test_a_quadratic_step_is_noticed() -> None:
    def rescans(text: str) -> None:
        for end in range(len(text)):
            for start in range(end):
                text.startswith(".", start)

    once, twice = (calls(functools.partial(rescans, "." * n)) for n in (100, 200))
    assert twice > 2.2 * once + 100


@pytest.mark.parametrize("newline", NewlineMode)
@pytest.mark.parametrize("unit", GROWING.values(), ids=GROWING.keys())
def test_twice_the_text_is_twice_the_calls(unit: str, newline: NewlineMode) -> None:
    once = calls(lambda: segment("ب" + unit * 1000, newline))
    twice = calls(lambda: segment("ب" + unit * 2000, newline))
    assert twice <= 2.2 * once + 100


@pytest.mark.parametrize("unit", GROWING.values(), ids=GROWING.keys())
def test_no_quadratic_step_hides_below_the_calls(unit: str) -> None:
    text = "ب" + unit * (200_000 // len(unit))
    start = time.process_time()
    segment(text)
    assert time.process_time() - start < 6  # a quadratic step would take minutes
