"""Servers around the scripted engine, in processes of their own, and what can be seen of them."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from processes import ServerProcess
from robustness.history import Event, read_lines
from robustness.machine import ENVIRONMENT
from robustness.plan import tag

_LET_GO_S = 5.0


@dataclass(frozen=True, slots=True)
class Inside:
    """What a process holds at one moment: tasks, threads, descriptors, sentences, bytes."""

    tasks: int
    threads: int
    descriptors: int
    waiting: int
    calls: int
    rss: int


class ScriptedServer:
    """A server around the scripted engine.

    Attributes:
        server: Its process and its log.
    """

    def __init__(self, server: ServerProcess, history: Path) -> None:
        self.server = server
        self._history = history

    @property
    def address(self) -> str:
        """Where it serves."""
        return self.server.address

    def counters(self) -> dict[str, float]:
        """Its metrics, by their full names."""
        with urllib.request.urlopen(self.server.metrics) as answer:  # noqa: S310  our own server
            lines = answer.read().decode().splitlines()
        samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in samples}

    def calls_seen(self) -> float:
        """How many calls have ended, as it counted them."""
        return sum(v for name, v in self.counters().items() if name.startswith("mujaz_calls_total"))

    def inside(self) -> Inside:
        """Asks it what it holds."""
        process = self.server.process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        told = json.loads(process.stdout.readline())
        counted = self.counters()
        outside = psutil.Process(process.pid)
        return Inside(
            **told,
            descriptors=self._descriptors(outside),
            waiting=int(counted["mujaz_queue_sentences"]),
            calls=int(counted["mujaz_calls_in_progress"]),
            rss=outside.memory_info().rss,
        )

    def _descriptors(self, outside: psutil.Process) -> int:
        """Those it holds, once our own question for metrics has let go of its own."""
        port = self.server.said("serving")["metrics_port"]
        until = time.monotonic() + _LET_GO_S
        while time.monotonic() < until:
            held = outside.num_fds()
            if not any(
                each.laddr.port == port and each.status != psutil.CONN_LISTEN
                for each in outside.net_connections()
            ):
                return held
        return outside.num_fds()

    def rows(self, kind: str) -> list[Event]:
        """What the engine has `started` or `left`, with the owner and index of each row."""
        events = [event for event in read_lines(self._history) if event["kind"] == kind]
        return [event | {"tag": tag(event["text"])} for event in events]


@contextmanager
def scripted_server(
    seconds_per_token: float = 0.0, *, claimed: float = 0.0, defect: str = "", **settings: Any
) -> Iterator[ScriptedServer]:
    """Starts a server, yields it when it serves, and kills what is left of it.

    Args:
        seconds_per_token: The cost of the engine.
        claimed: Tokens a second that the server believes in at first; 0 for the truth.
        defect: A name of `DEFECTS` to seed.
        settings: Settings of the server.
    """
    with TemporaryDirectory() as folder:
        history = Path(folder) / "rows.jsonl"
        history.touch()
        server = _spawned(
            {
                "settings": settings,
                "seconds_per_token": seconds_per_token,
                "claimed": claimed,
                "history": str(history),
                "defect": defect,
            }
        )
        try:
            assert server.serving.wait(30), "the server does not say that it serves"
            assert any(line["event"] == "serving" for line in server.log), server.other
            yield ScriptedServer(server, history)
        finally:
            server.process.kill()
            server.wait()
            for pipe in (server.process.stdin, server.process.stdout):
                assert pipe is not None
                pipe.close()


def _spawned(wanted: Mapping[str, Any]) -> ServerProcess:
    process = subprocess.Popen(
        [sys.executable, "-m", "robustness.serve", json.dumps(wanted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    return ServerProcess(process)
