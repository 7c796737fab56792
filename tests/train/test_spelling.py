import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_models.train import spelling
from mujaz_server.text.normalize import normalize

ORDINARY = st.text(
    st.one_of(
        st.characters(min_codepoint=0x20, max_codepoint=0x7E),
        st.sampled_from(
            "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئ\u064b\u064c\u064e\u0651\u0640،؛؟٪٫٬٠١٢٣٩"
            "«»“”‘’–—…ٱپچگکی\u200f\u200b\ufeff\u00a0éü€"
        ),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        pytest.param("أَعلَنَ الرَّئيسُ", "أعلن الرئيس", id="diacritics are dropped"),
        pytest.param("الـــيوم", "اليوم", id="tatweel is dropped"),
        pytest.param("قال: «نعم»", 'قال: "نعم"', id="quotes are straight"),
        pytest.param("١٢٫٥٪ في ٢٠١٥", "12.5% في 2015", id="digits are ASCII"),
        pytest.param("\ufefb  \u200fهنا\t", "لا هنا", id="ligatures, marks and white space"),
        pytest.param(
            "13,25 جنيها في 20,30 ت غ", "13.25 جنيها في 20,30 ت غ", id="decimals, no hours"
        ),
        pytest.param("2014–2015", "2014-2015", id="dashes are plain"),
    ],
)
def test_arabic_is_spelled_plainly(text: str, spelled: str) -> None:
    assert spelling.arabic(text) == spelled


def test_english_is_spelled_plainly() -> None:
    assert spelling.english("“It’s  over” – he\u00a0said…") == '"It\'s over" - he said...'


def test_bare_alifs_lose_their_hamza_and_nothing_else_changes() -> None:
    assert spelling.bare("أكد آل إبراهيم مسؤولية ٱلرئيس") == "اكد ال ابراهيم مسؤولية الرئيس"


@given(ORDINARY)
def test_training_text_is_spelled_as_the_server_spells_what_it_reads(text: str) -> None:
    assert spelling.arabic(text) == normalize(text).text


@given(ORDINARY)
def test_spelling_twice_changes_nothing(text: str) -> None:
    assert spelling.arabic(spelling.arabic(text)) == spelling.arabic(text)
    assert spelling.english(spelling.english(text)) == spelling.english(text)


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        pytest.param("أعلن الرئيس، اليوم.", "اعلن الرئيس اليوم", id="hamza and punctuation"),
        pytest.param("في القاهرة", "فى القاهره", id="final ya and ta marbuta"),
        pytest.param("He said: “No.”", "he SAID no", id="case and quotes"),
        pytest.param("عام ٢٠١٥", "عام 2015", id="digits"),
    ],
)
def test_copies_fold_to_the_same_words(text: str, copy: str) -> None:
    assert spelling.fold(text) == spelling.fold(copy)


def test_different_figures_do_not_fold_to_the_same_words() -> None:
    assert spelling.fold("قتل 12 شخصا") != spelling.fold("قتل 13 شخصا")
