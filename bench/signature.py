"""What a figure depends on, in one line that travels with it."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from mujaz_models import store
from mujaz_models.manifest import Manifest


def signature(folder: Path | None = None, **facts: object) -> str:
    """Model, weights, versions, cores, processor and commit; then what else a benchmark names.

    Args:
        folder: The model's; the embedded one where there is none.
        facts: What the figures depend on besides: `beam=2, sentences=640`.
    """
    manifest = Manifest.load(folder or store.embedded())
    packages = ",".join(f"{name} {version(name)}" for name in ("ctranslate2", "grpcio"))
    told = [
        f"model {manifest.name} {manifest.digest[:12]} {manifest.quantization}",
        f"{packages}|python {platform.python_version()}",
        f"{cores()} of {os.cpu_count()} cores|{_processor()}|commit {_commit()}",
        *(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()),
    ]
    return "|".join(told)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
