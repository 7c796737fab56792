"""The scripted engine costs what it says, fails as it says, and the traffic tells whose it is."""

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.text.normalize import normalize
from mujaz_server.text.segment import segment
from mujaz_server.translation.engine import Decoding
from robustness.engine import DOUBTFUL, RAISES, TOO_FEW, CostedEngine
from robustness.plan import Kind, Phase, Plan, tag, tagged
from scripted import transliterated

GREEDY = Decoding()
WIDE = Decoding(beam_size=5)


@pytest.mark.parametrize("shape", [(10,), (10, 10), (4, 20)], ids=str)
def test_the_cost_is_that_of_all_tokens(shape: tuple[int, ...]) -> None:
    engine = CostedEngine(0.002)

    def seconds() -> float:
        started = time.monotonic()
        engine.translate([["ا"] * tokens for tokens in shape], GREEDY)
        return time.monotonic() - started

    # Whatever else the machine does only adds.
    assert min(seconds() for _ in range(5)) == pytest.approx(0.002 * sum(shape), abs=0.015)


def test_a_row_whose_caller_has_gone_costs_no_more() -> None:
    history = io.StringIO()
    engine = CostedEngine(0.01, history)
    started = time.monotonic()
    engine.translate([["ا"] * 40, ["ب"] * 2], GREEDY, lambda row: row == 0)
    assert time.monotonic() - started < 0.3
    kinds = [json.loads(line)["kind"] for line in history.getvalue().splitlines()]
    assert kinds == ["started", "started", "left"]


def test_a_poisoned_row_raises_or_makes_the_batch_too_short() -> None:
    engine = CostedEngine()
    with pytest.raises(RuntimeError):
        engine.translate([["ا"], [RAISES]], GREEDY)
    assert len(engine.translate([["ا"], [TOO_FEW]], GREEDY)) == 1


def test_a_doubtful_row_is_translated_by_a_wide_beam_alone() -> None:
    engine = CostedEngine()
    [narrow] = engine.translate([["وصل", DOUBTFUL]], GREEDY)
    [wide] = engine.translate([["وصل", DOUBTFUL]], WIDE)
    assert narrow.text.startswith("وصل")
    assert wide.text == transliterated(f"وصل {DOUBTFUL}")


@given(
    owner=st.integers(0, 99_999_999),
    index=st.integers(0, 9_999),
    words=st.integers(5, 40),
    extra=st.sampled_from(["", RAISES]),
)
def test_a_sentence_says_whose_it_is_in_source_and_translation(
    owner: int, index: int, words: int, extra: str
) -> None:
    text = tagged(owner, index, words, extra=extra)
    assert len(text.split()) == words
    assert tag(text) == (owner, index)
    assert tag(transliterated(normalize(text).text)) == (owner, index)
    assert len(segment(f"{text}\n{text}")) == 2


def test_a_plan_survives_its_way_to_the_generator() -> None:
    plan = Plan(["a:1"], [Phase("calm", 5, 1)], [Kind(deadline=(1, 2)), Kind(fate="cancel")])
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()
