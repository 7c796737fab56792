import os
import select
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import report
from schedule import Step, clock, limits, program, run

STEPS = [Step("one", 10), Step("two", 20), Step("three", 5)]


class Clock:
    """Stands still unless it is told to go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.mark.parametrize(
    ("taken", "limited"),
    [
        pytest.param((0, 0, 0), [75, 95, 100], id="who is quick leaves its share to all others"),
        pytest.param(
            (10, 20, 5), [75, 85, 70], id="who is in time leaves what nobody has a share of"
        ),
        pytest.param(
            (75, 20, 5), [75, 20, 5], id="who takes all that is left leaves theirs to others"
        ),
        pytest.param((75, 200, 5), [75, 20, 0], id="where nothing is left nobody begins"),
    ],
)
def test_whoever_runs_has_what_is_left_but_for_the_shares_of_others(
    taken: tuple[float, ...], limited: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Clock(monkeypatch)
    found = []
    for (_, limit), seconds in zip(limits(STEPS, 100), taken, strict=True):
        found.append(limit)
        at.now += seconds
    assert found == limited


def test_what_is_left_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch)
    next(limits(STEPS, 100))
    assert capsys.readouterr().out == "== one (1 of 3): 1:15 at most, 1:40 left for all\n"


@pytest.mark.parametrize(("seconds", "told"), [(0, "0:00"), (59.6, "1:00"), (754, "12:34")])
def test_a_clock_has_minutes_and_seconds(seconds: float, told: str) -> None:
    assert clock(seconds) == told


@pytest.mark.parametrize("status", [0, 1, 3])
def test_the_status_of_a_program_is_passed_on(status: int) -> None:
    assert run([sys.executable, "-c", f"raise SystemExit({status})"], 30) == status


STARTS_ANOTHER = """
import subprocess, sys
holds = "import sys, time; held = open(sys.argv[1], 'w'); print(flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", holds, sys.argv[1]], stdout=subprocess.PIPE)
child.stdout.readline()
if sys.argv[2:]: child.wait()
"""


@pytest.mark.parametrize(
    ("more", "limit", "expected"),
    [
        pytest.param(["waits"], 2, None, id="it takes too long"),
        pytest.param([], 30, 0, id="it ends by itself"),
    ],
)
def test_what_a_program_has_started_ends_with_it(
    more: list[str], limit: float, expected: int | None, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert run([sys.executable, "-c", STARTS_ANOTHER, pipe, *more], limit) == expected
    assert select.select([end], [], [], 10)[0]  # nobody holds the other end any more
    assert os.read(end, 1) == b""
    os.close(end)


def test_all_benchmarks_together_end_within_twenty_minutes() -> None:
    shares = sum((report.PROMISES | report.FIGURES).values())
    assert shares <= report.WITHIN_S < 20 * 60


@pytest.mark.parametrize("name", [*report.PROMISES, *report.FIGURES])
def test_every_benchmark_that_has_a_share_is_there(name: str) -> None:
    assert Path(program(report.ROOT, Step(name, 1))[1]).is_file()
