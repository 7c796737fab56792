"""The kept inputs: one file a target, one input a line, in hexadecimal digits.

They are what guided runs have found to take a target somewhere new, and every input that has ever
broken one.
"""

from collections.abc import Iterable
from pathlib import Path

_FOLDER = Path(__file__).with_name("corpus")
MOST_KEPT = 80


def path(target: str) -> Path:
    """The file of a target."""
    return _FOLDER / f"{target}.txt"


def kept(target: str) -> list[bytes]:
    """The inputs of a target; the empty one is always among them."""
    lines = path(target).read_text(encoding="ascii").split()
    return [b"", *map(bytes.fromhex, lines)]


def keep(target: str, inputs: Iterable[bytes]) -> None:
    """Replaces the inputs of a target."""
    lines = sorted({data.hex() for data in inputs if data}, key=lambda line: (len(line), line))
    path(target).write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
