import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.quotes import quotations


@pytest.mark.parametrize(
    ("texts", "runs"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(["“A.”", "«B».", '"C."'], [], id="whole in each sentence"),
        pytest.param(["He: “A.", "B.” He left."], [range(2)], id="curly"),
        pytest.param(["وقال «أ.", "ب»."], [range(2)], id="guillemets"),
        pytest.param(['He said: "A.', 'B," and left.', "C."], [range(2)], id="ASCII"),
        pytest.param(["A.", "“B.", "C.", "D.”"], [range(1, 4)], id="three sentences"),
        pytest.param(["“A.", "B.", "C.", "D.”"], [], id="four are too many"),
        pytest.param(["“A.", "B.", "C.", "D."], [], id="never closed"),
        pytest.param(["A.", "B.”"], [], id="never opened"),
        pytest.param(
            ["“A.", "“B.”", "C."], [range(2)], id="opened anew, as in speech by paragraphs"
        ),
        pytest.param(
            ['"A.', "B.", "C.", '"D."'], [], id="a stray mark reaches no further than three"
        ),
        pytest.param(["“A.", "B.” “C.", "D.”"], [range(3)], id="two that touch are one"),
        pytest.param(["“A.", "B.” “C.", "D.”“E", "F”"], [], id="a chain of four is too many"),
        pytest.param(["“A.", "B.”", "«C.", "D»"], [range(2), range(2, 4)], id="two apart"),
        pytest.param(["“A «b» c.", "D.”"], [range(2)], id="another inside"),
        pytest.param(['A 5" pipe.', 'A 6" pipe.'], [], id="inches"),
        pytest.param(['قال ان"الجيش" انسحب.', 'من"المدينة".'], [], id="no space beside a mark"),
        pytest.param(['ضربت"القاعدة في', 'بغداد".'], [range(2)], id="no space, over a full stop"),
        pytest.param(["It's 'A.", "B.'"], [], id="apostrophes are not told from quotes"),
    ],
)
def test_quotations(texts: list[str], runs: list[range]) -> None:
    assert quotations(texts) == runs


@given(st.lists(st.text(alphabet='“”«»" ab.', max_size=8), max_size=12))
def test_runs_are_short_and_apart(texts: list[str]) -> None:
    runs = quotations(texts)
    assert all(2 <= len(run) <= 3 and run.stop <= len(texts) for run in runs)
    places = [place for run in runs for place in run]
    assert places == sorted(set(places))
