"""How wide batches become on machines of several kinds."""

import threading
from collections.abc import Callable

import pytest

from mujaz_server.calibration import Calibration, calibrate


class Machine:
    """Translates rows by a clock of its own, one batch after the other."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.now = 0.0
        self.batches: list[int] = []
        self._seconds = seconds
        self._lock = threading.Lock()

    def translate(self, rows: int) -> None:
        with self._lock:
            self.batches.append(rows)
            self.now += self._seconds(rows)

    def calibrated(self, **given: int) -> Calibration:
        bounds = {"threads": 2, "most_rows": 32} | given
        return calibrate(self.translate, 16, widths=(256, 512), clock=lambda: self.now, **bounds)


@pytest.mark.parametrize(
    ("seconds", "width"),
    [
        pytest.param(lambda rows: 0.01 * rows, 256, id="a wide batch gains nothing"),
        pytest.param(lambda rows: 0.011 + 0.01 * rows, 256, id="a wide batch gains a thirtieth"),
        pytest.param(lambda rows: 0.1 + 0.01 * rows, 512, id="a wide batch gains a quarter"),
        pytest.param(lambda rows: 0.0001 * rows**2, 256, id="a wide batch loses"),
    ],
)
def test_a_width_is_chosen_by_what_it_gains(seconds: Callable[[int], float], width: int) -> None:
    assert Machine(seconds).calibrated().batch_tokens == width


def test_the_rate_is_that_of_all_threads_at_the_chosen_width() -> None:
    machine = Machine(lambda rows: 0.01 * rows)
    assert machine.calibrated(threads=3).tokens_per_s == pytest.approx(16 / 0.01)
    assert machine.batches == [16, 16, 16, 32, 32, 32] * 2


def test_a_disturbed_round_does_not_count() -> None:
    machine = Machine(lambda rows: 5.0 if len(machine.batches) == 1 else 0.01 * rows)
    assert machine.calibrated().tokens_per_s == pytest.approx(1600.0)


def test_a_batch_has_no_more_rows_than_it_may() -> None:
    machine = Machine(lambda rows: 0.01 * rows)
    machine.calibrated(most_rows=4)
    assert set(machine.batches) == {4}


def test_a_row_longer_than_a_batch_goes_alone() -> None:
    machine = Machine(lambda rows: 0.01 * rows)
    calibrate(machine.translate, 600, threads=1, most_rows=8, clock=lambda: machine.now)
    assert set(machine.batches) == {1}
