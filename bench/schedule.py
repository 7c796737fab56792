"""Runs programs one after the other, all of them within a time.

Each has a share of the time, a little more than it takes on two quiet cores. What others have left
over it may take too, but not the shares of those that come after it. Who has used all that is ended
with everything that it started: a server left behind would spoil the figures of all that follow.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PATIENCE_S = 5
"""For whoever is interrupted, to end what it has started."""


@dataclass(frozen=True, slots=True)
class Step:
    """A program of `bench/`.

    Attributes:
        name: Its file, without `.py`.
        seconds: Its share of the time.
        arguments: What it is told.
    """

    name: str
    seconds: float
    arguments: tuple[str, ...] = ()


def limits(steps: Sequence[Step], within: float) -> Iterator[tuple[Step, float]]:
    """Yields each step with the seconds that it may take, told when its turn comes.

    Args:
        steps: What is run by whoever takes them from here.
        within: Seconds in which all should end, from now on.
    """
    end = time.monotonic() + within
    for number, step in enumerate(steps):
        later = sum(each.seconds for each in steps[number + 1 :])
        left = end - time.monotonic()
        limit = max(0.0, left - later)
        print(
            f"== {step.name} ({number + 1} of {len(steps)}): {clock(limit)} at most, "
            f"{clock(left)} left for all",
            flush=True,
        )
        yield step, limit


def run(command: Sequence[str | Path], limit: float) -> int | None:
    """Runs a program, and ends what is left of it; returns its exit status.

    Args:
        command: The program and its arguments.
        limit: Seconds that it may take.

    Returns:
        None where it was ended because it took longer.
    """
    began = time.monotonic()
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            _interrupt(process)
            status = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    told = "ended, as it took too long" if status is None else "done"
    print(f"== {told} after {clock(time.monotonic() - began)}\n", flush=True)
    return status


def _interrupt(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE_S)


def program(root: Path, step: Step) -> list[str | Path]:
    """Returns what runs a step."""
    return [sys.executable, root / "bench" / f"{step.name}.py", *step.arguments]


def clock(seconds: float) -> str:
    """Returns seconds as `minutes:seconds`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
