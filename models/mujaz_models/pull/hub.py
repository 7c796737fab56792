"""What the hub says of a repository: the commit, and size and hash of each file.

One request of the hub's API (`/api/models/REPOSITORY/revision/REVISION?blobs=true`) tells all that
a download is checked against, before the first byte of it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import huggingface_hub
from huggingface_hub import constants
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoSibling

from mujaz_models.pull.errors import PullError, TransientError
from mujaz_models.pull.registry import Entry

# The library would tell the hub what runs it, and ask which of those programs it should know.
constants.HF_HUB_DISABLE_TELEMETRY = True

_CHECK_REGISTRY = "check the registry, or set HF_TOKEN if it is private"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository.

    Attributes:
        name: in the repository, and on the disk.
        url: where it is.
        size: in bytes, where the hub says it.
        sha256: what it must be, by the registry or else by the hub; None where neither says it.
        git_id: the hash of its Git blob (SHA-1), for files that Git itself holds.
        pinned: whether `sha256` is the registry's.
    """

    name: str
    url: str
    size: int | None
    sha256: str | None
    git_id: str | None
    pinned: bool

    @property
    def checked_by(self) -> str:
        """What the bytes are held against: `registry`, `hub`, or nothing on `first use`."""
        if self.pinned:
            return "registry"
        return "hub" if self.sha256 or self.git_id else "first use"


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a model at one commit."""

    commit: str
    files: tuple[RemoteFile, ...]

    @property
    def size(self) -> int:
        """Their size in bytes, as far as the hub says it."""
        return sum(file.size or 0 for file in self.files)


def endpoint() -> str:
    """Return the address of the hub: `$HF_ENDPOINT`, or the public one."""
    return (os.environ.get("HF_ENDPOINT") or constants.ENDPOINT).rstrip("/")


def is_offline() -> bool:
    """Return whether the environment forbids the network (`HF_HUB_OFFLINE`)."""
    return huggingface_hub.is_offline_mode()


def look_up(entry: Entry, names: tuple[str, ...], timeout_s: float) -> Listing:
    """Ask the hub for the files of a model.

    Args:
        entry: the model.
        names: the files to ask for.
        timeout_s: how long to wait for the answer.

    Raises:
        TransientError: the hub cannot be reached or is out of order.
        PullError: it has not what the registry names, or something else under that name.
    """
    with errors_of(f"{entry.repository} at {entry.revision}"):
        info = huggingface_hub.HfApi(endpoint=endpoint()).model_info(
            entry.repository, revision=entry.revision, files_metadata=True, timeout=timeout_s
        )
    if not info.sha:
        raise PullError(f"{endpoint()} does not name a commit of {entry.repository}: use a hub")
    if entry.pinned and info.sha != entry.revision:
        raise PullError(f"{endpoint()} offers {info.sha} as {entry.revision}: use another hub")
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or ()}
    files = (_remote_file(entry, name, info.sha, siblings.get(name)) for name in names)
    return Listing(info.sha, tuple(files))


def _remote_file(entry: Entry, name: str, commit: str, sibling: RepoSibling | None) -> RemoteFile:
    if sibling is None:
        raise PullError(f"{entry.repository} has no {name} at {commit}: correct the registry")
    stated = sibling.lfs.sha256 if sibling.lfs else None
    pinned = entry.files[name]
    if pinned and stated and pinned != stated:
        raise PullError(
            f"{endpoint()} has another {name} of {entry.repository} (SHA-256 {stated}) than the"
            f" registry pins ({pinned}): use another hub, or correct the registry"
        )
    return RemoteFile(
        name=name,
        url=huggingface_hub.hf_hub_url(
            entry.repository, name, revision=commit, endpoint=endpoint()
        ),
        size=sibling.lfs.size if sibling.lfs else sibling.size,
        sha256=pinned or stated,
        git_id=None if sibling.lfs else sibling.blob_id,
        pinned=pinned is not None,
    )


@contextmanager
def errors_of(subject: str) -> Iterator[None]:
    """Turn what goes wrong between here and the hub into a `PullError` about the subject."""
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise PullError("HF_HUB_OFFLINE forbids the network: unset it to pull") from error
    except GatedRepoError as error:
        raise PullError(f"{subject} is gated: accept its terms and set HF_TOKEN") from error
    except RevisionNotFoundError as error:
        raise PullError(f"the hub has no {subject}: correct the registry's revision") from error
    except RepositoryNotFoundError as error:
        raise PullError(f"the hub has no {subject}: {_CHECK_REGISTRY}") from error
    except HfHubHTTPError as error:
        raise status_error(error.response.status_code, subject) from error
    except httpx2.TransportError as error:
        raise TransientError(
            f"the connection to {endpoint()} has failed ({_reason(error)}): check the network"
            " (or name a mirror in HF_ENDPOINT) and run the command again"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise PullError(f"{endpoint()} does not answer as a hub does: check HF_ENDPOINT") from error


def status_error(status: int, subject: str) -> PullError:
    """Return the error that an HTTP status of the hub means for the subject."""
    answer = f"{endpoint()} answers {status} for {subject}"
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 (RFC 9110: the server's fault)
        return TransientError(f"{answer}: run the command again in a while")
    if status in {401, 403, 404}:
        return PullError(f"{answer}: {_CHECK_REGISTRY}")
    return PullError(f"{answer}: check HF_ENDPOINT")


def _reason(error: httpx2.TransportError) -> str:
    return " ".join(str(error).split()) or type(error).__name__
