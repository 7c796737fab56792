"""The most memory that a command holds."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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
