"""What a server writes never holds a token or a key."""

import asyncio
import json
from pathlib import Path

import grpc.aio

from certificates import replace
from processes import running, spawn
from visitors import EXPIRED, GOOD, House, called


async def test_no_token_and_no_key_is_in_any_line_of_the_log(tmp_path: Path) -> None:
    house = House(tmp_path)
    settings = house.settings("tls") | {"log_level": "debug"}
    flags = [
        part for key, value in settings.items() for part in (f"--{key.replace('_', '-')}", value)
    ]
    key = Path(settings["tls_key"]).read_text().splitlines()[1]  # noqa: ASYNC240  a small file
    presented = (GOOD, EXPIRED, "a-guess")
    with running(*flags) as server:
        port = server.said("serving")["port"]
        credentials = grpc.ssl_channel_credentials(house.ours.root)
        async with grpc.aio.secure_channel(f"localhost:{port}", credentials) as channel:
            told = [await called(channel, f"Bearer {token}") for token in presented]
            # A slip that puts a token where its hash belongs is told without it.
            slip = house.tokens.read_text() + '[[token]]\nname = "slip"\nsha256 = "slipped in"\n'
            replace(house.tokens, slip.encode())
            assert await called(channel, f"Bearer {GOOD}") == "OK"
        status = await asyncio.to_thread(server.stop)
    assert status == 0
    assert [each.split()[0] for each in told] == ["OK", "UNAUTHENTICATED", "UNAUTHENTICATED"]
    assert server.said("changed files refused")["files"] == [str(house.tokens)]
    written = json.dumps(server.log) + "".join(server.other)
    assert str(house.tokens) in written, "settings are logged, so paths are"
    for secret in (*presented, key, "slipped in"):
        assert secret not in written


def test_a_public_port_that_asks_nobody_who_they_are_is_warned_of() -> None:
    # To the settings no plain name of this machine, to the resolver one: nothing is opened here.
    server = spawn("--address", "LOCALHOST:0", "--allow-plaintext", "true")
    try:
        assert server.serving.wait(30)
    finally:
        server.stop()
    assert server.said("anyone who reaches the port may call")["level"] == "warning"
