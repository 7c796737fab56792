"""Where models are: those that come with mujaz, and those in the user's store.

The store is the folder `models` in `$MUJAZ_HOME`, or, where that is not set, in the platform's
folder for application data. A model is a folder in it, of the same name as in its manifest. Models
come in by one rename of a folder that is complete, so that a reader sees all of a model or nothing.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mujaz_models.command import CommandError
from mujaz_models.manifest import FILE_NAME, MODEL_NAME
from mujaz_models.verify import verify

EMBEDDED_NAME = "starter"


class StoreError(CommandError):
    """The store does not take or give up a model; the message is one line with the remedy."""


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
    if _store().is_dir():
        for folder in sorted(_store().iterdir()):
            if not folder.name.startswith(".") and (folder / FILE_NAME).is_file():
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


@contextlib.contextmanager
def staging() -> Iterator[Path]:
    """Lend an empty folder in the store's file system, in which a model can be made.

    Readers of the store do not see it. It is removed at the end with all that is still in it.
    """
    _store().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".staging-", dir=_store()) as folder:
        yield Path(folder)


def check_free(name: str, *, replace: bool = False) -> None:
    """Check that a model of this name may be installed, before the work of making it.

    Args:
        name: the name that the model would have.
        replace: whether a stored model of this name may be replaced.

    Raises:
        StoreError: the name is none, that of the embedded model, or taken.
    """
    if not MODEL_NAME.fullmatch(name):
        raise StoreError(f"{name!r} is no name of a model: use a-z, 0-9, '.', '_' and '-'")
    if name == EMBEDDED_NAME:
        raise StoreError(f"{name!r} is the model that comes with mujaz: choose another name")
    if not replace and os.path.lexists(_store() / name):
        raise StoreError(
            f"the store has a model {name!r}: choose another name, or replace it with --replace"
        )


def install(folder: Path, name: str, *, replace: bool = False) -> Path:
    """Move a complete model into the store.

    The files are verified against the manifest and written through to the disk before the folder
    is renamed: after a crash the model is in the store as a whole or not at all.

    Args:
        folder: the model's folder, in the store's file system (`staging` lends one).
        name: the model's name, which its manifest must bear.
        replace: whether a stored model of this name may be replaced.

    Returns:
        The model's folder in the store.

    Raises:
        StoreError: the name is not the manifest's, is that of the embedded model, or taken.
        ManifestError: the manifest is missing or not one of format 1.
        VerifyError: a file is not what the manifest says.
    """
    check_free(name, replace=replace)
    found = verify(folder).name
    if found != name:
        raise StoreError(f"{folder} holds the model {found!r}, not {name!r}. This is a bug")
    _sync_tree(folder)
    target = _store() / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with staging() as aside:
        _rename_over(folder, target, aside)
    _sync(target.parent)
    return target


def remove(name: str) -> Path:
    """Remove a model from the store.

    Args:
        name: the name of a stored model.

    Returns:
        The folder that it had.

    Raises:
        StoreError: the model is the embedded one.
        ModelNotFoundError: the store has no such model.
    """
    if name == EMBEDDED_NAME:
        raise StoreError(f"{name!r} comes with mujaz and cannot be removed: name a stored model")
    folder = models().get(name)
    if folder is None:
        stored = ", ".join(models().keys() - {EMBEDDED_NAME}) or "none"
        raise ModelNotFoundError(f"the store has no model {name!r}: name one of it ({stored})")
    with staging() as aside:
        folder.rename(aside / name)
    return folder


def _rename_over(folder: Path, target: Path, aside: Path) -> None:
    """Rename a folder to the target; what was there goes aside, and back where this fails."""
    replaced = aside / target.name
    if os.path.lexists(target):
        target.rename(replaced)
    try:
        folder.rename(target)
    except OSError:
        if os.path.lexists(replaced):
            replaced.rename(target)
        raise


def _sync_tree(folder: Path) -> None:
    for path in folder.rglob("*"):
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    if path.is_dir() and sys.platform == "win32":
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _store() -> Path:
    return home() / "models"


def _data_home() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
