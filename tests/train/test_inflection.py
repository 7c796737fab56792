from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_models.train.lexicon import inflection


@pytest.mark.parametrize(
    ("verb", "past", "third_person"),
    [
        pytest.param("announce", "announced", "announces", id="a final e"),
        pytest.param("carry", "carried", "carries", id="y after a consonant"),
        pytest.param("play", "played", "plays", id="y after a vowel"),
        pytest.param("stop", "stopped", "stops", id="one syllable doubles"),
        pytest.param("squat", "squatted", "squats", id="qu is a consonant"),
        pytest.param("show", "showed", "shows", id="w does not double"),
        pytest.param("join", "joined", "joins", id="two vowels do not double"),
        pytest.param("submit", "submitted", "submits", id="stressed on its end"),
        pytest.param("open", "opened", "opens", id="not stressed on its end"),
        pytest.param("visit", "visited", "visits", id="nor this one"),
        pytest.param("panic", "panicked", "panics", id="a final c"),
        pytest.param("push", "pushed", "pushes", id="a sibilant"),
        pytest.param("go", "went", "goes", id="go"),
        pytest.param("write", "wrote", "writes", id="irregular"),
        pytest.param("be", "was", "is", id="be"),
        pytest.param("have", "had", "has", id="have"),
        pytest.param("lie", None, "lies", id="two pasts"),
        pytest.param("quit", "quit", "quits", id="quit"),
        pytest.param("format", None, "formats", id="stress unknown"),
        pytest.param("should", None, None, id="has neither"),
        pytest.param("Arabize", None, None, id="not a plain word"),
        pytest.param("", None, None, id="nothing"),
    ],
)
def test_a_verb(verb: str, past: str | None, third_person: str | None) -> None:
    assert inflection.past(verb) == past
    assert inflection.third_person(verb) == third_person


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        pytest.param("book", "books", id="regular"),
        pytest.param("box", "boxes", id="a sibilant"),
        pytest.param("army", "armies", id="y after a consonant"),
        pytest.param("child", "children", id="irregular"),
        pytest.param("woman", "women", id="man"),
        pytest.param("shaman", "shamans", id="not every man"),
        pytest.param("nation", "nations", id="on that is regular"),
        pytest.param("building", "buildings", id="a counted ing"),
        pytest.param("fishing", None, id="an action"),
        pytest.param("kindness", None, id="a quality"),
        pytest.param("water", None, id="not counted"),
        pytest.param("camels", None, id="a plural already"),
        pytest.param("phenomenon", None, id="of another language"),
        pytest.param("knee pit", "knee pits", id="two words"),
        pytest.param("head of state", None, id="three words"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_noun(noun: str, plural: str | None) -> None:
    assert inflection.plural(noun) == plural


@pytest.mark.parametrize("inflect", [inflection.past, inflection.third_person, inflection.plural])
@given(st.text() | st.text("abdeinosty -", max_size=9))
def test_any_text_has_an_inflection_or_none(
    inflect: Callable[[str], str | None], text: str
) -> None:
    assert inflect(text) is None or len(str(inflect(text))) >= 2
