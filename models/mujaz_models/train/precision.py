"""Where training runs and in which precision."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

_FLAGS: Final = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Place:
    """A device and the precision of its matrix products; weights are always float32.

    Attributes:
        device: `cuda` or `cpu`.
        kind: bfloat16 where the device multiplies it faster, otherwise float32.
    """

    device: str
    kind: torch.dtype

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """Return the context that forward passes run in."""
        if self.kind == torch.float32:
            return contextlib.nullcontext()
        autocast: contextlib.AbstractContextManager[Any] = torch.autocast(self.device, self.kind)
        return autocast


def choose() -> Place:
    """Return the GPU if there is one, otherwise the CPU: in bfloat16 if it has instructions for it.

    On a CPU without them bfloat16 is emulated and slower than float32.
    """
    if torch.cuda.is_available():
        return Place("cuda", torch.bfloat16)
    has = _FLAGS.is_file() and "avx512_bf16" in _FLAGS.read_text(encoding="utf-8")
    return Place("cpu", torch.bfloat16 if has else torch.float32)
