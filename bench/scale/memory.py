"""The most memory that mujaz-batch holds, by the size of its input."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rounds import Goal, at_most, figure
from scale.documents import short, write

DOCUMENTS = 2_000
"""Of the smaller input: a few chunks, so that as many are held at once as ever."""
_COMMAND = Path(sys.executable).with_name("mujaz-batch")
_FORKED_SMALL = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(command: Sequence[str | Path]) -> int:
    """Runs a command to its end; returns the most bytes that it held, or a process of its own.

    To Linux a process has held all that its parent had when it was forked. So it is forked by a
    small one, whatever the benchmark holds.

    Raises:
        CalledProcessError: It failed.
    """
    ended = subprocess.run(
        [sys.executable, "-c", _FORKED_SMALL, *command], check=True, capture_output=True, text=True
    )
    return int(ended.stdout) * 1024


def memory(folder: Path, *, quick: bool) -> list[Goal]:
    """Holds the peak memory of an input four times as large against that of the smaller one."""
    count = 20 if quick else DOCUMENTS
    one, four = (_peak(folder, count * times) for times in (1, 4))
    return [
        figure("peak memory, MB: input of one size", one / 1e6, "{:.0f}"),
        figure("peak memory, MB: four times the input", four / 1e6, "{:.0f}"),
        at_most("peak memory: four times the input, of once", 1.1, four / one),
    ]


def _peak(folder: Path, count: int) -> int:
    source = folder / f"{count}.jsonl"
    write(source, count, short())
    return peak(command(source, folder / f"{count}.out.jsonl"))


def command(source: Path, output: Path) -> list[str | Path]:
    """Returns what runs mujaz-batch."""
    return [_COMMAND, source, output, "--quality", "fast"]
