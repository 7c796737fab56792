"""Who gets in and who does not: the table of visitors, and one visit. For tests and benchmarks."""

import asyncio
import hashlib
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from certificates import Authority
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from scripted import ScriptedModel, Serving, serving
from statuses import failure

REQUEST = pb.TranslateTextRequest(texts=["وصل الوزير."])
GOOD, EXPIRED = "a-good-token", "an-expired-token"
_TOKENS = """\
[[token]]
name = "good"
sha256 = "{good}"

[[token]]
name = "expired"
sha256 = "{expired}"
expires = 2020-01-01
"""


@dataclass(frozen=True)
class Visitor:
    """One caller and what is to become of its call.

    Attributes:
        server: How the server is set: "tls", "mutual tls", "expired tls" or "plaintext", each with
            tokens.
        speaks: "tls", "tls, other ca" (the caller trusts another), "plaintext", or "tls 1.1".
        certificate: What the caller shows: none, or one "good", "expired" or of an "other ca".
        authorization: What it sends, if anything.
        told: The status, and the reason where the server gives one.
    """

    name: str
    told: str
    server: str = "tls"
    speaks: str = "tls"
    certificate: str = ""
    authorization: str | None = f"Bearer {GOOD}"


_MISSING, _UNKNOWN = "UNAUTHENTICATED TOKEN_MISSING", "UNAUTHENTICATED TOKEN_UNKNOWN"
VISITORS = (
    Visitor("a good token", "OK"),
    Visitor("a good token, the scheme in lower case", "OK", authorization=f"bearer {GOOD}"),
    Visitor("no token", _MISSING, authorization=None),
    Visitor("an empty token", _MISSING, authorization="Bearer "),
    Visitor("another scheme", _MISSING, authorization="Basic dXNlcjpzZWNyZXQ="),
    Visitor("a wrong token", _UNKNOWN, authorization="Bearer a-guess"),
    Visitor(
        "the hash of a token",
        _UNKNOWN,
        authorization=f"Bearer {hashlib.sha256(GOOD.encode()).hexdigest()}",
    ),
    Visitor("an expired token", "UNAUTHENTICATED TOKEN_EXPIRED", authorization=f"Bearer {EXPIRED}"),
    Visitor("a caller that trusts another CA", "UNAVAILABLE", speaks="tls, other ca"),
    Visitor("an expired certificate of the server", "UNAVAILABLE", server="expired tls"),
    Visitor("plaintext to TLS", "UNAVAILABLE", speaks="plaintext"),
    Visitor("TLS 1.1", "no handshake", speaks="tls 1.1"),
    Visitor("mutual TLS, a good certificate", "OK", "mutual tls", certificate="good"),
    Visitor("mutual TLS, no certificate", "UNAVAILABLE", "mutual tls"),
    Visitor("mutual TLS, another CA's", "UNAVAILABLE", "mutual tls", certificate="other ca"),
    Visitor("mutual TLS, an expired one", "UNAVAILABLE", "mutual tls", certificate="expired"),
    Visitor(
        "mutual TLS, a good one, no token",
        _MISSING,
        "mutual tls",
        certificate="good",
        authorization=None,
    ),
    Visitor("plaintext on loopback, a good token", "OK", "plaintext", "plaintext"),
    Visitor(
        "plaintext on loopback, no token", _MISSING, "plaintext", "plaintext", authorization=None
    ),
    Visitor("TLS to plaintext", "UNAVAILABLE", "plaintext"),
)


class House:
    """A server of each kind with its files, made once for all visitors."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.other = Authority(), Authority("another authority")
        self._folder = folder
        self.tokens = folder / "tokens.toml"
        digests = {"good": GOOD, "expired": EXPIRED}
        self.tokens.write_text(
            _TOKENS.format(
                **{
                    name: hashlib.sha256(each.encode()).hexdigest()
                    for name, each in digests.items()
                }
            )
        )
        self._roots = folder / "clients.pem"
        self._roots.write_bytes(self.ours.root)

    def settings(self, server: str) -> dict[str, Any]:
        """The settings of a kind of server."""
        tokens: dict[str, Any] = {"tokens": str(self.tokens)}
        if server == "plaintext":
            return tokens
        pair = self.ours.issue(expired=server == "expired tls")
        certificate, key = pair.write(self._folder, "server")
        tls = tokens | {"tls_certificate": str(certificate), "tls_key": str(key)}
        return tls | {"tls_client_ca": str(self._roots)} if server == "mutual tls" else tls

    def credentials(self, visitor: Visitor) -> grpc.ChannelCredentials:
        """What a visitor trusts, and shows."""
        trusted = self.other if visitor.speaks == "tls, other ca" else self.ours
        if not visitor.certificate:
            return grpc.ssl_channel_credentials(trusted.root)
        signer = self.other if visitor.certificate == "other ca" else self.ours
        pair = signer.issue("a client", expired=visitor.certificate == "expired")
        return grpc.ssl_channel_credentials(trusted.root, pair.key, pair.certificate)

    @asynccontextmanager
    async def serving(self, visitor: Visitor, model: ScriptedModel) -> AsyncIterator[Serving]:
        """The server that a visitor calls."""
        async with serving(model, **self.settings(visitor.server)) as served:
            yield served

    async def visit(self, visitor: Visitor, port: int) -> str:
        """Makes the call; returns its status, and its reason where the server gave one."""
        if visitor.speaks == "tls 1.1":
            version = await asyncio.to_thread(handshake, port, ssl.TLSVersion.TLSv1_1)
            return version or "no handshake"
        options = (("grpc.use_local_subchannel_pool", 1),)
        address = f"localhost:{port}"
        channel = (
            grpc.aio.insecure_channel(address, options=options)
            if visitor.speaks == "plaintext"
            else grpc.aio.secure_channel(address, self.credentials(visitor), options=options)
        )
        async with channel:
            return await called(channel, visitor.authorization)


async def called(channel: grpc.aio.Channel, authorization: str | None) -> str:
    """Makes one call; returns its status and reason."""
    metadata = (("authorization", authorization),) if authorization is not None else ()
    call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(
        REQUEST, metadata=metadata, timeout=10
    )
    if await call.code() is grpc.StatusCode.OK:
        return "OK"
    told = await failure(call)
    return f"{told.code} {told.reason}".strip()


def handshake(port: int, version: ssl.TLSVersion) -> str | None:
    """Shakes hands by one version of TLS and any cipher; returns the version, None if refused."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of old versions: they are the point
        context.minimum_version = context.maximum_version = version
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain) as secure,
        ):
            return secure.version()
    except (ssl.SSLError, ConnectionError):
        return None
