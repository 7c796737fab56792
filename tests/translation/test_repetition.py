import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.translation.repetition import loops

ARABIC = "اعلنت الشركة عن ارتفاع ارباحها في العام الماضي"


@pytest.mark.parametrize(
    "output",
    [
        pytest.param("it is very very very good", id="a-word-three-times"),
        pytest.param("the real-to-to-to-to-made thing", id="a-word-within-hyphens"),
        pytest.param("cookie, cookie. Cookie! cookie".lower(), id="punctuation-between"),
        pytest.param("they want to be able to be able to go", id="three-words-twice"),
        pytest.param("the war the war went on", id="two-words-twice"),
        pytest.param("in the most temperatures in the most temperatures", id="four-words-twice"),
        pytest.param(
            "one of the light and of the light or of the light by of the light", id="coming-back"
        ),
        pytest.param("the masagaoooooooooums", id="a-letter"),
        pytest.param("hahahahahahahahaha", id="syllables"),
        pytest.param("he left .........................", id="marks"),
        pytest.param(" ".join("abcdefgh" * 2), id="eight-words-twice"),
    ],
)
def test_a_loop_is_seen(output: str) -> None:
    assert loops(ARABIC, output)


@pytest.mark.parametrize(
    "output",
    [
        "",
        "from year to year",
        "he said that that had had an effect",
        "new york, new jersey and new mexico",
        "the minister of health, the minister of trade and the minister of labour",
        "it rose from 1 1 1 1 1 to 1000000000000",
        "a man, a plan, a canal",
        "step by step and side by side",
        "haha",
    ],
)
def test_what_people_write_is_no_loop(output: str) -> None:
    assert not loops(ARABIC, output)


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("لا لا لا لا", "no no no no"),
        ("جدا جدا جدا", "very very very"),
        ("ههههههههههه", "hahahahahahahahaha"),
        ("قال ........", "he said ........"),
        ("بن احمد بن علي بن عمر بن سعيد", "the son of a the son of b the son of c the son of d"),
    ],
)
def test_what_the_source_repeats_the_translation_may_repeat(source: str, output: str) -> None:
    assert not loops(source, output)


def test_a_loop_longer_than_the_sources_is_seen() -> None:
    assert loops("لا لا", "no no no no no")


@given(st.text(), st.text())
def test_any_text_can_be_checked(source: str, output: str) -> None:
    loops(source, output)


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8), st.integers(3, 9))
def test_any_phrase_said_often_enough_is_a_loop(phrase: list[str], times: int) -> None:
    assert loops(ARABIC, " ".join(phrase * times))
