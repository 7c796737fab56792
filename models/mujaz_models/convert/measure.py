"""What a `model.bin` is, measured on the file itself rather than taken from what was asked for."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mujaz_models.convert import FULL_INT8_RANGE, SAFE_INT8_RANGE, ConvertError
from mujaz_models.convert.binary import Variable, read_variables

_POSITIONS = {f"{side}/position_encodings/encodings" for side in ("encoder", "decoder")}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes:
        quantization: the type of the weights, in CTranslate2's words.
        int8_range: 63 where no int8 weight exceeds it, else 127; None where not int8.
        positions: how many positions source and target may have.
    """

    quantization: str
    int8_range: int | None
    positions: int


def measure(path: Path) -> Measured:
    """Measure a `model.bin`.

    Raises:
        ConvertError: it is none, or none with a table of positions.
    """
    types: set[str] = set()
    largest, positions = 0, []
    for variable in read_variables(path):
        if variable.name in _POSITIONS:
            positions.append(variable.array.shape[0])
        elif variable.name.endswith("/weight"):
            types.add(variable.type)
            largest = max(largest, _magnitude(variable))
    if len(types) != 1 or not positions:
        raise ConvertError(f"{path.name} is no MarianMT: weights of {types or 'no'} types")
    (quantization,) = types
    return Measured(
        quantization, _range(largest) if quantization == "int8" else None, min(positions)
    )


def _magnitude(variable: Variable) -> int:
    if variable.type != "int8":
        return 0
    return int(np.abs(variable.array.astype(np.int16)).max(initial=0))


def _range(largest: int) -> int:
    return SAFE_INT8_RANGE if largest <= SAFE_INT8_RANGE else FULL_INT8_RANGE
