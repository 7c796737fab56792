import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.stemming import stem
from mujaz_server.summary.words import count_words, fold, terms, words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("أحمد إلى آخر ٱلبيت", "احمد الي اخر البيت", id="alefs and ya meet"),
        pytest.param("مسؤول رئيس شيء", "مسوول رييس شي", id="a hamza leaves its seat"),
        pytest.param("كِتَابٌ", "كتاب", id="vowel marks go"),
        pytest.param("كتـــاب", "كتاب", id="tatweel goes"),
        pytest.param("مدينة", "مدينه", id="ta marbuta is ha"),
        pytest.param("\N{ARABIC LIGATURE LAM WITH ALEF ISOLATED FORM}", "لا", id="shapes open"),
        pytest.param("٣٫٥ ١٬٢٠٠", "3.5 1,200", id="Arabic-Indic digits and separators"),
        pytest.param("۱۲۳", "123", id="Persian digits"),
        pytest.param("Élysée’s", "elysee's", id="accents and case go"),
        pytest.param("a\N{RIGHT-TO-LEFT MARK}b", "ab", id="invisible controls go"),
        pytest.param("\U0001d400\U0001d7d7", "a9", id="styled letters beyond the first plane"),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("  \n— … !", 0),
        ("ـــ", 0),
        ("The well-known editor's desk", 4),
        ("The editor\N{RIGHT SINGLE QUOTATION MARK}s", 2),
        ("1,200.5 tonnes in 1990-1995", 4),
        ("كَتَبَ الوَلَدُ دَرْسَهُ", 3),
        ("سعر النفط ٣٫٥ دولار", 4),
        ("snake_case", 2),
        ("word,word", 2),
        ("\N{GRINNING FACE}", 0),
        ("'quoted'", 1),
    ],
)
def test_a_reader_counts_as_many_words(text: str, count: int) -> None:
    assert count_words(text) == count


@pytest.mark.parametrize(
    "family",
    [
        "minister ministers minister's",
        "carry carries carried carrying",
        "close closes closed closing",
        "plan planned planning plans",
        "city cities",
        "church churches",
        "وزير الوزير والوزير ووزير للوزير بالوزير وزيرها وزيران",
        "غارات الغارات غارة والغارات",
        "مدينه المدينة ومدينة بالمدينة",
    ],
)
def test_a_family_of_words_has_one_stem(family: str) -> None:
    stems = {stem(fold(word)) for word in family.split()}
    assert len(stems) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("king", "ring"),
        ("bus", "bu"),
        ("press", "pres"),
        ("species", "spy"),
        ("need", "ne"),
        ("الم", "لم"),
        ("ورد", "رد"),
        ("بابا", "با"),
    ],
)
def test_distinct_words_keep_distinct_stems(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_terms_leave_out_what_carries_no_topic() -> None:
    assert terms("It's said that the minister wasn't in Berlin.") == ["minister", "berlin"]
    assert terms("وقال انه في المدينة") == terms("مدينة")


def test_a_number_is_one_term_however_it_is_written() -> None:
    assert terms("1,200") == terms("1200") == terms("١٬٢٠٠")


@given(st.text())
def test_any_text_has_words_without_surprise(text: str) -> None:
    assert 0 <= count_words(text) <= len(words(text))
    assert all(terms(text))
    assert fold(fold(text)) == fold(text)
