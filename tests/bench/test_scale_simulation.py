"""Simulated replicas behave as queues that are known, and a seeded defect is seen."""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import pytest
import simpy

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from scale import erlang, loads, losses, scaling, surges
from scale.balancing import Balancer, least_request, round_robin, two_choices
from scale.fleet import Fleet
from scale.measured import Measured, ServiceTimes, beside, saturated
from scale.newsroom import arrivals, steady
from scale.outcome import Outcome, quantile
from scale.replica import Article, Shape
from scale.validation import Exponential, customers, waits

DOCUMENTS = [(20, 30, 40, 30), (40,), (30, 30, 30, 30, 30, 30, 30, 30)]
BATCHES = [
    (rows, longest, 0.002 + 0.0001 * longest + 0.0002 * rows * longest)
    for rows in (1, 2, 4, 8)
    for longest in (10, 20, 30, 40)
]
MEASURED = Measured("signed", 2, 256, 0.8, 2000.0, 0.0, BATCHES, DOCUMENTS, {})


@dataclass(frozen=True)
class Constant:
    """A batch takes so many seconds."""

    each: float

    def seconds(self, rows: int, longest: int, crowd: float, chance: random.Random) -> float:
        del rows, longest, crowd, chance
        return self.each


def fleet_of(replicas: int, service: Constant | ServiceTimes, shape: Shape) -> Fleet:
    chance = random.Random(1)
    fleet = Fleet(simpy.Environment(), service, shape, least_request(chance), chance)
    fleet.add(replicas)
    return fleet


def off(articles: list[Article], load: float, servers: int) -> float:
    """By how much the mean wait is off Erlang's."""
    return abs(mean(waits(articles)) / erlang.mean_wait(load, servers) - 1)


@pytest.mark.parametrize(("load", "servers"), [(0.5, 1), (0.7, 1), (0.7, 4)])
def test_simple_customers_wait_as_erlang_says(load: float, servers: int) -> None:
    assert off(customers(load, servers, 30_000), load, servers) < 0.1


def test_a_simulator_that_is_a_tenth_too_slow_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = Exponential.seconds
    monkeypatch.setattr(Exponential, "seconds", lambda *given: 1.1 * exact(*given))
    assert off(customers(0.7, 1, 30_000), 0.7, 1) > 0.2


def test_many_queues_by_two_choices_are_those_of_mitzenmacher() -> None:
    def time(make: Callable[[random.Random], Balancer]) -> float:
        seen = customers(0.8, 1, 30_000, 32, make)
        return mean(each.ended - each.arrived for each in seen if each.ended is not None)

    assert time(two_choices) == pytest.approx(erlang.two_choices(0.8), rel=0.05)
    assert time(round_robin) > 1.2 * erlang.two_choices(0.8)


def test_service_times_are_found_again() -> None:
    found = ServiceTimes.of(BATCHES)
    assert (found.fixed, found.step, found.token) == pytest.approx((0.002, 0.0001, 0.0002))
    assert found.seconds(3, 50, 0.0, random.Random(1)) == pytest.approx(0.002 + 0.005 + 0.03)


def test_a_batch_takes_longer_the_more_threads_work() -> None:
    found = replace(ServiceTimes.of(BATCHES), stretch=1.5)
    alone, half, crowded = (found.seconds(2, 20, crowd, random.Random(1)) for crowd in (0, 0.5, 1))
    assert (half, crowded) == pytest.approx((1.25 * alone, 1.5 * alone))


@pytest.mark.parametrize("seconds", [0.0, 0.03])
def test_what_a_call_takes_beside_its_batch_is_found_and_waited(seconds: float) -> None:
    bare = ServiceTimes.of(BATCHES)
    chance = random.Random(1)
    alone = [seconds + bare.seconds(1, each[0], 0, chance) for each in DOCUMENTS]
    assert beside(bare, DOCUMENTS, alone) == pytest.approx(seconds, abs=1e-9)
    fleet = fleet_of(1, Constant(1.0), Shape(1, 100.0, beside_s=seconds))
    fleet.feed([0.0], [(10,)])
    fleet.env.run()
    assert fleet.articles[0].ended == 1 + seconds


def test_a_saturated_replica_does_what_the_saturated_server_did() -> None:
    assert saturated(MEASURED.service(), MEASURED) == pytest.approx(2000, rel=0.02)
    assert saturated(replace(MEASURED.service(), stretch=9), MEASURED) < 1000


def test_a_document_has_its_first_sentence_early_and_ends_with_its_last() -> None:
    fleet = fleet_of(1, Constant(1.0), Shape(1, 100.0, batch_rows=2))
    fleet.feed([0.0], [(10, 10, 10, 10)])
    fleet.env.run()
    (article,) = fleet.articles
    assert (article.started, article.first, article.ended) == (0, 1, 3)  # 1, then 2, then 1 row


def test_who_would_wait_too_long_is_refused_and_comes_again() -> None:
    fleet = fleet_of(1, Constant(1.0), Shape(1, 10.0, batch_rows=1, max_queue_wait=2.0))
    fleet.feed([0.01 * number for number in range(12)], [(10,)])
    fleet.env.run()
    outcome = Outcome.of(fleet.articles)
    assert outcome.refusals > 0
    assert sum(each.ended is not None for each in fleet.articles) + outcome.given_up == 12
    assert outcome.given_up > 0


def test_a_crash_loses_no_article_and_nothing_is_answered_twice() -> None:
    fleet = fleet_of(2, Constant(0.5), Shape(1, 100.0))
    fleet.feed([0.1 * number for number in range(40)], [(10, 10, 10)])
    fleet.env.run(2)
    assert fleet.replicas[-1].calls > 0
    fleet.crash()
    fleet.env.run()
    assert all(each.ended is not None for each in fleet.articles)
    assert fleet.replicas[0].calls == 0


def test_a_replica_that_is_removed_ends_what_it_has_and_gets_no_more() -> None:
    fleet = fleet_of(2, Constant(0.5), Shape(1, 100.0))
    fleet.feed([0.1 * number for number in range(40)], [(10, 10, 10)])
    fleet.env.run(2)
    fleet.remove()
    (leaving,) = fleet.leaving
    before = leaving.calls
    assert before > 0
    fleet.env.run()
    assert leaving.calls == 0
    assert all(each.ended is not None for each in fleet.articles)


def test_the_threads_of_a_fleet_are_as_busy_as_its_load() -> None:
    fleet = fleet_of(4, MEASURED.service(), MEASURED.shape)
    rate = 0.5 * 4 * MEASURED.documents_per_s
    fleet.feed(arrivals(rate, steady(), 60, 3), DOCUMENTS)
    samples = fleet.scraped(1)
    fleet.env.run(60)
    assert samples[-1].busy_s / samples[-1].at / (4 * 2) == pytest.approx(0.5, abs=0.2)
    assert [each.replicas for each in samples] == [4] * 60


def test_the_same_seed_simulates_the_same_and_least_request_waits_least() -> None:
    service = MEASURED.service()

    def found(balancer: str) -> loads.Found:
        cell = loads.Cell(balancer, 4, 0.8, bursts=True, seconds=60)
        return loads.Simulated(MEASURED, service, cell).run()

    assert found("least request") == found("least request")
    assert found("least request").outcome.whole_p99 < found("round robin").outcome.whole_p99


def test_a_surge_is_met_by_more_replicas_and_a_fixed_fleet_is_late() -> None:
    small = replace(MEASURED, tokens_per_s=200.0)
    service = small.service()
    grown, fixed = (
        surges.Simulated(small, service, policy).run()
        for policy in (surges.CHOSEN, surges.FIXED[0])
    )
    assert grown.most > fixed.most == scaling.LEAST
    assert grown.surge.whole_p99 < fixed.surge.whole_p99
    assert grown.late_s < fixed.late_s


def test_a_loss_at_high_load_is_felt_and_at_low_load_is_not() -> None:
    small = replace(MEASURED, tokens_per_s=1000.0)
    service = small.service()
    felt, not_felt = (losses.Simulated(small, service, 2, load).run() for load in (0.8, 0.3))
    assert felt.late_s > not_felt.late_s
    assert felt.after.whole_p99 > felt.before.whole_p99


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_quantile_is_the_least_that_so_many_do_not_exceed(share: float, value: int) -> None:
    assert quantile(range(1, 101), share) == value
    assert quantile([], share) == float("inf")
