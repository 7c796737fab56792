"""Proof that the files of a model are the ones its manifest describes.

What is verified is what is loaded: `read` hands out the very bytes it has hashed, so that no file
can change between the check and its use. Files that the manifest does not name are never read.
"""

import hashlib
import stat
from collections.abc import Iterable
from pathlib import Path

from mujaz_models.manifest import FileEntry, Manifest, hash_file

_REMEDY = "fetch or convert the model again"


class VerifyError(ValueError):
    """A file of a model is not what its manifest says; the message is one line with the remedy."""


def verify(folder: Path) -> Manifest:
    """Check every file of a model against its manifest.

    Args:
        folder: the model's folder.

    Returns:
        The manifest, to which all files are true.

    Raises:
        ManifestError: the manifest is missing or not one of format 1.
        VerifyError: a file is missing, a link, or differs in size or hash.
    """
    manifest = Manifest.load(folder)
    for name, entry in manifest.files.items():
        path = _check_size(folder / name, entry)
        try:
            found = hash_file(path)
        except OSError as error:
            raise VerifyError(f"{path} cannot be read ({error.strerror}): {_REMEDY}") from error
        _check_hash(path, entry, found.sha256)
    return manifest


def read(folder: Path, manifest: Manifest, names: Iterable[str]) -> dict[str, bytes]:
    """Read files of a model, each verified.

    Args:
        folder: the model's folder.
        manifest: its manifest.
        names: the files to read.

    Returns:
        The bytes by file name.

    Raises:
        VerifyError: the manifest does not name a file, or the file is not what it says.
    """
    return {name: _read(folder, manifest, name) for name in names}


def _read(folder: Path, manifest: Manifest, name: str) -> bytes:
    entry = manifest.files.get(name)
    if entry is None:
        raise VerifyError(f"the manifest of {manifest.name} does not name {name}: {_REMEDY}")
    path = _check_size(folder / name, entry)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VerifyError(f"{path} cannot be read ({error.strerror}): {_REMEDY}") from error
    _check_hash(path, entry, hashlib.sha256(content).hexdigest())
    return content


def _check_size(path: Path, entry: FileEntry) -> Path:
    try:
        status = path.lstat()
    except OSError as error:
        raise VerifyError(f"{path} is missing ({error.strerror}): {_REMEDY}") from error
    if not stat.S_ISREG(status.st_mode):
        raise VerifyError(f"{path} is not a regular file (links are refused): {_REMEDY}")
    if status.st_size != entry.size:
        raise VerifyError(f"{path} has {status.st_size} bytes instead of {entry.size}: {_REMEDY}")
    return path


def _check_hash(path: Path, entry: FileEntry, sha256: str) -> None:
    if sha256 != entry.sha256:
        raise VerifyError(f"{path} has SHA-256 {sha256} instead of {entry.sha256}: {_REMEDY}")
