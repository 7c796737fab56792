"""CTranslate2's `model.bin`, read: which variables it holds, of what type, shape and magnitude.

Binary version 6: version, name and revision; then for each variable its name, rank, dimensions,
type and bytes; then aliases. Numbers are little-endian.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from mujaz_models.convert import ConvertError

_VERSION = 6
_ARCHITECTURE = "TransformerSpec"
_TYPES = (
    ("float32", np.dtype("<f4")),
    ("int8", np.dtype("i1")),
    ("int16", np.dtype("<i2")),
    ("int32", np.dtype("<i4")),
    ("float16", np.dtype("<f2")),
    ("bfloat16", np.dtype("<u2")),
)


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable; `type` is CTranslate2's word for it, `array` its numbers (bfloat16: bits)."""

    name: str
    type: str
    array: NDArray[np.generic]


def read_variables(path: Path) -> Iterator[Variable]:
    """Read the variables of a `model.bin`, one after the other.

    Raises:
        ConvertError: the file is not a Transformer of binary version 6, or is cut off.
    """
    try:
        with path.open("rb") as file:
            yield from _variables(file)
    except (struct.error, ValueError, IndexError) as error:
        raise ConvertError(f"{path.name} is no model that CTranslate2 wrote ({error})") from error


def _variables(file: BinaryIO) -> Iterator[Variable]:
    (version,) = _read(file, "I")
    architecture = _string(file)
    if (version, architecture) != (_VERSION, _ARCHITECTURE):
        raise ValueError(f"binary version {version}, architecture {architecture!r}")
    _revision, count = _read(file, "II")
    for _ in range(count):
        yield _variable(file)


def _variable(file: BinaryIO) -> Variable:
    name = _string(file)
    (rank,) = _read(file, "B")
    shape = _read(file, f"{rank}I")
    type_id, size = _read(file, "BI")
    type_, dtype = _TYPES[type_id]
    if size != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} has {size} bytes for its shape {shape}")
    content = file.read(size)
    return Variable(name, type_, np.frombuffer(content, dtype).reshape(shape))


def _string(file: BinaryIO) -> str:
    (length,) = _read(file, "H")
    return file.read(length).rstrip(b"\0").decode("utf-8")


def _read(file: BinaryIO, form: str) -> tuple[int, ...]:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))
