"""Named arrays as a file holds them, taken out one by one with the shape that they must have."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mujaz_models.convert import ConvertError
from mujaz_models.convert.form import Floats, LayerNorm, Linear

BFLOAT16 = np.dtype(np.uint16)  # numpy has no bfloat16: its bits are held as these
_FLOATS = (np.dtype(np.float16), np.dtype(np.float32))


class Tensors:
    """The arrays of one file.

    Args:
        arrays: by name. uint16 stands for bfloat16.
        origin: how messages call the file.
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]], origin: str) -> None:
        self._arrays = arrays
        self.origin = origin

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def names(self) -> set[str]:
        """Return the names of all arrays."""
        return set(self._arrays)

    def raw(self, name: str) -> NDArray[np.generic]:
        """Return an array as it is.

        Raises:
            ConvertError: there is none of this name.
        """
        if name not in self._arrays:
            raise ConvertError(f"{self.origin} lacks the tensor {name}: it is no MarianMT model")
        return self._arrays[name]

    def take(self, name: str, *shape: int) -> Floats:
        """Return an array as float32.

        Args:
            name: the array's name.
            shape: what its shape must be.

        Raises:
            ConvertError: there is none, or its type or shape is another, or not all of its numbers
                are finite.
        """
        array = self.raw(name)
        if array.dtype not in (*_FLOATS, BFLOAT16):
            raise ConvertError(f"{self.origin}: {name} is of type {array.dtype}, not float")
        if array.shape != shape:
            raise ConvertError(f"{self.origin}: {name} has shape {array.shape} instead of {shape}")
        floats = _widened(array)
        if not np.isfinite(floats).all():
            raise ConvertError(f"{self.origin}: {name} holds numbers that are not finite")
        return floats

    def linear(self, prefix: str, outputs: int, inputs: int) -> Linear:
        """Return `prefix.weight` (outputs, inputs) and `prefix.bias` (outputs,)."""
        weight = self.take(f"{prefix}.weight", outputs, inputs)
        return Linear(weight, self.take(f"{prefix}.bias", outputs))

    def norm(self, prefix: str, width: int) -> LayerNorm:
        """Return `prefix.weight` and `prefix.bias`, both (width,)."""
        gamma = self.take(f"{prefix}.weight", width)
        return LayerNorm(gamma, self.take(f"{prefix}.bias", width))


def _widened(array: NDArray[np.generic]) -> Floats:
    if array.dtype == BFLOAT16:
        return (array.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return array.astype(np.float32)
