"""What a figure depends on, in one line that travels with it."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from mujaz_models import store
from mujaz_models.manifest import Manifest


def signature() -> str:
    """Model digest, versions, cores, processor and commit."""
    digest = Manifest.load(store.embedded()).digest[:12]
    packages = ",".join(f"{name} {version(name)}" for name in ("ctranslate2", "grpcio"))
    return (
        f"model {digest}|{packages}|python {platform.python_version()}"
        f"|{os.cpu_count()} cores|{_processor()}|commit {_commit()}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = info.read_text(encoding="utf-8").splitlines()
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    name = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")
    widest = next((isa for isa in ("avx512_vnni", "avx_vnni", "avx2") if isa in flags), "sse")
    return f"{name} {widest}"


def _commit() -> str:
    root = Path(__file__).parent
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607  git of the PATH
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"
