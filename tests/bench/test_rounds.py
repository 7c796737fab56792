import json
import random
import statistics
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from rounds import (
    Goal,
    Spread,
    at_least,
    at_most,
    figure,
    finished,
    interleaved,
    paired,
    parser,
    ratio,
    shown,
    written,
)

FIGURES = st.lists(st.floats(1, 1e6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("values", "spread"),
    [
        pytest.param([7.0], Spread(7, 7, 7), id="one figure is its own spread"),
        pytest.param([1.0, 3.0], Spread(2, 1.5, 2.5), id="two lie half-way to their quartiles"),
        pytest.param([5.0, 1.0, 4.0, 2.0, 3.0], Spread(3, 2, 4), id="five in any order"),
        pytest.param([1.0, 1.0, 1.0, 1.0, 99.0], Spread(1, 1, 1), id="an outlier moves nothing"),
        pytest.param([1.0, 2.0, 3.0, 4.0], Spread(2.5, 1.75, 3.25), id="an even number"),
    ],
)
def test_a_spread_is_the_median_and_the_quartiles(values: list[float], spread: Spread) -> None:
    assert Spread.of(values) == spread


@given(FIGURES)
def test_a_spread_lies_within_what_was_measured_and_its_median_is_the_median(
    values: list[float],
) -> None:
    spread = Spread.of(values)
    assert min(values) <= spread.low <= spread.median <= spread.high <= max(values)
    assert spread.median == pytest.approx(statistics.median(values))


@given(FIGURES, st.randoms())
def test_the_order_of_figures_does_not_matter(values: list[float], chance: random.Random) -> None:
    shuffled = values[:]
    chance.shuffle(shuffled)
    assert Spread.of(shuffled) == Spread.of(values)


def test_no_figures_have_no_spread() -> None:
    with pytest.raises(statistics.StatisticsError):
        Spread.of([])


@pytest.mark.parametrize(
    ("spread", "text"),
    [
        pytest.param(Spread(2, 1, 3), "2.0 (1.0 to 3.0)", id="with its quartiles"),
        pytest.param(Spread(2, 2, 2), "2.0", id="without where there is none"),
    ],
)
def test_a_spread_is_formatted(spread: Spread, text: str) -> None:
    assert f"{spread:.1f}" == text


def test_candidates_take_turns_and_keep_their_figures_by_round() -> None:
    turns: list[str] = []
    figures = iter(range(100))

    def candidate(name: str) -> float:
        turns.append(name)
        return float(next(figures))

    measured = paired({"a": lambda: candidate("a"), "b": lambda: candidate("b")}, 3)
    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert measured == {"a": [0, 2, 4], "b": [1, 3, 5]}


def test_interleaved_returns_the_spread_of_each() -> None:
    a, b = iter([3.0, 1.0, 2.0]), iter([30.0, 10.0, 20.0])
    measured = interleaved({"a": lambda: next(a), "b": lambda: next(b)}, 3)
    assert measured == {"a": Spread(2, 1.5, 2.5), "b": Spread(20, 15, 25)}


def test_a_ratio_is_taken_round_by_round_so_that_a_slow_round_is_slow_for_both() -> None:
    assert ratio([90, 45, 9], [100, 50, 10]) == Spread(0.9, 0.9, 0.9)


def test_figures_of_unequal_rounds_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(
            at_least("share", 0.9, 0.9, "{:.0%}"),
            Goal("share", "at least 90%", "90%", kept=True),
            id="what just reaches a lower bound keeps it",
        ),
        pytest.param(
            at_least("share", 0.9, 0.899),
            Goal("share", "at least 0.90", "0.90", kept=False),
            id="what is rounded to a bound has still missed it",
        ),
        pytest.param(
            at_most("ms", 3, Spread(2, 1, 9), "{:.0f} ms"),
            Goal("ms", "at most 3 ms", "2 (1 to 9) ms", kept=True),
            id="the median of a spread is judged",
        ),
        pytest.param(
            at_most("ms", 3, Spread(4, 1, 9), "{:.0f}"),
            Goal("ms", "at most 3", "4 (1 to 9)", kept=False),
            id="above an upper bound is missed",
        ),
        pytest.param(
            figure("rate", 12.3456, "{:.1f} /s"),
            Goal("rate", "", "12.3 /s", kept=None),
            id="a figure without a goal is neither",
        ),
    ],
)
def test_a_figure_is_held_against_its_goal(row: Goal, expected: Goal) -> None:
    assert row == expected


def test_a_table_is_aligned_and_says_what_is_missed() -> None:
    rows = [at_least("a", 1, 2, "{:.0f}"), at_most("longer", 1, 2, "{:.0f}"), figure("c", 3)]
    assert shown(rows).splitlines() == [
        "what    goal        measured",
        "a       at least 1  2         kept",
        "longer  at most 1   2         MISSED",
        "c                   3.00",
    ]


def test_what_is_written_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "build" / "bench" / "x.json"
    written(path, "x", [at_least("مثال", 1, 2)], {"points": [(1, 2)]}, "model m|commit c")
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "name": "x",
        "signature": "model m|commit c",
        "rows": [{"what": "مثال", "goal": "at least 1.00", "measured": "2.00", "kept": True}],
        "data": {"points": [[1, 2]]},
    }


@pytest.mark.parametrize(
    ("row", "status"),
    [
        pytest.param(at_least("a", 1, 2), 0, id="kept"),
        pytest.param(at_least("a", 2, 1), 1, id="missed"),
        pytest.param(figure("a", 1), 0, id="without a goal"),
    ],
)
def test_a_benchmark_ends_with_1_where_a_goal_is_missed(
    row: Goal, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.json"
    assert finished(path, "x", [row], {}, "signed") == status
    assert capsys.readouterr().out == f"{shown([row])}\nsigned\n"
    assert json.loads(path.read_text(encoding="utf-8"))["signature"] == "signed"


def test_every_benchmark_takes_json_and_quick() -> None:
    taken = parser("It measures.").parse_args(["--quick", "--json", "x.json"])
    assert taken.quick
    assert taken.json == Path("x.json")
