"""A bad start fails plainly: not zero, soon, one line that names the remedy."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from mujaz_models import store
from processes import SERVER, running, spawn


def failed_start(*flags: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    started = time.monotonic()
    command = [str(SERVER), "serve", "--address", "127.0.0.1:0", "--metrics-address", "", *flags]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=os.environ | (env or {}),
    )
    assert time.monotonic() - started < 10
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


def test_a_missing_model_is_named_with_those_that_exist() -> None:
    status, said = failed_start("--model", "nowhere")
    assert status == 1
    assert "'nowhere'" in said
    assert "starter" in said


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param("model.bin", lambda data: data[:-100], id="weights cut short"),
        pytest.param(
            "model.bin",
            lambda data: data[:-1] + bytes([data[-1] ^ 1]),
            id="a changed byte of weights",
        ),
        pytest.param("source.spm", lambda _: b"", id="an empty vocabulary"),
        pytest.param("mujaz.json", lambda _: b"{", id="a manifest that is not JSON"),
    ],
)
def test_a_corrupt_model_is_refused(name: str, damage: object, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(store.embedded(), folder)
    (folder / name).write_bytes(damage((folder / name).read_bytes()))  # type: ignore[operator]
    status, said = failed_start("--model", str(folder))
    assert status == 1
    assert name in said


def test_a_taken_port_is_an_error_not_a_second_server() -> None:
    with running() as server:
        status, said = failed_start("--address", server.address)
    assert status == 1
    assert server.address in said
    assert "--address" in said


def test_a_taken_metrics_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = failed_start("--metrics-address", f"127.0.0.1:{port}")
    assert status == 1
    assert "--metrics-address" in said


@pytest.mark.parametrize(
    ("flags", "env", "named"),
    [
        pytest.param(["--threads", "-1"], {}, "threads", id="a flag out of range"),
        pytest.param(["--stall-timeout", "nan"], {}, "stall_timeout", id="no number"),
        pytest.param(["--address", "nonsense"], {}, "address", id="an address without a port"),
        pytest.param(
            ["--address", "0.0.0.0:0"], {}, "tls_certificate", id="a public address without TLS"
        ),
        pytest.param(
            ["--address", "0.0.0.0:0", "--allow-plaintext", "true", "--tokens", "tokens.toml"],
            {},
            "plain text",
            id="tokens in plain text",
        ),
        pytest.param(["--tls-key", "server.key"], {}, "tls_certificate", id="half of TLS"),
        pytest.param([], {"MUJAZ_BATCH_ROWS": "many"}, "batch_rows", id="a variable of words"),
        pytest.param([], {"MUJAZ_TREADS": "2"}, "MUJAZ_TREADS", id="an unknown variable"),
        pytest.param(["--config", "/nowhere.toml"], {}, "/nowhere.toml", id="no such file"),
    ],
)
def test_a_bad_setting_is_named(flags: list[str], env: dict[str, str], named: str) -> None:
    status, said = failed_start(*flags, env=env)
    assert status == 2
    assert named in said


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        pytest.param(["--tokens", "/nowhere.toml"], "/nowhere.toml", id="no tokens"),
        pytest.param(
            ["--tls-certificate", "/nowhere.pem", "--tls-key", "/nowhere.key"],
            "/nowhere.pem",
            id="no certificate",
        ),
    ],
)
def test_a_missing_file_is_named_with_its_flag(flags: list[str], named: str) -> None:
    status, said = failed_start(*flags)
    assert status == 1
    assert named in said
    assert flags[0] in said


def test_sigterm_while_the_model_loads_ends_the_server() -> None:
    server = spawn()
    while not _handles_sigterm(server.process.pid):
        assert server.process.poll() is None
    server.process.send_signal(signal.SIGTERM)
    assert server.wait(10) == 0


def _handles_sigterm(pid: int) -> bool:
    caught = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "SigCgt" in line
    )
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
