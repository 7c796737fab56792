import pytest

from mujaz_server.summary.features import Language, awkwardness, leads, names, numbers
from mujaz_server.summary.words import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No figures here.", 0),
        ("It rose by 3.5 percent.", 1),
        ("قتل ١٣ جنديا و5 مدنيين.", 2),
        ("Two million people", 1),
        ("نحو مئة الف نازح", 2),
        ("1 2 3 4 5", 3),
    ],
)
def test_numbers(text: str, found: int) -> None:
    assert numbers(words(text)) == pytest.approx(found / 3)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        pytest.param("The talks failed.", "en", 0, id="the first capital names nobody"),
        pytest.param("He met Angela Merkel in Berlin.", "en", 2, id="a run is one name"),
        pytest.param("They met on Sunday and I left in May.", "en", 0, id="the calendar"),
        pytest.param('He said: "We will go to Rome."', "en", 1, id="a quotation begins anew"),
        pytest.param("التقى الرئيس محمد السيسي وزير الدفاع.", "ar", 2, id="titles announce names"),
        pytest.param("اعلنت شركة Google Maps تحديثا.", "ar", 1, id="a Latin run is a name"),
        pytest.param("انتهت المحادثات.", "ar", 0, id="no names in Arabic"),
    ],
)
def test_names(text: str, language: Language, found: int) -> None:
    assert names(text, words(text), language) == pytest.approx(found / 3)


def test_the_lead_is_worth_most_and_an_opening_more_than_what_follows() -> None:
    worth = leads([0, 1, 1, 9], [True, True, False, False]).tolist()
    assert worth == sorted(worth, reverse=True)
    assert worth[0] == pytest.approx(1.0)
    assert worth[1] - worth[2] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([], [], id="no sentence"),
        pytest.param([5, 20, 40], [0.0, 0.0, 0.0], id="ordinary lengths"),
        pytest.param([1, 20, 0], [0.8, 0.0, 1.0], id="fragments"),
        pytest.param([10, 10, 10, 60], [0.0, 0.0, 0.0, 0.333], id="beyond forty words"),
        pytest.param([60, 60, 60], [0.0, 0.0, 0.0], id="where all are long none is"),
        pytest.param([10] * 99 + [10_000], [0.0] * 99 + [1.0], id="a whole text in one sentence"),
    ],
)
def test_awkwardness(counts: list[int], expected: list[float]) -> None:
    assert awkwardness(counts).tolist() == pytest.approx(expected, abs=0.001)
