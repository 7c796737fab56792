"""How the client gets to a server that asks who it is."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from mujaz_client import AsyncClient, AuthenticationError, Client, Tls, UnavailableError
from mujaz_client.connection import connection
from mujaz_client.inputs import InputError
from processes import CLIENT
from scripted import serving
from visitors import GOOD, House

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "وصل الوزير الى المدينة."


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_the_library_shows_its_certificate_and_its_token(house: House) -> None:
    pair = house.ours.issue("a client")
    tls = Tls(house.ours.root, pair.certificate, pair.key)
    async with serving(**house.settings("mutual tls")) as served:
        target = f"localhost:{served.app.port}"
        async with AsyncClient(target, secure=tls, token=GOOD) as client:
            assert await client.translate_text([TEXT])
        with Client(target, secure=tls, token=GOOD) as threaded:
            assert await asyncio.to_thread(threaded.translate_text, [TEXT])
        async with AsyncClient(target, secure=tls) as client:
            with pytest.raises(AuthenticationError, match="send one as metadata"):
                await client.translate_text([TEXT])
        async with AsyncClient(target, secure=house.ours.root, token=GOOD) as client:
            with pytest.raises(UnavailableError):
                await client.translate_text([TEXT])
    assert pair.key.decode() not in repr(tls)


def command(arguments: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CLIENT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("token file", id="the token from a file"),
        pytest.param("variable", id="the token from its variable"),
        pytest.param("all variables", id="everything from variables"),
    ],
)
async def test_the_command_shows_its_certificate_and_its_token(
    how: str, house: House, tmp_path: Path
) -> None:
    certificate, key = house.ours.issue("a client").write(tmp_path, "client")
    ca, token = tmp_path / "ca.pem", tmp_path / "token"
    ca.write_bytes(house.ours.root)
    token.write_text(f"{GOOD}\n")
    variables = {
        "all variables": {
            "MUJAZ_CA": str(ca),
            "MUJAZ_CERTIFICATE": str(certificate),
            "MUJAZ_KEY": str(key),
            "MUJAZ_TOKEN_FILE": str(token),
        },
        "variable": {"MUJAZ_TOKEN": token.read_text()},
        "token file": {},
    }[how]
    files = {"--ca": ca, "--certificate": certificate, "--key": key, "--token-file": token}
    given = {"all variables": [], "variable": [*files][:3], "token file": [*files]}[how]
    flags = [part for flag in given for part in (flag, str(files[flag]))]
    async with serving(**house.settings("mutual tls")) as served:
        server = ["--server", f"localhost:{served.app.port}"]
        done = await asyncio.to_thread(command, ["health", *server, *flags], variables)
    assert done.stdout.endswith("SERVING\n"), done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("server", "given", "told"),
    [
        pytest.param("10.0.0.7:50051", {}, "in plain text", id="a token in plain text"),
        pytest.param("localhost.example.org:1", {}, "in plain text", id="a name like this machine"),
        pytest.param("localhost:1", {"token_file": "empty"}, "no token", id="an empty file"),
        pytest.param("localhost:1", {"token_file": "two"}, "one token", id="two tokens"),
        pytest.param("localhost:1", {"token_file": "none"}, "cannot be read", id="no such file"),
        pytest.param("localhost:1", {"ca": "none"}, "cannot be read", id="no such root"),
        pytest.param("localhost:1", {"key": "two"}, "go together", id="a key alone"),
        pytest.param(
            "localhost:1", {"key": "two", "certificate": "two"}, "add --tls", id="no TLS to show it"
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_remedy(
    server: str,
    given: dict[str, str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MUJAZ_TOKEN", "secret")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two").write_text("one two\n")
    with pytest.raises(InputError, match=told) as refused:
        connection(server, **{name: tmp_path / file for name, file in given.items()})  # type: ignore[arg-type]
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("server", ["localhost:1", "127.0.0.1:1", "[::1]:1", "unix:/run/mujaz"])
def test_on_this_machine_a_token_needs_no_tls(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJAZ_TOKEN", "secret")
    found = connection(server)
    assert (found.token, found.secure) == ("secret", False)
    assert "secret" not in repr(found)
