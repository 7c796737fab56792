"""Pulling a model: look it up, make room, fetch, convert, and one rename into the store."""

import errno
import importlib.util
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from mujaz_models import store
from mujaz_models.convert.golden import Golden
from mujaz_models.manifest import FileEntry, Manifest
from mujaz_models.pull import hub, listing
from mujaz_models.pull.download import Patience, fetch
from mujaz_models.pull.errors import PullError
from mujaz_models.pull.hub import Listing
from mujaz_models.pull.progress import Progress, megabytes
from mujaz_models.pull.registry import PICKLED_WEIGHTS, SAFE_WEIGHTS, Entry

MARGIN_BYTES = 64_000_000


class Converter(Protocol):
    """What makes a model of mujaz from a checkpoint: `mujaz_models.convert.convert_folder`."""

    def __call__(  # noqa: PLR0913 (the converter's own)
        self,
        source: Path,
        destination: Path,
        *,
        name: str,
        source_language: str,
        target_language: str,
        license: str,  # noqa: A002 (the manifest's word)
        source_prefix: tuple[str, ...],
        quantization: str,
        trim: bool,
        provenance: Mapping[str, object],
        golden: Golden | None,
    ) -> Manifest:
        """Write the model into `destination`, which does not exist."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to pull and how.

    Attributes:
        entry: the model.
        quantization: how the weights are to be stored.
        trim: whether pieces that no translation needs leave the vocabularies.
        replace: whether a model of this name may be replaced in the store.
        offline: whether the network is forbidden.
        patience: with the hub.
    """

    entry: Entry
    quantization: str = "int8"
    trim: bool = True
    replace: bool = False
    offline: bool = False
    patience: Patience = field(default_factory=Patience)


def pull(
    request: Request, *, convert: Converter, progress: Progress, say: Callable[[str], None]
) -> Path:
    """Bring a model of the registry into the store.

    A failure leaves the store as it was. What has arrived by then stays in `.pulling/NAME`, from
    where the next call goes on.

    Args:
        request: the model.
        convert: makes the model from the fetched checkpoint.
        progress: is told of the bytes that arrive.
        say: is told of the steps, a line each.

    Returns:
        The model's folder.

    Raises:
        CommandError: the message is one line with the remedy.
    """
    entry = request.entry
    if (there := _in_store(request)) is not None:
        say(f"{entry.name} is in the store already: {there}")
        return there
    store.check_free(entry.name, replace=request.replace)
    names = _wanted(entry)
    with _workspace(entry.name) as workspace, _disk_errors(entry.name):
        listed = _listing(request, names, workspace)
        checkpoint = workspace / listed.commit
        _make_room(entry.name, listed, checkpoint)
        say(f"fetching {entry.repository} at {listed.commit[:12]}: {megabytes(listed.size)}")
        fetched = _fetch_all(request, listed, checkpoint, progress)
        say(f"converting to {request.quantization}")
        return _convert(request, convert, checkpoint, provenance(entry, listed, fetched))


def provenance(entry: Entry, listed: Listing, fetched: dict[str, FileEntry]) -> dict[str, Any]:
    """Describe where a model came from, as its manifest records it.

    Each file has the SHA-256 it was fetched with, and says what that was checked against: the
    `registry`, the `hub`, or nothing (`first use`).
    """
    return {
        "repository": entry.repository,
        "revision": listed.commit,
        "architecture": entry.architecture,
        "published_scores": [asdict(score) for score in entry.scores],
        "files": {
            file.name: {**asdict(fetched[file.name]), "checked_by": file.checked_by}
            for file in listed.files
        },
    }


def _in_store(request: Request) -> Path | None:
    """Return the folder of the model that was asked for, where the store has it."""
    entry = request.entry
    if request.replace or entry.name not in store.models():
        return None
    folder = store.find(entry.name)
    manifest = Manifest.load(folder)
    same_source = manifest.provenance.get("revision") == entry.revision or not entry.pinned
    trimmed = manifest.provenance.get("trimmed") is not None
    same_form = (manifest.quantization, trimmed) == (request.quantization, request.trim)
    if same_source and same_form:
        return folder
    raise PullError(
        f"{folder} holds another {entry.name} ({manifest.quantization},"
        f" {'trimmed' if trimmed else 'not trimmed'}, revision"
        f" {manifest.provenance.get('revision', 'unknown')}): replace it with --replace"
    )


def _wanted(entry: Entry) -> tuple[str, ...]:
    """Return the files to fetch: a pickle only where there is nothing better and torch to read it.

    The converter reads it by `torch.load(weights_only=True)`.
    """
    if SAFE_WEIGHTS in entry.files:
        return tuple(name for name in entry.files if name != PICKLED_WEIGHTS)
    if importlib.util.find_spec("torch") is None:
        raise PullError(
            f"{entry.name} has its weights in a pickle ({PICKLED_WEIGHTS}), which only torch reads:"
            " install torch, or choose a model that has model.safetensors"
        )
    return tuple(entry.files)


@contextmanager
def _workspace(name: str) -> Iterator[Path]:
    """Give the folder of a download, which no other process uses meanwhile."""
    parent = store.home() / "models" / ".pulling"
    parent.mkdir(parents=True, exist_ok=True)
    workspace = parent / name
    lock = FileLock(parent / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise PullError(f"{name} is being pulled by another process: wait for it") from error
    try:
        workspace.mkdir(exist_ok=True)
        yield workspace
    finally:
        _remove_if_void(workspace)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
        _remove_if_void(parent)


def _remove_if_void(folder: Path) -> None:
    if folder.exists() and not any(path.is_file() for path in folder.rglob("*")):
        shutil.rmtree(folder)


@contextmanager
def _disk_errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise PullError(
            f"the disk is full, {name} is incomplete: free space (or set MUJAZ_HOME to another"
            " disk) and run the command again to go on"
        ) from error


def _listing(request: Request, names: tuple[str, ...], workspace: Path) -> Listing:
    """Return what is to be fetched: as noted by an earlier run, or by the hub.

    The files of a commit never change, so that a note of them stays true.
    """
    entry = request.entry
    if entry.pinned and (noted := listing.read(workspace, entry, names)) is not None:
        return noted
    if request.offline:
        raise PullError(
            f"{entry.name} is not here and --offline (or HF_HUB_OFFLINE) forbids the network:"
            " pull it online, or import a copy with mujaz-models import"
        )
    listed = hub.look_up(entry, names, request.patience.silence_s)
    for other in workspace.iterdir():
        if other.is_dir() and other.name != listed.commit:
            shutil.rmtree(other)
    (workspace / listed.commit).mkdir(exist_ok=True)
    listing.write(workspace, listed)
    return listed


def _make_room(name: str, listed: Listing, checkpoint: Path) -> None:
    """Refuse where the download and the converted model, which is never larger, have no room."""
    here = sum(path.stat().st_size for path in checkpoint.iterdir())
    needed = 2 * listed.size - here + MARGIN_BYTES
    free = shutil.disk_usage(checkpoint).free
    if free < needed:
        raise PullError(
            f"{name} needs {megabytes(needed)} and {checkpoint.parent.parent.parent} has"
            f" {megabytes(free)} free: free space, or set MUJAZ_HOME to another disk"
        )


def _fetch_all(
    request: Request, listed: Listing, checkpoint: Path, progress: Progress
) -> dict[str, FileEntry]:
    missing = [file.name for file in listed.files if not (checkpoint / file.name).exists()]
    if request.offline and missing:
        raise PullError(
            f"{', '.join(missing)} of {request.entry.name} must still be fetched and --offline (or"
            " HF_HUB_OFFLINE) forbids the network: run the command online"
        )
    return {
        file.name: fetch(file, checkpoint, progress=progress, patience=request.patience)
        for file in listed.files
    }


def _convert(
    request: Request, convert: Converter, checkpoint: Path, origin: dict[str, Any]
) -> Path:
    entry = request.entry
    converted = checkpoint.parent / "converted"
    shutil.rmtree(converted, ignore_errors=True)
    try:
        convert(
            checkpoint,
            converted,
            name=entry.name,
            source_language=entry.source_language,
            target_language=entry.target_language,
            license=entry.license,
            source_prefix=entry.source_prefix,
            quantization=request.quantization,
            trim=request.trim,
            provenance=origin,
            golden=entry.golden,
        )
        installed = store.install(converted, entry.name, replace=request.replace)
    finally:
        shutil.rmtree(converted, ignore_errors=True)
    shutil.rmtree(checkpoint.parent)
    return installed
