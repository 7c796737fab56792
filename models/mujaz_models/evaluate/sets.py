"""Test sets: parallel text in one TSV or in two files."""

from dataclasses import dataclass
from pathlib import Path

from mujaz_models.command import CommandError


@dataclass(frozen=True, slots=True)
class ParallelText:
    """Sentences and their translations by people, in the same order."""

    name: str
    sources: tuple[str, ...]
    references: tuple[str, ...]


def read_set(argument: str) -> ParallelText:
    """Read the set that NAME=FILE.tsv or NAME=SOURCE:REFERENCE names.

    Args:
        argument: a TSV holds source, tab and reference, one pair a line; SOURCE and REFERENCE are
            two files of as many lines.

    Raises:
        CommandError: the argument or a file is not of this form, or the set is empty.
        OSError: a file cannot be read.
    """
    name, _, paths = argument.partition("=")
    if not name or not paths:
        raise CommandError(f"{argument!r} is not NAME=FILE.tsv or NAME=SOURCE:REFERENCE")
    files = [Path(path) for path in paths.split(":")]
    pairs = _columns(files[0]) if len(files) == 1 else _side_by_side(argument, files)
    if not pairs or not all(source.strip() for source, _ in pairs):
        raise CommandError(f"the set {name} is empty, or a source in it is")
    sources, references = zip(*pairs, strict=True)
    return ParallelText(name, sources, references)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _columns(path: Path) -> list[tuple[str, str]]:
    pairs = []
    for number, line in enumerate(_lines(path), 1):
        columns = line.split("\t")
        if len(columns) < 2:  # noqa: PLR2004 (a pair)
            raise CommandError(f"{path}: line {number} is not source, tab and reference")
        pairs.append((columns[0], columns[1]))
    return pairs


def _side_by_side(argument: str, files: list[Path]) -> list[tuple[str, str]]:
    columns = [_lines(file) for file in files]
    if len({len(column) for column in columns}) != 1 or len(columns) != 2:  # noqa: PLR2004 (a pair)
        raise CommandError(f"{argument!r} must name two files of as many lines")
    return list(zip(*columns, strict=True))
