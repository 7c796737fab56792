"""Safetensors files, read by numpy alone, bfloat16 included.

The format: eight bytes with the header's length (little-endian), a JSON header with type, shape and
byte range of each tensor, and the bytes. https://huggingface.co/docs/safetensors
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mujaz_models.convert import ConvertError
from mujaz_models.convert.tensors import BFLOAT16, Tensors

_LENGTH_BYTES = 8
_LONGEST_HEADER = 16 << 20
_TYPES: dict[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16.newbyteorder("<"),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
}


def read_safetensors(path: Path) -> Tensors:
    """Map a safetensors file into memory.

    Raises:
        ConvertError: the file is not one, or a tensor is of an unknown type or out of its bounds.
    """
    try:
        header, start = _header(path)
        content = np.memmap(path, np.uint8, mode="r", offset=start)
        arrays = {name: _array(content, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ConvertError(f"{path.name} is not a safetensors file ({error!r})") from error
    return Tensors(arrays, path.name)


def _header(path: Path) -> tuple[dict[str, Any], int]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if length > _LONGEST_HEADER:
            raise ValueError(f"a header of {length} bytes")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return header, _LENGTH_BYTES + length


def _array(content: NDArray[np.uint8], entry: dict[str, Any]) -> NDArray[np.generic]:
    dtype = _TYPES[entry["dtype"]]
    shape = tuple(int(size) for size in entry["shape"])
    start, end = entry["data_offsets"]
    if min(shape, default=0) < 0 or not 0 <= start <= end <= len(content):
        raise ValueError(f"bytes from {start} to {end} of {len(content)}")
    if math.prod(shape) * dtype.itemsize != end - start:
        raise ValueError(f"{end - start} bytes for the shape {shape}")
    array: NDArray[np.generic] = content[start:end].view(dtype).reshape(shape)
    return array
