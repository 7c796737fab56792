"""TLS from files: who gets in, and what happens when a file changes."""

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import structlog
from cryptography.hazmat.primitives import serialization

from certificates import Authority, Pair, replace
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.app import StartError
from mujaz_server.rpc import limits
from scripted import ScriptedModel, serving
from visitors import REQUEST, VISITORS, House, Visitor, handshake

TEXT = "وصل الوزير الى المدينة.\nغادر الرئيس العاصمة."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("house"))


@pytest.mark.parametrize("visitor", VISITORS, ids=lambda each: each.name)
async def test_a_visitor_gets_in_or_does_not(visitor: Visitor, house: House) -> None:
    model = ScriptedModel()
    async with house.serving(visitor, model) as served:
        assert await house.visit(visitor, served.app.port) == visitor.told
        rows = served.app.metrics.registry.get_sample_value("mujaz_batch_rows_sum")
        assert bool(model.started) == bool(rows) == (visitor.told == "OK")


async def test_a_door_that_stands_open_is_found(house: House) -> None:
    async with serving() as served:
        found = [
            visitor.name
            for visitor in VISITORS
            if visitor.server == "plaintext"
            and await house.visit(visitor, served.app.port) != visitor.told
        ]
    assert found == ["plaintext on loopback, no token"]


async def test_only_tls_1_2_and_newer_is_spoken(house: House) -> None:
    async with serving(**house.settings("tls")) as served:
        spoken = {
            version: await asyncio.to_thread(handshake, served.app.port, version)
            for version in (
                ssl.TLSVersion.TLSv1,
                ssl.TLSVersion.TLSv1_1,
                ssl.TLSVersion.TLSv1_2,
                ssl.TLSVersion.TLSv1_3,
            )
        }
    assert list(spoken.values()) == [None, None, "TLSv1.2", "TLSv1.3"]


def test_a_server_that_still_speaks_tls_1_1_is_found(tmp_path: Path) -> None:
    with _old_server(tmp_path) as port:
        assert handshake(port, ssl.TLSVersion.TLSv1_1) == "TLSv1.1"


@contextmanager
def _old_server(folder: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority().issue().write(folder, "old"))
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with listener.accept()[0] as plain, context.wrap_socket(plain, server_side=True):
                pass

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


async def test_whoever_never_shakes_hands_is_shown_the_door(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_MS", 200)
    async with serving(**house.settings("tls")) as served:
        with socket.create_connection(("127.0.0.1", served.app.port), timeout=5) as connection:
            assert await asyncio.to_thread(connection.recv, 1) == b""


class Renewed:
    """A server's files, and a way to call it that trusts one authority."""

    def __init__(self, folder: Path) -> None:
        self.before, self.after = Authority("before"), Authority("after")
        self.certificate, self.key = self.before.issue().write(folder, "server")
        self.settings: dict[str, Any] = {
            "tls_certificate": str(self.certificate),
            "tls_key": str(self.key),
        }

    def channel(self, authority: Authority, port: int) -> grpc.aio.Channel:
        return grpc.aio.secure_channel(
            f"localhost:{port}",
            grpc.ssl_channel_credentials(authority.root),
            options=(("grpc.use_local_subchannel_pool", 1),),
        )

    async def call(self, authority: Authority, port: int) -> str:
        async with self.channel(authority, port) as channel:
            call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(REQUEST, timeout=10)
            return (await call.code()).name

    async def trusted(self, port: int) -> str:
        """Whose certificate the server shows to a new connection."""
        codes = [await self.call(each, port) for each in (self.before, self.after)]
        return {("OK", "UNAVAILABLE"): "before", ("UNAVAILABLE", "OK"): "after"}[codes[0], codes[1]]


@pytest.fixture
def renewed(tmp_path: Path) -> Renewed:
    return Renewed(tmp_path)


async def test_a_renewed_certificate_is_shown_and_no_stream_is_dropped(renewed: Renewed) -> None:
    model = ScriptedModel()
    async with (
        serving(model, **renewed.settings) as served,
        renewed.channel(renewed.before, served.app.port) as channel,
    ):
        model.gate.clear()
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        stream = stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=TEXT))
        assert (await stream.read()).HasField("outline")
        renewed.after.issue().write(renewed.certificate.parent, "server")
        model.gate.set()
        assert await renewed.trusted(served.app.port) == "after"
        rest = []
        while event := await stream.read():
            rest.append(event)
        assert rest[-1].HasField("report")
        assert (await stub.TranslateText(REQUEST)).translations, "its connection is kept too"


async def test_a_broken_file_leaves_the_old_certificate_and_is_logged_once(
    renewed: Renewed,
) -> None:
    good = renewed.after.issue()
    async with serving(**renewed.settings) as served:
        with structlog.testing.capture_logs() as log:
            replace(renewed.certificate, b"half a certif")
            assert await renewed.trusted(served.app.port) == "before"
            errors = [line for line in log if line["log_level"] == "error"]
            assert [line["event"] for line in errors] == ["changed files refused"]
            assert str(renewed.certificate) in errors[0]["remedy"]
            renewed.key.unlink()
            assert await renewed.trusted(served.app.port) == "before"
            good.write(renewed.certificate.parent, "server")
            assert await renewed.trusted(served.app.port) == "after"
        assert [line["event"] for line in log].count("changed files read") == 1
        assert good.key.decode() not in str(log)


async def test_a_pair_that_is_replaced_one_by_one_is_taken_when_it_is_whole(
    renewed: Renewed,
) -> None:
    pair = renewed.after.issue()
    async with serving(**renewed.settings) as served:
        replace(renewed.certificate, pair.certificate)
        assert await renewed.trusted(served.app.port) == "before"
        replace(renewed.key, pair.key)
        assert await renewed.trusted(served.app.port) == "after"


def _encrypted(pair: Pair) -> bytes:
    key = serialization.load_pem_private_key(pair.key, None)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("server.pem", None, "--tls-certificate", id="no certificate"),
        pytest.param("server.key", None, "--tls-key", id="no key"),
        pytest.param("clients.pem", None, "--tls-client-ca", id="no roots"),
        pytest.param("server.pem", lambda _: b"\xff\0", "PEM chain", id="no PEM"),
        pytest.param("server.pem", lambda _: b"", "PEM chain", id="an empty certificate"),
        pytest.param(
            "server.key", lambda _: Authority().issue().key, "key values mismatch", id="another key"
        ),
        pytest.param("server.key", _encrypted, "unencrypted key", id="an encrypted key"),
        pytest.param("clients.pem", lambda _: b"none", "holds no certificates", id="no root"),
        pytest.param("clients.pem", lambda _: b"\xff", "holds no certificates", id="no letters"),
    ],
)
async def test_a_broken_file_at_the_start_is_named_with_the_remedy(
    name: str, content: Any, told: str, tmp_path: Path
) -> None:
    authority = Authority()
    pair = authority.issue()
    certificate, key = pair.write(tmp_path, "server")
    roots = tmp_path / "clients.pem"
    roots.write_bytes(authority.root)
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content(pair))
    settings: dict[str, Any] = {"tls_certificate": str(certificate), "tls_key": str(key)}
    with pytest.raises(StartError) as refused:
        async with serving(**settings, tls_client_ca=str(roots)):
            pass
    assert str(tmp_path / name) in str(refused.value)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
