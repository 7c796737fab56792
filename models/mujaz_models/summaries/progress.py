"""What a person sees of what is under way: one line, overwritten; nothing where no one looks on."""

import sys

_WIDTH = 60


def progress(text: str) -> None:
    """Shows `text` on the standard error, where that is a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text[:_WIDTH]:<{_WIDTH}}\r")
        sys.stderr.flush()
