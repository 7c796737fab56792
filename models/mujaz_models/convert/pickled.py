"""`pytorch_model.bin`: pickles, read by torch's own restricted reader and by nothing else."""

from pathlib import Path

from mujaz_models.convert import ConvertError
from mujaz_models.convert.tensors import Tensors


def read_pickled(path: Path) -> Tensors:
    """Read a state dictionary of torch; `weights_only`, so that the pickle can run nothing.

    Raises:
        ConvertError: torch is not installed, or the file is no state dictionary.
    """
    try:
        import torch  # noqa: PLC0415 (safetensors are read without it)
    except ModuleNotFoundError as error:
        raise ConvertError(
            f"{path.name} needs torch to be read: install torch, or use model.safetensors"
        ) from error
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        arrays = {
            name: (tensor.float() if tensor.is_floating_point() else tensor).numpy()
            for name, tensor in state.items()
        }
    except Exception as error:  # torch tells of refused pickles by many types
        raise ConvertError(f"{path.name} is refused: {str(error).splitlines()[0]}") from error
    return Tensors(arrays, path.name)
