"""What a reader hands on: a model in memory and the files that it came from."""

from dataclasses import dataclass
from pathlib import Path

from mujaz_models.convert import ConvertError
from mujaz_models.convert.form import Marian

SOURCE_PIECES, TARGET_PIECES = "source.spm", "target.spm"


@dataclass(frozen=True, slots=True)
class Source:
    """A model that was read.

    Attributes:
        kind: what it was, for the manifest's provenance.
        model: its weights and vocabularies.
        files: all that was read, `source.spm` and `target.spm` among them.
    """

    kind: str
    model: Marian
    files: tuple[Path, ...]


def needed(folder: Path, name: str) -> Path:
    """Return the path of a file that a folder must hold.

    Raises:
        ConvertError: it does not hold it.
    """
    path = folder / name
    if not path.is_file():
        raise ConvertError(f"{folder} lacks {name}: name a folder that holds a whole model")
    return path


def natural(value: object, what: str, most: int) -> int:
    """Return a whole number from 1 to `most` of a configuration.

    Raises:
        ConvertError: it is something else.
    """
    if type(value) is not int or not 1 <= value <= most:
        raise ConvertError(f"{what} must be a whole number from 1 to {most}, not {value!r}")
    return value
