"""Real servers in processes of their own, with the real model. For tests and benchmarks."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SERVER = Path(sys.executable).with_name("mujaz-server")
CLIENT = Path(sys.executable).with_name("mujaz")


@dataclass
class ServerProcess:
    """A server and what it has logged so far, one dictionary a line."""

    process: "subprocess.Popen[str]"
    log: list[dict[str, object]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    serving: threading.Event = field(default_factory=threading.Event)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self.follow, daemon=True)
        self.reader.start()

    @property
    def address(self) -> str:
        """Where it serves."""
        return f"127.0.0.1:{self.said('serving')['port']}"

    @property
    def metrics(self) -> str:
        """Where its metrics are."""
        return f"http://127.0.0.1:{self.said('serving')['metrics_port']}/metrics"

    def said(self, event: str) -> dict[str, object]:
        """Returns the first log line of an event."""
        return next(line for line in self.log if line["event"] == event)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 40) -> int:
        """Sends a signal and returns the exit status."""
        self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout: float = 40) -> int:
        """Returns the exit status, once its last line was read."""
        status = self.process.wait(timeout)
        self.reader.join()
        return status

    def follow(self) -> None:
        """Reads its standard error to the end; runs in a thread."""
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                if line.startswith("{"):
                    self.log.append(json.loads(line))
                    if self.log[-1]["event"] == "serving":
                        self.serving.set()
                else:
                    self.other.append(line)
        self.serving.set()


def spawn(*flags: str, env: dict[str, str] | None = None) -> ServerProcess:
    """Starts a server on free ports; it may not be serving yet."""
    ports = ["--address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"]
    process = subprocess.Popen(
        [SERVER, "serve", "--log-format", "json", *ports, *flags],
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    return ServerProcess(process)


@contextmanager
def running(*flags: str) -> Iterator[ServerProcess]:
    """Starts a server, yields it when it serves, and kills what is left of it."""
    server = spawn(*flags)
    try:
        assert server.serving.wait(30), "the server does not say that it serves"
        assert any(line["event"] == "serving" for line in server.log), server.other
        yield server
    finally:
        server.process.kill()
        server.wait()
