"""The simulated queue behaves as queues whose figures are known."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))
from waiting import Cost, waits


def test_an_idle_server_makes_nobody_wait() -> None:
    assert waits(Cost(0.0, 0.01, 8), rate=0.01, threads=2, count=2000) == pytest.approx(1)


def test_one_thread_without_batches_is_a_queue_of_m_d_1() -> None:
    # M/D/1 at 0.8: the 95th percentile of waiting is 6.62 services, by its exact distribution.
    assert waits(Cost(0.0, 0.01, 1), rate=80, threads=1, count=200_000) == pytest.approx(7.62, 0.05)


def test_more_load_waits_longer() -> None:
    light, heavy = (waits(Cost(0.01, 0.01, 8), rate, threads=2) for rate in (80, 150))
    assert 1 < light < heavy
