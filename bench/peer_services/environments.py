"""Environments of the peers' own, under build/, pinned by the .txt files beside this one.

    python bench/peer_services/environments.py

makes all of them; `peers.py` leaves out whoever has none. LibreTranslate brings a copy of Argos
Translate of its own, under the same name, and so lives alone.

PyTorch is asked for by its version, of which pip prefers a build for CPUs where an index or a
folder that it knows has one (`PIP_EXTRA_INDEX_URL`, `PIP_FIND_LINKS`). On x86 Linux it may
otherwise come with CUDA: gigabytes, and the same figures.
"""

import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).parent
_BUILD = _HERE.parents[1] / "build"

ENVIRONMENTS = {
    "transformers": "peers-venv",
    "argostranslate": "peers-venv",
    "libretranslate": "libretranslate-venv",
}


def python_with(requirements: str) -> Path | None:
    """Returns the Python of an environment in which some packages are installed.

    Args:
        requirements: which; the name of a file beside this one, without `.txt`.

    Returns:
        None where they are not; what installs them is printed.
    """
    stamp = _stamp(requirements)
    if stamp.exists() and stamp.read_text("utf-8") == _pins(requirements).read_text("utf-8"):
        return _python(requirements)
    print(f"{requirements} is left out, as it is not installed: make bench-peers", flush=True)
    return None


def install(requirements: str) -> Path | None:
    """Installs some packages, unless they are; returns the Python of their environment.

    Returns:
        None where they cannot be installed; why is printed.
    """
    file, stamp, python = _pins(requirements), _stamp(requirements), _python(requirements)
    if stamp.exists() and stamp.read_text("utf-8") == file.read_text("utf-8"):
        return python
    print(f"installing {requirements} into build/{stamp.parent.name}", flush=True)
    commands: tuple[list[str | Path], ...] = (
        [sys.executable, "-m", "venv", stamp.parent],
        [python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "-r", file],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
            print(f"{requirements} cannot be installed: {' '.join(errors[-2:])}")
            return None
    stamp.write_text(file.read_text("utf-8"), "utf-8")
    return python


def _pins(requirements: str) -> Path:
    return _HERE / f"{requirements}.txt"


def _stamp(requirements: str) -> Path:
    return _BUILD / ENVIRONMENTS[requirements] / f".{requirements}"


def _python(requirements: str) -> Path:
    return _BUILD / ENVIRONMENTS[requirements] / "bin" / "python"


def pinned() -> str:
    """Returns the versions that are asked for, for the signature."""
    lines = (line for file in sorted(_HERE.glob("*.txt")) for line in file.open(encoding="utf-8"))
    return ",".join(dict.fromkeys(line.strip().replace("==", " ") for line in lines))


if __name__ == "__main__":
    sys.exit(None in [install(each) for each in ENVIRONMENTS])
