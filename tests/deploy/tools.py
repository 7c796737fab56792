"""Programs of the group `scale`, which lie beside this interpreter where they are installed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def found(name: str) -> str | None:
    """The path of a program; None where it is not installed."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(name, path=os.pathsep.join([beside, os.environ.get("PATH", "")]))


def needs(*names: str) -> pytest.MarkDecorator:
    """Skips a test where a program is missing."""
    missing = [name for name in names if found(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


def run(name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Runs a program to its end."""
    program = found(name)
    if program is None:
        raise FileNotFoundError(f"{name} is not installed; `needs` guards the tests. This is a bug")
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
