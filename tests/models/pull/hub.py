"""A hub on this machine, which speaks what `mujaz-models pull` asks of the real one.

A repository is a dictionary of bytes by file name. Large files (`.safetensors`, `.bin`, `.spm`) are
LFS files as on the hub: they have a SHA-256 and come by a redirect from a storage of another
origin. A `Fault` decides what goes wrong.
"""

import hashlib
import json
import random
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

REPOSITORY = "Someone/opus-mt-ar-en"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LFS = (".safetensors", ".bin", ".spm")


@dataclass
class Fault:
    """What goes wrong.

    Attributes:
        cut: how many bytes of an answer arrive before the connection is cut, by file name and
            length; None for all.
        status: the HTTP status of each answer to the path that begins so.
        drip: seconds before each byte of a file.
        ignore_range: answer range requests with the whole file.
        shift_range: answer range requests from so many bytes later.
        swapped: other contents of the same size, where the hub says nothing of it.
    """

    cut: Callable[[str, int], int | None] = lambda _name, _length: None
    status: Mapping[str, int] = field(default_factory=dict)
    drip: float = 0
    ignore_range: bool = False
    shift_range: int = 0
    swapped: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class Seen:
    """One request, and how many bytes of a body it was given."""

    method: str
    path: str
    range: str | None
    authorization: str | None
    user_agent: str
    sent: int = 0


class Hub(AbstractContextManager["Hub"]):
    """Serves one repository from two ports: the hub itself and its storage."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.fault = Fault()
        self.seen: list[Seen] = []
        self.closing = threading.Event()
        self._servers = [_Server(self), _Server(self)]
        self.endpoint, self.storage = (f"http://127.0.0.1:{s.server_port}" for s in self._servers)

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def sent(self, name: str) -> int:
        """Return how many bytes of a file have been sent, in all requests together."""
        return sum(request.sent for request in self.seen if request.path.endswith(f"/{name}"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, *, body: bool) -> None:
        hub, path = self.server.hub, unquote(urlsplit(self.path).path)
        get = self.headers.get
        self.request_seen = Seen(
            self.command, path, get("Range"), get("Authorization"), get("User-Agent", "")
        )
        hub.seen.append(self.request_seen)
        for prefix, status in hub.fault.status.items():
            if path.startswith(prefix):
                return self._send(status, b"")
        if path.startswith("/api/"):
            return self._describe(path)
        name = path.rpartition("/")[2]
        if name not in hub.files:
            return self._send(HTTPStatus.NOT_FOUND, b"", {"X-Error-Code": "EntryNotFound"})
        if name.endswith(LFS) and not path.startswith("/storage/"):
            return self._redirect(name)
        return self._send_file(name, body=body)

    def _describe(self, path: str) -> None:
        if path in {f"/api/models/{REPOSITORY}/revision/{name}" for name in (COMMIT, "main")}:
            content = json.dumps(_description(self.server.hub.files)).encode()
            return self._send(HTTPStatus.OK, content)
        known = path.startswith(f"/api/models/{REPOSITORY}/")
        code = "RevisionNotFound" if known else "RepoNotFound"
        return self._send(HTTPStatus.NOT_FOUND, b"", {"X-Error-Code": code})

    def _redirect(self, name: str) -> None:
        content = self.server.hub.files[name]
        self._send(
            HTTPStatus.FOUND,
            b"",
            {
                "Location": f"{self.server.hub.storage}/storage/{name}",
                "X-Repo-Commit": COMMIT,
                "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"',
                "X-Linked-Size": str(len(content)),
            },
        )

    def _send_file(self, name: str, *, body: bool) -> None:
        hub, fault = self.server.hub, self.server.hub.fault
        content = hub.files[name]
        headers = {"ETag": f'"{_hash(name, content)}"', "X-Repo-Commit": COMMIT}
        content = fault.swapped.get(name, content)
        status, start = HTTPStatus.OK, 0
        if (asked := self.headers.get("Range")) and not fault.ignore_range:
            start = int(asked.removeprefix("bytes=").rstrip("-")) + fault.shift_range
            status = HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(status, content[start:], headers, name=name, body=body)

    def _send(
        self,
        status: int,
        content: bytes,
        headers: Mapping[str, str] = {},
        name: str = "",
        *,
        body: bool = True,
    ) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if not body:
            return
        fault = self.server.hub.fault
        cut = fault.cut(name, len(content)) if name else None
        if fault.drip and name:
            self._drip(content, fault.drip)
        else:
            self.request_seen.sent = len(content) if cut is None else cut
            self.wfile.write(content[: self.request_seen.sent])
        if cut is not None:
            self.close_connection = True

    def _drip(self, content: bytes, pause: float) -> None:
        for value in content:
            if self.server.hub.closing.wait(pause):
                return
            self.wfile.write(bytes([value]))
            self.request_seen.sent += 1


def _description(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "id": REPOSITORY,
        "sha": COMMIT,
        "siblings": [_sibling(name, content) for name, content in files.items()],
    }


def _sibling(name: str, content: bytes) -> dict[str, Any]:
    sibling: dict[str, Any] = {
        "rfilename": name,
        "size": len(content),
        "blobId": _git_id(content),
    }
    if name.endswith(LFS):
        sibling["lfs"] = {"sha256": _hash(name, content), "size": len(content), "pointerSize": 134}
    return sibling


def _hash(name: str, content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if name.endswith(LFS) else _git_id(content)


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def small_checkpoint(weights: int = 300_000) -> dict[str, bytes]:
    """Return the file set of opus-mt-ar-en, with noise for contents."""
    noise = random.Random(7)
    return {
        "README.md": b"not asked for",
        "config.json": b'{"model_type": "marian"}',
        "tokenizer_config.json": b'{"source_lang": "ar", "target_lang": "en"}',
        "vocab.json": noise.randbytes(40_000),
        "source.spm": noise.randbytes(20_000),
        "target.spm": noise.randbytes(20_000),
        "model.safetensors": noise.randbytes(weights),
        "pytorch_model.bin": noise.randbytes(1000),
    }
