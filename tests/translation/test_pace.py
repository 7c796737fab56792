"""When the engine asks whether callers have gone: of a model whose steps cost what a test says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.translation.engine import Decoding, Engine
from mujaz_server.translation.pace import Pace

FOLDER = store.embedded()
MANIFEST = Manifest.load(FOLDER)
PIECES = SentencePieceProcessor(model_file=str(FOLDER / "target.spm"))
GREEDY = Decoding()
PROMISE_S = 0.25


@dataclass
class ScriptedTranslator:
    """Decodes as CTranslate2 does: one token of each running row a step; asks after each.

    Attributes:
        step_s: What a step costs beside its rows.
        row_s: What each running row adds to it.
        verbosity: Target tokens by source tokens.
        now: The time; nothing else moves it.
    """

    step_s: float = 0.001
    row_s: float = 0.0
    verbosity: float = 1.0
    now: float = field(default=0.0, init=False)

    def translate_batch(
        self,
        rows: Sequence[Sequence[str]],
        *,
        max_decoding_length: int,
        callback: Callable[[Any], bool] | None,
        **_: object,
    ) -> list[Any]:
        """Takes its time, in steps."""
        ends = [self._end(row, max_decoding_length) for row in rows]
        lengths = [0] * len(rows)
        running = set(range(len(rows)))
        while running:
            self.now += self.step_s + self.row_s * len(running)
            for row in sorted(running):
                lengths[row] += 1
                left = callback is not None and callback(SimpleNamespace(batch_id=row))
                if left or lengths[row] == ends[row]:
                    running.remove(row)
        return [SimpleNamespace(hypotheses=[["▁a"] * n], scores=[-0.5]) for n in lengths]

    def _end(self, row: Sequence[str], limit: int) -> int:
        likely = round(self.verbosity * (len(row) - 1)) or 1  # a source ends in `</s>`
        return min(limit, likely)


def engine_of(translator: ScriptedTranslator) -> Engine:
    return Engine(translator, PIECES, PIECES, MANIFEST, clock=lambda: translator.now)


def asks(engine: Engine, *lengths: int, decoding: Decoding = GREEDY) -> bool:
    """Whether a batch of rows of these lengths asks if their callers have gone."""
    asked = False

    def gone(_: int) -> bool:
        nonlocal asked
        asked = True
        return False

    engine.translate([["▁و"] * length for length in lengths], decoding, gone)
    return asked


def test_it_asks_while_nothing_is_measured_and_no_more_once_batches_end_soon() -> None:
    engine = engine_of(ScriptedTranslator())
    assert [asks(engine, 20, 20) for _ in range(3)] == [True, False, False]


def test_it_asks_of_each_number_of_rows_until_it_was_seen() -> None:
    engine = engine_of(ScriptedTranslator())
    assert [asks(engine, *[10] * rows) for rows in (1, 2, 1, 2, 3)] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("step_s", "length", "asked"),
    [
        pytest.param(0.0007, 20, False, id="a-short-row-of-a-quick-model"),
        pytest.param(0.0007, 96, False, id="a-long-row-of-a-quick-model"),
        pytest.param(0.004, 5, False, id="a-very-short-row-of-a-slow-model"),
        pytest.param(0.012, 20, True, id="a-short-row-of-a-slow-model"),
        pytest.param(0.004, 96, True, id="a-long-row-of-a-slow-model"),
    ],
)
def test_it_asks_of_batches_that_outlast_the_promise(
    step_s: float, length: int, *, asked: bool
) -> None:
    engine = engine_of(ScriptedTranslator(step_s))
    asks(engine, length)
    assert asks(engine, length) is asked


def test_after_slow_batches_it_asks_again_until_several_were_quick() -> None:
    translator = ScriptedTranslator()
    engine = engine_of(translator)
    asks(engine, 20)
    answers = []
    for step_s in (0.05, 0.001):
        translator.step_s = step_s
        answers.append([asks(engine, 20) for _ in range(8)])
    slow, quick = answers
    assert slow == [False] + [True] * 7  # of the first nobody could know
    assert quick == [True] * 6 + [False] * 2


def test_one_batch_held_up_a_little_by_chance_changes_nothing() -> None:
    translator = ScriptedTranslator()
    engine = engine_of(translator)
    asks(engine, 20)
    translator.step_s = 0.02  # such batches would be asked
    asks(engine, 20)
    translator.step_s = 0.001
    assert not asks(engine, 20)


def test_a_wider_beam_neither_asks_nor_is_measured() -> None:
    engine = engine_of(ScriptedTranslator())
    assert not asks(engine, 20, decoding=Decoding(beam_size=4))
    assert asks(engine, 20)


def test_batches_nobody_watches_are_measured_all_the_same() -> None:
    engine = engine_of(ScriptedTranslator())
    engine.translate([["▁و"]], GREEDY)
    assert not asks(engine, 1)


@given(
    step_s=st.floats(0.0001, 0.03),
    row_s=st.floats(0.0, 0.005),
    verbosity=st.floats(0.5, 1.2),
    batches=st.lists(st.lists(st.integers(1, 96), min_size=4, max_size=4), min_size=2, max_size=6),
    when=st.floats(0.0, 1.0),
)
def test_cancelled_work_is_out_within_the_promise_whatever_the_model_and_the_rows(
    *,
    step_s: float,
    row_s: float,
    verbosity: float,
    batches: list[list[int]],
    when: float,
) -> None:
    translator = ScriptedTranslator(step_s, row_s, verbosity)
    engine = engine_of(translator)
    for lengths in batches[:-1]:
        asks(engine, *lengths)
    rows = [["▁و"] * length for length in batches[-1]]
    cancelled = translator.now + when * PROMISE_S
    engine.translate(rows, GREEDY, lambda _: translator.now >= cancelled)
    assert translator.now - cancelled <= PROMISE_S + step_s + 4 * row_s


class TestPace:
    def test_nothing_is_known_of_a_number_of_rows_that_was_not_seen(self) -> None:
        pace = Pace()
        pace.record(2, 10, 0.01)
        assert pace.expected(3, 1) == float("inf")

    @pytest.mark.parametrize(("rows", "seconds"), [(1, 0.01), (8, 0.02)])
    def test_a_batch_takes_a_step_for_each_token_of_its_longest_row(
        self, rows: int, seconds: float
    ) -> None:
        pace = Pace()
        pace.record(1, 100, 0.1)  # 1 ms a step
        pace.record(8, 800, 0.2)  # 2 ms a step
        assert pace.expected(rows, 10) == pytest.approx(seconds)

    def test_a_batch_moves_the_pace_by_a_quarter_of_what_it_differs(self) -> None:
        pace = Pace()
        seen = []
        for seconds in (1.0, 5.0, 2.0, 6.0):
            pace.record(1, 1, seconds)
            seen.append(pace.expected(1, 1))
        assert seen == [1.0, 2.0, 2.0, 3.0]
