"""The parts of the plan on paper: queues, balancers, the autoscaler, traffic, costs."""

import math
import random
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from scale import erlang
from scale.articles import LONGEST, SHORTEST, articles
from scale.autoscaling import DOWN_STABILISATION_S, SYNC_S, Autoscaler, desired
from scale.balancing import BALANCERS, Balancer, least_request, round_robin, two_choices
from scale.benchmarks import rates
from scale.cost import cores
from scale.newsroom import Breaking, Curve, arrivals, breaking, daily, steady, surge

LOADS = st.lists(st.integers(0, 50), min_size=1, max_size=16)
SEEDS = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("load", "servers", "share"),
    [
        pytest.param(0.5, 1, 0.5, id="one server: its load"),
        pytest.param(0.75, 2, 0.6429, id="two at 1.5 erlangs"),
        pytest.param(0.8, 10, 0.4092, id="ten at 8 erlangs, as in Erlang's tables"),
        pytest.param(0.0, 3, 0.0, id="nobody comes"),
    ],
)
def test_erlang_c_is_that_of_the_tables(load: float, servers: int, share: float) -> None:
    assert erlang.waits_share(load, servers) == pytest.approx(share, abs=1e-4)


def test_an_unstable_queue_has_no_wait() -> None:
    with pytest.raises(ValueError, match="stable"):
        erlang.mean_wait(1.0, 2)


def test_one_queue_of_m_m_1_has_its_known_waits() -> None:
    assert erlang.mean_wait(0.8, 1) == pytest.approx(4)
    assert erlang.wait_quantile(0.8, 1, 0.95) == pytest.approx(5 * math.log(16))
    assert erlang.wait_quantile(0.04, 1, 0.95) == 0


def violations(balancer: Balancer, states: Sequence[list[int]]) -> int:
    """How often a replica was picked though a less busy one was there."""
    return sum(loads[balancer(loads)] > min(loads) for loads in states)


@given(st.lists(LOADS, min_size=1, max_size=20), SEEDS)
def test_least_request_never_picks_a_busier_one(states: list[list[int]], seed: int) -> None:
    assert violations(least_request(random.Random(seed)), states) == 0


@pytest.mark.parametrize("make", [round_robin, two_choices])
def test_a_balancer_that_does_not_look_at_all_is_seen(
    make: Callable[[random.Random], Balancer],
) -> None:
    assert violations(make(random.Random(1)), [[3, 2, 1, 0]] * 40) > 0


@given(LOADS.filter(lambda loads: len(set(loads)) == len(loads) > 1), SEEDS)
def test_two_choices_never_pick_the_busiest_of_all(loads: list[int], seed: int) -> None:
    pick = two_choices(random.Random(seed))
    assert all(loads[pick(loads)] < max(loads) for _ in range(20))


@given(st.integers(1, 16), st.integers(1, 20))
def test_round_robin_gives_each_as_many(replicas: int, rounds: int) -> None:
    pick = round_robin(random.Random(1))
    picked = [pick([0] * replicas) for _ in range(replicas * rounds)]
    assert {picked.count(index) for index in range(replicas)} == {rounds}


@pytest.mark.parametrize("make", BALANCERS.values(), ids=BALANCERS.keys())
@given(states=st.lists(LOADS, min_size=1, max_size=20), seed=SEEDS)
def test_every_balancer_picks_one_that_is_there_and_the_same_by_the_same_seed(
    make: Callable[[random.Random], Balancer], states: list[list[int]], seed: int
) -> None:
    one, other = make(random.Random(seed)), make(random.Random(seed))
    picked = [one(loads) for loads in states]
    assert picked == [other(loads) for loads in states]
    assert all(0 <= index < len(loads) for index, loads in zip(picked, states, strict=True))


@pytest.mark.parametrize(
    ("current", "mean", "target", "wanted"),
    [
        pytest.param(1, 200, 100, 2, id="twice the target doubles: Kubernetes' own example"),
        pytest.param(2, 50, 100, 1, id="half of it halves: Kubernetes' own example"),
        pytest.param(4, 109, 100, 4, id="within the tolerance nothing changes"),
        pytest.param(4, 111, 100, 5, id="over the tolerance it is rounded up"),
        pytest.param(4, 0, 100, 0, id="nothing to do asks for nobody"),
    ],
)
def test_one_metric_asks_for_what_the_documented_formula_says(
    current: int, mean: float, target: float, wanted: int
) -> None:
    assert desired(current, current * mean, target) == wanted


def decisions(scaler: Autoscaler, totals: Sequence[Sequence[float]], current: int) -> list[int]:
    seen = []
    for number, each in enumerate(totals):
        current = scaler.decide(SYNC_S * number, current, each)
        seen.append(current)
    return seen


def test_the_largest_answer_of_all_metrics_counts() -> None:
    assert Autoscaler([100, 1], 1, 20).decide(0, 2, [200, 5]) == 5


def test_growth_is_bounded_by_four_or_by_doubling() -> None:
    assert decisions(Autoscaler([1], 1, 100), [[90]] * 5, 2) == [6, 12, 24, 48, 90]


def test_replicas_stay_within_their_bounds() -> None:
    assert decisions(Autoscaler([1], 2, 5), [[90]] * 3, 2)[-1] == 5
    assert decisions(Autoscaler([1], 2, 5), [[0]] * 30, 4)[-1] == 2


def test_nobody_goes_before_the_stabilisation_window_has_passed() -> None:
    periods = round(DOWN_STABILISATION_S / SYNC_S)
    seen = decisions(Autoscaler([1], 1, 9), [[6]] + [[1]] * (periods + 1), 6)
    assert seen[: periods - 1] == [6] * (periods - 1)
    assert seen[-1] == 1


def test_a_dip_within_the_window_changes_nothing() -> None:
    assert decisions(Autoscaler([1], 1, 9), [[6], [1], [1], [6], [6]], 6) == [6] * 5


@pytest.mark.parametrize(
    "curve",
    [
        pytest.param(steady(), id="steady"),
        pytest.param(breaking(Breaking(1, 10, 60), 2000, 3), id="breaking"),
    ],
)
def test_as_many_articles_come_as_the_rate_says(curve: Curve) -> None:
    moments = list(arrivals(10, curve, 2000, 5))
    assert len(moments) == pytest.approx(20_000, rel=0.03)
    assert moments == sorted(moments)
    assert moments == list(arrivals(10, curve, 2000, 5))
    assert moments != list(arrivals(10, curve, 2000, 6))


def test_a_random_moment_is_exponential_and_bursts_are_not() -> None:
    def variation(curve: Curve) -> float:
        gaps = [after - before for before, after in pairwise(arrivals(10, curve, 2000, 5))]
        mean = sum(gaps) / len(gaps)
        return sum((gap - mean) ** 2 for gap in gaps) / len(gaps) / mean**2

    assert variation(steady()) == pytest.approx(1, abs=0.05)
    assert variation(breaking(Breaking(3, 10, 60), 2000, 3)) > 1.2


def test_a_curve_over_its_bound_is_refused() -> None:
    with pytest.raises(ValueError, match="over 1"):
        list(arrivals(10, Curve(lambda _: 2.0, 1.0), 10, 5))


def test_the_day_has_its_mean_and_the_surge_its_form() -> None:
    day = daily()
    assert sum(day.at(hour * 3600) for hour in range(24)) / 24 == pytest.approx(1)
    assert max(day.at(hour * 3600) for hour in range(24)) == pytest.approx(day.most)
    rise = surge(3, 100, 60, 120)
    assert [rise.at(at) for at in (0, 100, 130, 160, 280, 310, 340, 999)] == [
        pytest.approx(height) for height in (1, 1, 2, 3, 3, 2, 1, 1)
    ]


def test_articles_are_told_apart_by_their_headlines() -> None:
    found = articles()
    assert len(found) > 1000
    assert all(SHORTEST <= len(each) <= LONGEST for each in found)
    assert not any(each[0].endswith(".") for each in found[:100])


def test_cores_follow_from_documents_and_rates() -> None:
    assert cores(86_400, 1000, 500, peak=2, load=0.5) == pytest.approx(8)


def test_the_rates_of_the_benchmarks_are_found() -> None:
    assert {("starter", 1), ("starter", 2), ("opus-mt-ar-en's architecture", 2)} <= set(rates())


def test_a_page_without_rates_is_told(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="make bench"):
        rates(page)
