"""Marian's own weight files: `.npz`, a ZIP archive of numpy arrays. No pickle is ever read."""

import io
import math
import tokenize
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mujaz_models.convert import ConvertError
from mujaz_models.convert.archive import open_archive, read_member
from mujaz_models.convert.tensors import Tensors

_SUFFIX = ".npy"
_KINDS = "fiu"  # floats, integers, unsigned; neither objects nor records
# What numpy raises on a header that is no dictionary of Python, or is one of other keys.
_DAMAGED = (ValueError, TypeError, RecursionError, OverflowError, tokenize.TokenError)


def read_npz(path: Path) -> Tensors:
    """Read all arrays of a `.npz` file.

    Raises:
        ConvertError: the file is not one, is refused as an archive, or holds something else than
            plain arrays of numbers.
    """
    arrays = {}
    with open_archive(path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(_SUFFIX)
            try:
                arrays[name] = _array(read_member(archive, member))
            except _DAMAGED as error:
                raise ConvertError(f"{path.name}: {name!r} is refused: {error}") from error
    return Tensors(arrays, path.name)


def _array(content: bytes) -> NDArray[np.generic]:
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version == (1, 0):
        shape, fortran_order, dtype = npy.read_array_header_1_0(stream)
    else:
        shape, fortran_order, dtype = npy.read_array_header_2_0(stream)
    if dtype.hasobject:
        raise ValueError("it is a pickle, which can run any program")
    if dtype.kind not in _KINDS:
        raise ValueError(f"it is of type {dtype}, not numbers")
    start, expected = stream.tell(), math.prod(shape) * dtype.itemsize
    if len(content) - start != expected:
        raise ValueError(f"it has {len(content) - start} bytes for its shape {shape}")
    array = np.frombuffer(content, dtype, offset=start)
    return array.reshape(shape, order="F" if fortran_order else "C")
