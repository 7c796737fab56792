"""The peak of a command is its own, whatever the process that asks for it holds."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from scale.memory import peak

MB = 1_000_000


def holding(megabytes: int) -> list[str]:
    return [sys.executable, "-c", f"print(len(b'x' * {megabytes * MB}))"]


def test_a_command_is_charged_what_it_holds_itself() -> None:
    held = b"x" * (200 * MB)
    small, large = peak(holding(0)), peak(holding(150))
    assert len(held) == 200 * MB
    assert small < 100 * MB
    assert 150 * MB < large < 250 * MB


def test_a_command_that_fails_has_no_peak() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        peak([sys.executable, "-c", "raise SystemExit(3)"])
