"""Files that are there as a whole or not at all, whenever the process or the machine stops.

Written aside, written through to the disk, renamed, and the rename written through (Pillai et al.,
"All File Systems Are Not Created Equal", OSDI 2014, tells what goes wrong otherwise).
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

SCRATCH = ".scratch"
"""The suffix of what is not there yet; left behind by a kill, and written over by the next try."""


def write(path: Path, content: bytes) -> None:
    """Writes a file in the place of whatever was there."""
    scratch = path.with_name(path.name + SCRATCH)
    scratch.write_bytes(content)
    install(scratch, path)


def concatenate(parts: Iterable[Path], path: Path) -> None:
    """Writes the contents of files one after another into a file that is not installed yet."""
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as content:
                shutil.copyfileobj(content, whole)


def install(scratch: Path, path: Path) -> None:
    """Moves a file that is complete to its place, in the same file system."""
    _sync(scratch)
    os.replace(scratch, path)  # noqa: PTH105  one place that tests can stop at any step
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
