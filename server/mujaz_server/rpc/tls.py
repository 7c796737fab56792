"""TLS of the server, from PEM files that may be replaced while it runs.

gRPC's TLS takes version 1.2 and 1.3 and nothing older, and offers `h2` by ALPN.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc

from mujaz_server.rpc.watched import RefusedFileError, Watched
from mujaz_server.telemetry import FileObserver


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the PEM files are.

    Attributes:
        certificate: The certificate of the server, followed by those that lead to its root.
        key: Its private key, not encrypted.
        client_ca: The roots that the certificates of clients must lead to; None: none is asked
            for. With it every client must have one (mutual TLS).
    """

    certificate: Path
    key: Path
    client_ca: Path | None = None


def server_credentials(files: TlsFiles, observer: FileObserver) -> grpc.ServerCredentials:
    """Returns credentials that follow their files.

    Each handshake looks whether a file has changed, so a renewed certificate is in force for the
    next connection, and those that are open go on with the one they began with.

    Raises:
        RefusedFileError: A file cannot be read or is not what it should be.
    """
    paths = [files.certificate, files.key, *([files.client_ca] if files.client_ca else [])]
    watched = Watched(paths, lambda: _read(files), observer)
    # gRPC keeps the certificates it has where the fetcher fails, but it cannot tell anybody: so
    # files are checked in `_read` before gRPC sees them.
    return grpc.dynamic_ssl_server_credentials(
        watched.latest(), watched.latest, require_client_authentication=files.client_ca is not None
    )


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    certificate = _pem(files.certificate, "--tls-certificate")
    key = _pem(files.key, "--tls-key")
    _check_pair(files)
    roots = None
    if files.client_ca:
        roots = _pem(files.client_ca, "--tls-client-ca")
        _check_roots(files.client_ca, roots)
    return grpc.ssl_server_certificate_configuration([(key, certificate)], roots)


def _pem(path: Path, flag: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RefusedFileError(
            f"cannot read {path} ({error.strerror}); name a readable PEM file with {flag}"
        ) from error


def _check_pair(files: TlsFiles) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ValueError) as error:
        raise RefusedFileError(
            f"{files.certificate} and {files.key} are not a certificate and its key "
            f"({_reason(error)}); give a PEM chain, the server's own first, and the unencrypted "
            "key of its first certificate"
        ) from error


def _check_roots(path: Path, roots: bytes) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(cadata=roots.decode("ascii"))
    except (OSError, ValueError) as error:
        raise RefusedFileError(
            f"{path} holds no certificates ({_reason(error)}); give the roots of client "
            "certificates in PEM"
        ) from error


def _no_password() -> str:
    """Stands in for the prompt that OpenSSL would open on the terminal."""
    return ""


def _reason(error: Exception) -> str:
    words = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not PEM"
    return str(words).replace("_", " ").lower()
