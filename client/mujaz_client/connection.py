"""How the command connects: from flags, files and the environment."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mujaz_client.inputs import InputError
from mujaz_client.options import Tls

if TYPE_CHECKING:
    from pathlib import Path

TOKEN_VARIABLE = "MUJAZ_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the server is, how it is spoken to, and the token that is presented to it."""

    server: str
    secure: bool | Tls = False
    token: str = field(default="", repr=False)


def connection(
    server: str,
    *,
    tls: bool = False,
    ca: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
    token_file: Path | None = None,
) -> Connection:
    """Reads the files that are named; the token is that of the file, else of `MUJAZ_TOKEN`.

    There is no flag for the token itself: whoever lists the processes of a machine sees flags.

    Raises:
        InputError: A file cannot be read, half of a pair is missing, or the token would cross a
            network in plain text.
    """
    if (certificate is None) != (key is None):
        raise InputError("--certificate and --key go together: give both, or neither")
    if certificate and not (tls or ca):
        raise InputError("a certificate is shown by TLS: add --tls, or --ca with the server's root")
    secure: bool | Tls = False
    if tls or ca:
        secure = Tls(*(None if path is None else _read(path) for path in (ca, certificate, key)))
    token = _token(token_file)
    if token and not secure and not _is_local(server):
        raise InputError(
            f"the token would go to {server} in plain text, for everybody on the way to read: "
            "add --tls, or --ca with the server's root"
        )
    return Connection(server, secure, token)


def _token(file: Path | None) -> str:
    if file is None:
        token, where = os.environ.get(TOKEN_VARIABLE, "").strip(), TOKEN_VARIABLE
    else:
        token, where = _read(file).decode("ascii", "replace").strip(), str(file)
        if not token:
            raise InputError(f"{where} holds no token")
    if not all("!" <= character <= "~" for character in token):
        raise InputError(f"{where} must hold one token and nothing else")
    return token


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _is_local(server: str) -> bool:
    if server.startswith("unix:"):
        return True
    addresses = server.removeprefix("ipv4:").removeprefix("ipv6:").split(",")
    return all(map(_is_loopback, addresses))


def _is_loopback(address: str) -> bool:
    host = address.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
