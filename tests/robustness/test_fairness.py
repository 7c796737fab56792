"""Promise 4 in its short form, and every figure of it with a defect that must break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from robustness import fairness
from robustness.promise import TIMEOUT_S, missed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from robustness.promise import Row

    Measured = Callable[[fairness.Size, str], Awaitable[list[Row]]]

TINY = fairness.Size(20, 1, 0.8)


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize(
    "measured",
    [
        pytest.param(fairness.short_calls, id="a short call is not held up by a long document"),
        pytest.param(fairness.unequal_callers, id="fifty unequal callers are served alike"),
        pytest.param(fairness.many_streams, id="one caller with 500 streams takes its share"),
    ],
)
async def test_is_kept(measured: Measured) -> None:
    assert await missed(lambda: measured(fairness.SHORT, "")) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize(
    ("measured", "defect"),
    [
        pytest.param(fairness.short_calls, "serves whoever came first", id="serves by arrival"),
        pytest.param(fairness.unequal_callers, "knows no callers", id="shares by document"),
        pytest.param(fairness.many_streams, "knows no callers", id="shares by stream"),
    ],
)
async def test_is_broken_by_a_queue_that(measured: Measured, defect: str) -> None:
    rows = await measured(TINY, defect)
    assert rows
    assert not any(row.kept for row in rows)


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        pytest.param(fairness.latencies("a", [0.1] * 9, [0.3] * 9), True, id="thrice as slow"),
        pytest.param(fairness.latencies("a", [0.1] * 9, [0.31] * 9), False, id="slower"),
        pytest.param(fairness.latencies("a", [0.001], [0.052]), True, id="two batches later"),
        pytest.param(fairness.latencies("a", [0.001], [0.053]), False, id="later"),
        pytest.param(fairness.shares([10, 10, 10]), True, id="alike"),
        pytest.param(fairness.shares([5, 10, 10]), False, id="one gets half"),
        pytest.param(fairness.shares([0, 0]), False, id="nobody gets anything"),
        pytest.param(fairness.least(100, [91, 100]), True, id="more than nine tenths"),
        pytest.param(fairness.least(130, [85, 85]), False, id="less than nine tenths"),
        pytest.param(fairness.least(0, [0, 0]), False, id="nothing"),
    ],
)
def test_of_a_figure_is_judged(row: Row, kept: bool) -> None:  # noqa: FBT001  a table
    assert row.kept is kept
