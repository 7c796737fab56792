"""The note of what the hub said, beside the files it is about: a second run needs no hub."""

import json
from dataclasses import asdict
from pathlib import Path

from mujaz_models.pull.hub import Listing, RemoteFile
from mujaz_models.pull.registry import Entry

_FILE_NAME = "listing.json"


def write(workspace: Path, listed: Listing) -> None:
    """Note what the hub said."""
    written = workspace / f".{_FILE_NAME}"
    written.write_text(json.dumps(asdict(listed)), encoding="utf-8")
    written.replace(workspace / _FILE_NAME)


def read(workspace: Path, entry: Entry, names: tuple[str, ...]) -> Listing | None:
    """Return what was noted, if it is about these files at this commit with these hashes."""
    try:
        document = json.loads((workspace / _FILE_NAME).read_bytes())
        files = tuple(RemoteFile(**file) for file in document["files"])
        noted = Listing(document["commit"], files)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    pinned = {file.name: file.sha256 if file.pinned else None for file in noted.files}
    expected = {name: entry.files[name] for name in names}
    if noted.commit != entry.revision or pinned != expected:
        return None
    return noted if (workspace / noted.commit).is_dir() else None
