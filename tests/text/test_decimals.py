import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.text.decimals import pointed
from mujaz_server.text.normalize import normalize

_TEXTS = st.text(st.sampled_from("0123456789,. الساعةتغمنجنيهابين-"), max_size=60)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        pytest.param("13,25 جنيها", "13.25 جنيها", id="a price"),
        pytest.param("بنسبة 0,5 في المئة", "بنسبة 0.5 في المئة", id="a share"),
        pytest.param("من 2,4 الى 12,75 مليون", "من 2.4 الى 12.75 مليون", id="two of them"),
        pytest.param("الساعة 13,25", "الساعة 13,25", id="an hour"),
        pytest.param("(10,00 ت غ)", "(10,00 ت غ)", id="an hour of Greenwich"),
        pytest.param("في 22,30 بتوقيت باريس", "في 22,30 بتوقيت باريس", id="an hour of Paris"),
        pytest.param("عند 8,15 صباحا", "عند 8,15 صباحا", id="an hour of the morning"),
        pytest.param(
            "اظهر تحليل الانفجار 3,5", "اظهر تحليل الانفجار 3.5", id="words that only hold an hour"
        ),
        pytest.param("1,250 جنديا", "1,250 جنديا", id="thousands"),
        pytest.param("1,250,75", "1,250,75", id="thousands and more"),
        pytest.param("الارقام 1,2,3", "الارقام 1,2,3", id="a list"),
        pytest.param("1,", "1,", id="a comma that ends"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_only_a_decimal_gets_a_point(written: str, expected: str) -> None:
    assert pointed(written) == expected
    assert normalize(written).text == expected


@given(_TEXTS)
def test_nothing_moves_and_twice_is_once(text: str) -> None:
    once = pointed(text)
    assert len(once) == len(text)
    assert pointed(once) == once
    assert once.replace(".", ",") == text.replace(".", ",")
