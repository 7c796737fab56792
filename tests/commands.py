"""The command `mujaz` against a scripted server. For tests only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from mujaz_client.cli import app

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

MUJAZ = str(Path(sys.executable).with_name("mujaz"))
PATIENCE = 20


def run(server: ScriptedServer, *arguments: str | Path) -> Any:
    """The command in this process."""
    command, *rest = map(str, arguments)
    return CliRunner().invoke(app, [command, "--server", server.target, *rest])


def start(server: ScriptedServer, *arguments: str | Path, **more: Any) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    environment = {**os.environ, "MUJAZ_SERVER": server.target, **more.pop("env", {})}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([MUJAZ, *map(str, arguments)], env=environment, **{**streams, **more})
