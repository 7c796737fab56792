from __future__ import annotations

import json
import os
import pty
import signal
from typing import TYPE_CHECKING

import grpc
import pytest
from typer.testing import CliRunner

from commands import PATIENCE, run, start
from mujaz_client.cli import app

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from client.conftest import ScriptedServer


def test_a_folder_is_read_recursively_and_in_order(server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "a.txt", "b/d.txt", "not.md"):
        (tmp_path / name).write_text(f"نص {name}", encoding="utf-8")
    result = run(server, "translate", "--json", tmp_path)
    names = [json.loads(line)["id"] for line in result.stdout.splitlines()]
    assert names == [str(tmp_path / name) for name in ("a.txt", "b/d.txt", "c.txt")]


def test_many_documents_are_printed_one_after_another(
    server: ScriptedServer, tmp_path: Path
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text("نص.", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["translate", "--server", server.target, "--concurrency", "2", str(tmp_path)]
    )
    assert result.exit_code == 0
    assert result.stdout.count("  1  English 1.") == 5


def test_a_failed_document_is_reported_and_the_rest_go_on(
    server: ScriptedServer, tmp_path: Path
) -> None:
    for name in ("1", "2", "3"):
        (tmp_path / f"{name}.txt").write_text(name, encoding="utf-8")
    (tmp_path / "2.txt").write_bytes(b"ok \xe3\xe4")
    server.script.append(
        server.refuses(grpc.StatusCode.INVALID_ARGUMENT, "EMPTY_TEXT", "text is empty")
    )
    result = run(server, "translate", "--json", "--concurrency", "1", tmp_path, tmp_path / "no")
    assert result.exit_code == 1
    first, second, third, fourth = map(json.loads, result.stdout.splitlines())
    assert first["error"]["reason"] == "EMPTY_TEXT"
    assert first["error"]["request_id"] == "req-7"
    assert second["error"]["code"] == "UNREADABLE"
    assert third["sentences"]
    assert fourth["error"]["message"] == "cannot be read: No such file or directory"
    assert "1.txt: text is empty [INVALID_ARGUMENT EMPTY_TEXT, request req-7]" in result.stderr
    assert "2.txt: is not UTF-8: byte 0xe3 at offset 3" in result.stderr


def test_lines_of_json_go_in_and_come_out_in_order(server: ScriptedServer, tmp_path: Path) -> None:
    lines = [
        '{"id": "one", "text": "نص."}',
        "not json",
        "",
        '{"text": "بلا اسم."}',
        '{"id": 5}',
        '{"id": 6, "text": "\\ud800"}',
        "[]",
        '{"id": {"k": 1}, "text": "نص."}',
    ]
    path = tmp_path / "in.jsonl"
    path.write_bytes("\n".join(lines).encode() + b'\n{"text": "\xff"}\n')
    result = run(server, "summarize", "--jsonl", path)
    assert result.exit_code == 1
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == ["one", 2, 4, 5, 6, 7, {"k": 1}, 9]
    assert [("error" in answer) for answer in answers] == [
        False, True, False, True, True, True, False, True,
    ]  # fmt: skip


def test_lines_of_json_are_answered_while_standard_input_is_open(server: ScriptedServer) -> None:
    with start(server, "translate", "--jsonl") as process:
        assert process.stdin
        assert process.stdout
        for number in range(3):
            process.stdin.write(f'{{"id": {number}, "text": "نص."}}\n'.encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


def test_a_text_can_be_piped_in(server: ScriptedServer, article: str) -> None:
    with start(server, "summarize") as process:
        out, err = process.communicate(article.encode(), PATIENCE)
    assert (process.returncode, err) == (0, b"")
    assert "English 4." in out.decode()
    assert server.requests[0].text == article


def test_output_is_utf8_in_any_locale(server: ScriptedServer, file: Path) -> None:
    environment = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    with start(server, "translate", file, env=environment) as process:
        out, _ = process.communicate(timeout=PATIENCE)
    assert "جنود" in out.decode()


def on_terminal(server: ScriptedServer, *arguments: str | Path, **environment: str) -> str:
    """What the command writes to a terminal on standard output and error."""
    outer, inner = pty.openpty()
    environment = {"TERM": "xterm-256color", "COLUMNS": "80", **environment}
    with start(server, *arguments, stdout=inner, stderr=inner, env=environment) as process:
        os.close(inner)
        written = b""
        try:
            while chunk := os.read(outer, 65536):
                written += chunk
        except OSError:  # the other end is closed
            pass
        assert process.wait(PATIENCE) == 0
    os.close(outer)
    return written.decode()


def test_a_terminal_gets_colour_unless_it_wants_none(server: ScriptedServer, file: Path) -> None:
    arabic_in_cyan = "\x1b[36mجنود"
    assert arabic_in_cyan in on_terminal(server, "translate", file)
    plain = on_terminal(server, "translate", file, NO_COLOR="1")
    assert "جنود" in plain
    assert "\x1b[3" not in plain


def test_a_single_document_is_never_redrawn(server: ScriptedServer, file: Path) -> None:
    written = on_terminal(server, "summarize", file)
    assert not [code for code in ("\x1b[1A", "\x1b[2K", "\x1b[H", "\r\x1b") if code in written]


def test_a_bar_shows_only_on_a_terminal(server: ScriptedServer, tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text("نص.", encoding="utf-8")
    written = on_terminal(server, "translate", "--json", tmp_path)
    assert "documents" in written
    assert "2/2" in written or "1/2" in written
    with start(server, "translate", "--json", tmp_path) as process:
        _, err = process.communicate(timeout=PATIENCE)
    assert err == b""


@pytest.mark.parametrize("form", ["--json", ""])
def test_an_escape_sequence_in_a_document_does_not_reach_the_terminal(
    server: ScriptedServer, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "evil\x1b]0;title\x07.txt"
    path.write_text("نص\x1b[2J\x1b]0;owned\x07\x9b31m\u202eآخر.", encoding="utf-8")
    events = server.plays(path.read_text(encoding="utf-8"), 0)
    events[1].sentence.text = "English \x1b[31mred\u2066"
    events[0].outline.model = "m\x1b[5m"
    server.script.append(lambda *_: events)
    result = run(server, "translate", *form.split(), path)
    assert result.exit_code == 0
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"} & set(result.stdout)
    server.script.append(server.refuses(grpc.StatusCode.INTERNAL, "DEFECT", "bad \x1b[31m"))
    assert "\x1b" not in run(server, "translate", path).stderr


@pytest.mark.parametrize("form", ["--jsonl", ""])
def test_a_reader_that_leaves_ends_the_command_quietly(
    server: ScriptedServer, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "long.txt"
    line = '{"text": "نص."}' if form else "نص."
    path.write_text(f"{line}\n" * 3000, encoding="utf-8")
    with start(server, "translate", *form.split(), path) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 141


@pytest.mark.parametrize("count", [1, 2])
def test_an_interrupt_cancels_the_calls_and_ends_quietly(
    server: ScriptedServer, tmp_path: Path, count: int
) -> None:
    for number in range(count):
        (tmp_path / f"{number}.txt").write_text("نص.", encoding="utf-8")
        server.script.append(server.stalls_after(2))
    with start(server, "summarize", tmp_path) as process:
        assert process.stderr
        for _ in range(count):
            server.begun.get(timeout=PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 130
    for _ in range(count):
        assert server.ended.get(timeout=PATIENCE)


@pytest.mark.parametrize("form", ["--jsonl", ""])
def test_an_interrupt_ends_a_wait_for_standard_input(server: ScriptedServer, form: str) -> None:
    with start(server, "translate", *form.split()) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        if form:  # an answer shows that the command waits for the next line
            process.stdin.write('{"text": "نص."}\n'.encode())
            process.stdin.flush()
            process.stdout.readline()
        else:
            wait_until_it_reads(process)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 130


def wait_until_it_reads(process: subprocess.Popen[bytes]) -> None:
    """Fills the pipe: the write returns once the command has begun to read."""
    assert process.stdin
    process.stdin.write(b"a" * 200_000)
    process.stdin.flush()
