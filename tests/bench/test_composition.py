import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from composition import Change, Company, Model, changed

from mujaz_server.translation.engine import Translation

ALONE = [Translation(text, -0.5, 5, 5, truncated=False, alternatives=()) for text in "abcd"]


@pytest.mark.parametrize(
    ("others", "change"),
    [
        pytest.param(ALONE, Change(0, 0), id="nothing changed"),
        pytest.param(
            [replace(ALONE[0], text="x", score=-9), *ALONE[1:]],
            Change(0.25, 0),
            id="a text changed, whose score is another's",
        ),
        pytest.param(
            [*ALONE[:3], replace(ALONE[3], score=-0.75)], Change(0, 0.25), id="a score moved"
        ),
        pytest.param([ALONE[1], ALONE[0], *ALONE[2:]], Change(0.5, 0), id="two were confused"),
    ],
)
def test_what_company_changes_is_counted(others: list[Translation], change: Change) -> None:
    assert changed(ALONE, others) == change


@pytest.mark.parametrize("order", ["sorted", "shuffled"])
def test_translations_come_back_in_the_order_of_their_sentences(order: str) -> None:
    model = Model(1)
    rows = model.rows(["وصل الوزير الى العاصمة امس.", "مقتل ٣ جنود", "وقال ان الاجتماع تأجل."])
    alone = [model.translated([row], Company(1))[0].text for row in rows]
    together = model.translated(rows, Company(1, 2, order))
    assert [each.text for each in together] == alone
