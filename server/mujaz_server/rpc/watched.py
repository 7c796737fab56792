"""Files that may be replaced while the server runs."""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from mujaz_server.telemetry import FileObserver

T = TypeVar("T")
_Signature = tuple[tuple[int, ...] | None, ...]


class RefusedFileError(Exception):
    """A file is missing or is not what it should be; the message is one line with the remedy."""


class Watched(Generic[T]):
    """What was last read from files, read anew whenever one of them has changed.

    Asking costs a `stat` a file. A change that cannot be read is told once, and what was read
    before stays in force: a slip of an editor must shut nobody out. Any thread may ask.

    Raises (when made):
        RefusedFileError: The files cannot be read the first time.
    """

    def __init__(
        self, paths: Sequence[Path], read: Callable[[], T], observer: FileObserver
    ) -> None:
        self._paths = tuple(paths)
        self._read = read
        self._observer = observer
        self._lock = threading.Lock()
        self._seen = _signature(self._paths)
        self._value = read()

    def latest(self) -> T:
        """Returns what the files hold now, or held when they could last be read."""
        with self._lock:
            seen = _signature(self._paths)
            if seen != self._seen:
                self._reload(seen)
            return self._value

    def _reload(self, seen: _Signature) -> None:
        files = [str(path) for path in self._paths]
        self._seen = seen
        try:
            value = self._read()
        except RefusedFileError as error:
            self._observer.files_refused(files, str(error))
            return
        if _signature(self._paths) != seen:
            self._seen = ()  # they changed while they were read; the next one to ask reads again
            return
        self._value = value
        self._observer.files_read(files)


def _signature(paths: Sequence[Path]) -> _Signature:
    """Tells a file from the one that was there before, also behind Kubernetes' symbolic links."""
    return tuple(map(_file_signature, paths))


def _file_signature(path: Path) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116  half the cost of Path.stat, at every call
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
