"""A run of mujaz-batch that is killed again and again, against one in peace."""

import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from rounds import Goal, at_least, at_most, begun, figure
from scale.documents import short, write
from scale.memory import command
from scale.runs import MAX_CODE_POINTS

from mujaz_server.bulk.chunks import chunked
from mujaz_server.bulk.cli import EXIT_SOME_REJECTED
from mujaz_server.bulk.files import JsonLines

SENTENCES = 400
"""So few, said again and again, that the many runs of many documents end soon."""
_LAST = 3
"""Chunks at the end before which all kills are drawn, so that none comes too late."""
_LOOK_S = 0.02
_ENDS = ("", ".rejected.jsonl", ".state.json")
_SEED = 8


def killed(folder: Path, documents: int, kills: int, path: Path) -> list[Goal]:
    """Holds the output of a run that was killed again and again against that of one in peace."""
    source = folder / "killed.jsonl"
    write(source, documents, short(path)[:SENTENCES], poison=True)
    chunks = sum(1 for _ in chunked(JsonLines(source, MAX_CODE_POINTS).entries()))
    peace, war = folder / "peace.jsonl", folder / "war.jsonl"
    began = time.perf_counter()
    assert _started(source, peace).wait() in {0, EXIT_SOME_REJECTED}
    took = time.perf_counter() - began
    drawn = random.Random(_SEED)
    points = sorted(drawn.uniform(0, chunks - _LAST) for _ in range(kills))
    landed = 0
    for number, point in enumerate(points, start=1):
        begun(f"kill {number} of {kills}, after {point:.1f} of {chunks} chunks")
        landed += _killed_at(point, took / chunks, _started(source, war), war)
    assert _started(source, war).wait() in {0, EXIT_SOME_REJECTED}
    differ = [end for end in _ENDS if _content(peace, end) != _content(war, end)]
    left = {path.name for path in folder.glob("war*")} - {war.name + end for end in _ENDS}
    return [
        figure("kills: documents, chunks", documents, f"{{}} in {chunks} chunks"),
        figure("kills: seconds in peace", took, "{:.0f}"),
        at_least("kills that fell within the run", kills, landed, "{:.0f}"),
        at_most("files that differ or are left over", 0, len(differ) + len(left), "{:.0f}"),
    ]


def _started(source: Path, output: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command(source, output), stderr=subprocess.DEVNULL)


def _killed_at(
    point: float, chunk_s: float, process: "subprocess.Popen[bytes]", output: Path
) -> bool:
    """Kills a run at a point: so many chunks done, and as large a part of the next one begun.

    Returns:
        Whether it was still there to be killed.
    """
    parts = output.with_name(output.name + ".parts")
    reached: float | None = None
    while process.poll() is None:
        done, now = len(list(parts.glob("*.rows"))), time.perf_counter()
        reached = now if reached is None and done >= int(point) else reached
        if done > point or (reached is not None and now - reached >= point % 1 * chunk_s):
            break
        with suppress(subprocess.TimeoutExpired):
            process.wait(_LOOK_S)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _content(output: Path, suffix: str) -> bytes:
    path = output.with_name(output.name + suffix)
    return path.read_bytes() if path.exists() else b""
