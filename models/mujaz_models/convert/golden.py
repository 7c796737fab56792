"""Golden sentences: the few that a converted model must translate well enough."""

from dataclasses import dataclass
from pathlib import Path

from mujaz_models.command import CommandError


@dataclass(frozen=True, slots=True)
class Golden:
    """Sentences with their translations, and the least score of a model on them.

    Attributes:
        pairs: source and reference.
        floor: the least chrF2, from 0 to 100.
    """

    pairs: tuple[tuple[str, str], ...]
    floor: float

    @classmethod
    def load(cls, path: Path, floor: float) -> "Golden":
        """Read golden sentences from a TSV of source and reference, one pair a line.

        Raises:
            CommandError: a line is not two texts with a tab between them, or there is none.
            OSError: the file cannot be read.
        """
        lines = path.read_text(encoding="utf-8").splitlines()
        pairs = tuple(tuple(line.split("\t")) for line in lines if line.strip())
        if not pairs or any(len(pair) != 2 or not all(pair) for pair in pairs):  # noqa: PLR2004
            raise CommandError(f"{path} must hold lines of source, tab and reference")
        return cls(tuple((source, reference) for source, reference in pairs), floor)
