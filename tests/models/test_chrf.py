import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.chrf import CHRF

from mujaz_models.convert.chrf import chrf2

_TEXTS = st.text("ab لا،", max_size=12)


@given(st.lists(st.tuples(_TEXTS, _TEXTS), min_size=1, max_size=6))
def test_chrf_is_that_of_sacrebleu(pairs: list[tuple[str, str]]) -> None:
    ours, theirs = zip(*pairs, strict=True)
    assert chrf2(pairs) == pytest.approx(CHRF().corpus_score(ours, [theirs]).score, abs=1e-6)
