"""Where a server's processor time goes: by thread from the kernel, by stage from py-spy's samples.

The kernel tells what each thread has used, exactly. Threads that Python knows run the path around
the model, those that gRPC names run its core, and all others are the engine's. What of the path is
which stage is told by samples of py-spy: a sample belongs to the innermost frame that a stage owns.
py-spy is asked for by the name that the shell would find; without it there are no stages.
"""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

ENGINE = "the model: CTranslate2"
CORE = "gRPC's core"
LOOP = "event loop, queue and the rest"
STAGES = {
    "segmentation and spelling": r"mujaz_server/text/",
    "tokenization": r"sentencepiece/|Engine\.encode|Engine\._decode",
    "results of the engine": r"translation/engine\.py",
    "checks": r"mujaz_server/translation/",
    "summary": r"mujaz_server/summary/|DocumentRun\._(?:summary|selected)",
    "protobuf and gRPC": r"mujaz_server/rpc/(?:replies|requests)|Edge\._write|grpc/|google/",
    "metrics and logs": r"mujaz_server/telemetry/|structlog/|prometheus_client/|logging/",
    LOOP: r"",
}
"""What frames belong to each stage; the first that fits has them."""
_WAITING = re.compile(
    r"^(?:Condition\.|Event\.)?wait \(threading|^_worker \(concurrent|select \(selectors"
    r"|^Engine\.translate \(|^Thread\.run \(threading"
)
"""Innermost frames that wait in the kernel or for the engine; py-spy may take them for busy."""
_RATE = 200


@dataclass(frozen=True, slots=True)
class Use:
    """What the threads of a process have used of the processor, in seconds, by thread."""

    seconds: Mapping[int, float]

    @classmethod
    def of(cls, process: int) -> "Use":
        """Returns what they have used until now."""
        threads = psutil.Process(process).threads()
        return cls({each.id: each.user_time + each.system_time for each in threads})

    def since(self, before: "Use") -> "Use":
        """Returns what was used between two moments by the threads that are still there."""
        return Use({id_: used - before.seconds.get(id_, 0) for id_, used in self.seconds.items()})


def shares(process: int, used: Use, python: Iterable[int]) -> dict[str, float]:
    """Returns the seconds of the engine, of gRPC's core and of all other code."""
    known = frozenset(python)
    parts = {ENGINE: 0.0, CORE: 0.0, LOOP: 0.0}
    for thread, seconds in used.seconds.items():
        part = LOOP if thread in known else ENGINE if _unnamed(process, thread) else CORE
        parts[part] += seconds
    return parts


def _unnamed(process: int, thread: int) -> bool:
    """Whether a thread is called as its process; gRPC names its own."""
    names = [Path(f"/proc/{process}/task/{id_}/comm") for id_ in (process, thread)]
    try:
        main, other = (name.read_text() for name in names)
    except FileNotFoundError:
        return True
    return main == other


class Spy:
    """py-spy, looking at one process."""

    def __init__(self, program: str, process: int) -> None:
        self._program = program
        self._process = process

    @classmethod
    def on(cls, process: int, program: str = "py-spy") -> "Spy | None":
        """Returns a spy; None where it is not installed."""
        found = shutil.which(program)
        return cls(found, process) if found else None

    def threads(self) -> list[int]:
        """Returns the kernel's names of the threads that Python knows."""
        done = subprocess.run(
            [self._program, "dump", "--json", "--pid", str(self._process)],
            check=True,
            capture_output=True,
        )
        return [each["os_thread_id"] for each in json.loads(done.stdout)]

    def stages(self, path: Path, seconds: float) -> dict[str, float]:
        """Takes samples into a file; returns what part of them each stage has, 1 together."""
        subprocess.run(
            [
                *(self._program, "record", "--format", "raw"),
                *("--rate", str(_RATE), "--duration", str(round(seconds))),
                *("--output", str(path), "--pid", str(self._process)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return staged(path.read_text(encoding="utf-8"))


def staged(samples: str) -> dict[str, float]:
    """Returns what part of collapsed stacks each stage has: `outer;…;inner count` a line."""
    found: Counter[str] = Counter()
    for line in samples.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if not _WAITING.search(frames[-1]):
            found[stage(frames)] += int(count)
    total = found.total() or 1
    return {name: found[name] / total for name in STAGES}


def stage(frames: Iterable[str]) -> str:
    """Returns the stage of a stack of frames, the outermost first."""
    for frame in reversed([*frames]):
        for name, pattern in STAGES.items():
            if pattern and re.search(pattern, frame):
                return name
    return LOOP
