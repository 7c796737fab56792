"""How a download shows itself: a bar on a terminal, plain lines elsewhere."""

import sys
from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm


class Progress(Protocol):
    """What a download reports to."""

    def start(self, name: str, size: int | None, done: int) -> None:
        """Begin a file: its size in bytes where known, and how much is here already."""

    def advance(self, count: int) -> None:
        """Count bytes that have arrived."""

    def stop(self) -> None:
        """End the file, complete or not."""


class Lines:
    """One line a file, for logs and pipes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def start(self, name: str, size: int | None, done: int) -> None:
        """Print the line."""
        volume = "of unknown size" if size is None else megabytes(size)
        resumed = f", going on after {megabytes(done)}" if done else ""
        print(f"{name}: {volume}{resumed}", file=self._stream, flush=True)

    def advance(self, count: int) -> None:
        """Print nothing."""

    def stop(self) -> None:
        """Print nothing."""


class Bar:
    """A bar a file."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[NoReturn] | None = None

    def start(self, name: str, size: int | None, done: int) -> None:
        """Draw the bar."""
        self.stop()
        self._bar = tqdm(
            desc=name,
            total=size,
            initial=done,
            unit="B",
            unit_scale=True,
            file=self._stream,
        )

    def advance(self, count: int) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update(count)

    def stop(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def progress_on(stream: TextIO = sys.stderr) -> Progress:
    """Return the progress that suits the stream."""
    return Bar(stream) if stream.isatty() else Lines(stream)


def megabytes(count: int) -> str:
    """Write a number of bytes for people."""
    return f"{count / 1e6:.1f} MB"
