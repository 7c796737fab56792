"""Promise 9 in its short form, its statistics, and every figure of it with a defect."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from robustness import soak
from robustness.promise import TIMEOUT_S, Row, missed
from robustness.servers import Inside
from robustness.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_UP = Row(9, "kept up", "", "", kept=True)
REST = Inside(tasks=10, threads=8, descriptors=20, waiting=0, calls=0, rss=100_000_000)
MEMORY = ("memory at rest over", "the least slope of memory")


def broken(rows: list[Row]) -> list[str]:
    return [f"{row.what}: {row.measured}, to reach {row.reach}" for row in rows if not row.kept]


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_a_soak_is_kept() -> None:
    assert await missed(lambda: soak.measured(soak.SHORT)) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_a_leak_is_found() -> None:
    rows = await soak.measured(replace(soak.SHORT, windows=4), "leaks")
    found = [row.what.split(" at rest")[0] for row in rows if not row.kept]
    assert {"memory", "descriptors", "tasks"} <= set(found)


@pytest.mark.parametrize(
    ("values", "slope", "low", "high"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 1.0, 1.0, 1.0),
        ([5.0] * 9, 0.0, 0.0, 0.0),
        ([0.0, 1.0, 2.0, 300.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1.0, 1.0, 1.0),
    ],
    ids=["a line", "a level", "a line with one wild value"],
)
def test_a_trend_is_the_median_of_slopes(
    values: list[float], slope: float, low: float, high: float
) -> None:
    found = trend(list(enumerate(values)))
    assert (found.slope, found.low, found.high) == (slope, low, high)


def test_the_interval_of_a_trend_holds_the_truth_as_often_as_it_says() -> None:
    chance = random.Random(1)
    held = 0
    for _ in range(300):
        found = trend([(x, 0.5 * x + chance.gauss(0, 3)) for x in range(24)])
        held += found.low <= 0.5 <= found.high
    assert 0.92 <= held / 300 <= 0.99


def test_few_points_show_little_and_two_nothing() -> None:
    few = trend([(0, 1.0), (1, 5.0), (2, 2.0), (3, 3.0)])
    assert (few.low, few.high) == (-3.0, 4.0)
    assert few.confidence == pytest.approx(1 - 2 / 24)
    with pytest.raises(ValueError, match="at least three"):
        trend([(0, 1.0), (1, 5.0)])


def windows(
    memory: Callable[[float], float], p99: Callable[[int], float] = lambda _: 0.02
) -> list[soak.Window]:
    """Windows of a minute; memory is in MB, told the hours that have passed."""
    return [
        soak.Window(
            at=60.0 * number,
            inside=replace(REST, rss=round(1e6 * memory(number / 60))),
            p99=p99(number),
            calls=1_000,
            wrong=[],
            steady=KEPT_UP,
        )
        for number in range(soak.LONG.windows)
    ]


def noisy(slope: float, noise: float) -> Callable[[float], float]:
    """Memory in pages, that grows by MB an hour, and by ten more in its first minutes."""
    chance = random.Random(3)

    def memory(hours: float) -> float:
        warming = min(hours, 0.08) * 120
        return round((100 + warming + slope * hours + chance.gauss(0, noise)) / 0.004096) * 0.004096

    return memory


@pytest.mark.parametrize(
    ("slope", "noise", "figures"),
    [
        pytest.param(0.0, 0.1, (), id="level"),
        pytest.param(0.3, 0.1, (), id="less than is permitted"),
        pytest.param(3.0, 0.1, MEMORY[:1], id="three MB an hour"),
        pytest.param(0.0, 3.0, MEMORY[1:], id="too noisy to say anything"),
    ],
)
def test_memory_is_judged(slope: float, noise: float, figures: tuple[str, ...]) -> None:
    rows = soak.judged(windows(noisy(slope, noise)), soak.LONG)
    found = [row.what for row in rows if not row.kept]
    assert len(found) == len(figures)
    assert all(what.startswith(figure) for what, figure in zip(found, figures, strict=True))


@pytest.mark.parametrize(("slope", "kept"), [(0.5, False), (5.0, True)])
def test_a_seeded_leak_is_seen_or_not(slope: float, *, kept: bool) -> None:
    assert soak.seen(windows(noisy(slope, 0.1)), soak.LONG).kept is kept


@pytest.mark.parametrize("what", ["descriptors", "threads", "tasks", "calls"])
def test_one_more_of_anything_is_a_leak(what: str) -> None:
    grown = windows(noisy(0, 0))
    more = replace(grown[-1].inside, **{what: getattr(REST, what) + 1})
    grown[-1] = replace(grown[-1], inside=more)
    assert len(broken(soak.judged(grown, soak.LONG))) == 1


@pytest.mark.parametrize(
    ("share", "kept"), [(0.05, True), (0.2, False)], ids=["by a twentieth", "by a fifth"]
)
def test_a_p99_that_drifts_is_found(share: float, *, kept: bool) -> None:
    drifting = windows(noisy(0, 0), lambda n: 0.02 * (1 + share * n / soak.LONG.windows))
    rows = soak.judged(drifting, soak.LONG)
    assert [row.kept for row in rows if row.what.startswith("drift")] == [kept]


def test_a_wrong_call_and_a_generator_that_lags_are_found() -> None:
    some = windows(noisy(0, 0))
    some[9] = replace(some[9], wrong=["own text only"], steady=replace(KEPT_UP, kept=False))
    assert len(broken(soak.judged(some, soak.LONG))) == 2
