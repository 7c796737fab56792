"""Where models are: those that come with mujaz, and those in the user's store.

The store is the folder `models` in `$MUJAZ_HOME`, or, where that is not set, in the platform's
folder for application data. A model is a folder in it, of the same name as in its manifest.
"""

import os
import sys
from pathlib import Path

from mujaz_models.manifest import FILE_NAME

EMBEDDED_NAME = "starter"


class ModelNotFoundError(LookupError):
    """No model has this name; the message lists the names that exist."""


def embedded() -> Path:
    """Return the folder of the model that comes with mujaz."""
    return Path(__file__).parent / EMBEDDED_NAME


def home() -> Path:
    """Return the folder of mujaz's data; it need not exist."""
    if chosen := os.environ.get("MUJAZ_HOME"):
        return Path(chosen)
    return _data_home() / "mujaz"


def models() -> dict[str, Path]:
    """Return the folders of all models by name: the embedded one first, then the store's."""
    found = {EMBEDDED_NAME: embedded()}
    store = home() / "models"
    if store.is_dir():
        for folder in sorted(store.iterdir()):
            if (folder / FILE_NAME).is_file():
                found.setdefault(folder.name, folder)
    return found


def find(name_or_path: str | Path) -> Path:
    """Find the folder of a model; nothing in it is read.

    Args:
        name_or_path: the name of an embedded or a stored model, or the path of a model's folder.
            A name goes before a folder of the same name in the working directory: write `./name`
            for that one.

    Raises:
        ModelNotFoundError: it is neither.
    """
    known = models()
    if isinstance(name_or_path, str) and name_or_path in known:
        return known[name_or_path]
    folder = Path(name_or_path).expanduser()
    if (folder / FILE_NAME).is_file():
        return folder
    raise ModelNotFoundError(
        f"there is no model {str(name_or_path)!r}: name a folder that holds {FILE_NAME},"
        f" or one of {', '.join(known)}"
    )


def _data_home() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
