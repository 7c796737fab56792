"""What `make demo` runs: a real server, the command-line client, an article.

usage: python examples/demo.py [FILE [ARGUMENT OF mujaz summarize …]]
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ARTICLE = Path(__file__).with_name("article.ar.txt")
BIN = Path(sys.executable).parent


@contextmanager
def server() -> Iterator[str]:
    """Starts mujaz-server on a free port, yields its address, and stops it as a supervisor does."""
    model = os.environ.get("MUJAZ_MODEL", "embedded")
    print(f"Starting the server with the {model} model … ", end="", flush=True)
    started = time.monotonic()
    command = [str(BIN / "mujaz-server"), "serve", "--log-format", "json"]
    process = subprocess.Popen(
        [*command, "--address", "127.0.0.1:0", "--metrics-address", ""],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        port = _port_of(process)
        print(f"ready in {time.monotonic() - started:.1f} s\n", flush=True)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()
    print(f"\nServer stopped: exit {process.returncode}.")


def _port_of(process: "subprocess.Popen[str]") -> int:
    if process.stderr is None:
        raise AssertionError("the server was started without a pipe. This is a bug")
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("{") and json.loads(line)["event"] == "serving":
            return int(json.loads(line)["port"])
    sys.exit("The server did not start:\n" + "".join(said))


def main() -> int:
    """Shows the article's translation and summary; returns the client's exit status."""
    article, *options = sys.argv[1:] or [str(ARTICLE)]
    with server() as address:
        command = [str(BIN / "mujaz"), "summarize", "--server", address, *options, article]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
