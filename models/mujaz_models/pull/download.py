"""Fetching one file so that nothing which has arrived is lost, and nothing unproven is kept.

The library's own downloads start anew in each process; here a file grows under the name
`NAME.partial`, and another run asks for the rest of it by a range request (RFC 9110, section 14).
Only when all of it is there and its hash is right does it stand under its own name.
"""

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx2
from huggingface_hub import get_session
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # documented

from mujaz_models.manifest import FileEntry, hash_file
from mujaz_models.pull.errors import PullError, TransientError
from mujaz_models.pull.hub import RemoteFile, errors_of, status_error
from mujaz_models.pull.progress import Progress

_ANNOUNCEMENTS = ("x-linked-etag", "etag")
_SHA256 = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')
_AGAIN = "run the command again to go on"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a download waits for the hub, and how often it tries again.

    Attributes:
        connect_s: for a connection.
        silence_s: for the next bytes.
        window_s: the time over which the rate is judged.
        window_bytes: fewer bytes than that in a window are too few.
        attempts: failures in a row after which a file is given up; bytes worth a window end a row.
        pause_s: before the second attempt; the third waits twice as long, and so on.
    """

    connect_s: float = 10
    silence_s: float = 30
    window_s: float = 30
    window_bytes: int = 30_000
    attempts: int = 5
    pause_s: float = 1


def fetch(file: RemoteFile, folder: Path, *, progress: Progress, patience: Patience) -> FileEntry:
    """Make a file of the hub stand in a folder, from where an earlier run has left it.

    Args:
        file: what to fetch.
        folder: where to; what another run left there is used.
        progress: is told of the bytes.
        patience: with the hub.

    Returns:
        The size and the SHA-256 of the file.

    Raises:
        PullError: it cannot be had, or has the wrong content and was removed.
        OSError: the disk does not take it.
    """
    path = folder / file.name
    if not path.exists():
        partial = folder / f"{file.name}.partial"
        try:
            _complete(file, partial, progress, patience)
        finally:
            progress.stop()
        partial.replace(path)
    return _verified(file, path)


def _complete(file: RemoteFile, partial: Path, progress: Progress, patience: Patience) -> None:
    failures = 0
    while True:
        before = _size(partial)
        try:
            _append(file, partial, progress, patience)
        except TransientError:
            failures = 1 if _size(partial) >= before + patience.window_bytes else failures + 1
            if failures >= patience.attempts:
                raise
            time.sleep(patience.pause_s * failures)
        else:
            return


def _append(file: RemoteFile, partial: Path, progress: Progress, patience: Patience) -> None:
    done = _size(partial)
    if file.size is not None and done >= file.size > 0:
        return
    headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    timeout = httpx2.Timeout(patience.silence_s, connect=patience.connect_s)
    with (
        errors_of(file.name),
        get_session().stream("GET", file.url, headers=headers, timeout=timeout) as response,
    ):
        _check(response, file, partial)
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT
        progress.start(file.name, file.size, done if resumed else 0)
        with partial.open("ab" if resumed else "wb") as stream:
            for chunk in _unless_slow(response.iter_raw(), file, patience):
                stream.write(chunk)
                stream.flush()  # a process may be killed at any time
                progress.advance(len(chunk))
            os.fsync(stream.fileno())
    if file.size is not None and _size(partial) < file.size:
        raise TransientError(f"{file.name} ended early: {_AGAIN}")


def _check(response: httpx2.Response, file: RemoteFile, partial: Path) -> None:
    announced = _announced_sha256(response)
    if file.sha256 and announced and announced != file.sha256:
        raise PullError(
            f"the hub offers {file.name} with SHA-256 {announced} instead of {file.sha256}:"
            " use another hub, or correct the registry"
        )
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        start = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
        if start is None or int(start[1]) != _size(partial):
            partial.unlink()
            raise TransientError(f"the hub went on with {file.name} at another place: {_AGAIN}")
    elif response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        partial.unlink(missing_ok=True)
        raise TransientError(f"the hub refused to go on with {file.name}: {_AGAIN}")
    elif response.status_code != HTTPStatus.OK:
        raise status_error(response.status_code, file.name)


def _announced_sha256(response: httpx2.Response) -> str | None:
    """Return the hash that the hub or its storage gives of an LFS file, as its entity tag."""
    for answer in (*response.history, response):
        for name in _ANNOUNCEMENTS:
            if match := _SHA256.fullmatch(answer.headers.get(name, "")):
                return match[1]
    return None


def _unless_slow(chunks: Iterable[bytes], file: RemoteFile, patience: Patience) -> Iterator[bytes]:
    begun, received = time.monotonic(), 0
    for chunk in chunks:
        yield chunk
        received += len(chunk)
        elapsed = time.monotonic() - begun
        if elapsed < patience.window_s:
            continue
        if received < patience.window_bytes:
            raise TransientError(
                f"{file.name} comes too slowly ({received / elapsed:.0f} bytes a second):"
                " run the command again to go on, or name a mirror in HF_ENDPOINT"
            )
        begun, received = time.monotonic(), 0


def _verified(file: RemoteFile, path: Path) -> FileEntry:
    entry = hash_file(path)
    wrong = None
    if file.size is not None and entry.size != file.size:
        wrong = f"has {entry.size} bytes instead of {file.size}"
    elif file.sha256 and entry.sha256 != file.sha256:
        wrong = f"has SHA-256 {entry.sha256} instead of {file.sha256}"
    elif file.git_id and (found := _git_id(path)) != file.git_id:
        wrong = f"has the Git hash {found} instead of {file.git_id}"
    if wrong:
        path.unlink()
        raise PullError(
            f"{file.name} {wrong} and was removed: run the command again, or use another hub"
        )
    return entry


def _git_id(path: Path) -> str:
    """Return the name that Git gives the content: SHA-1 of a header and the bytes."""
    content = path.read_bytes()
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
