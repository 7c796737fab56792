import pytest

from mujaz_server.text.enclosures import REACH, enclosures


@pytest.mark.parametrize(
    ("block", "spans"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("(ا) «ب»", [(0, 2), (4, 6)], id="brackets and guillemets"),
        pytest.param("(ا «ب» ج)", [(0, 8)], id="only the outermost count"),
        pytest.param('"ا" "ب"', [(0, 2), (4, 6)], id="straight quotes alternate"),
        pytest.param('"ا "ب" ج', [(3, 5)], id="a stray quote gives way to a whole pair"),
        pytest.param('ا" "ب"', [(3, 5)], id="a stray closing quote encloses nothing"),
        pytest.param('ب"ا"', [(1, 3)], id="a quote glued to its prefix"),
        pytest.param('" ا "', [(0, 4)], id="quotes with space inside"),
        pytest.param("”ا”", [(0, 2)], id="curly quotes of one form"),
        pytest.param("(ا", [], id="a bracket that never closes"),
        pytest.param("ا) (ب)", [(3, 5)], id="a bracket that never opened"),
        pytest.param('("ا) ب"', [(0, 3)], id="crossed pairs keep the outer one"),
        pytest.param("«" + "ا" * (REACH - 1) + "»", [(0, REACH)], id="as far as the reach"),
        pytest.param("«" + "ا" * REACH + "»", [], id="beyond the reach"),
        pytest.param('"' + "ا" * REACH + ' "ا"', [(REACH + 2, REACH + 4)], id="an old stray"),
    ],
)
def test_pairs(block: str, spans: list[tuple[int, int]]) -> None:
    assert enclosures(block).spans == spans


def test_every_closing_mark_knows_its_partner() -> None:
    assert enclosures('(«"ا"»)').partner == {4: 2, 5: 1, 6: 0}
