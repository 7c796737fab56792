from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client.cli import app

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

MUJAZ = str(Path(sys.executable).with_name("mujaz"))
PATIENCE = 20


def run(server: ScriptedServer, *arguments: str | Path) -> Any:
    """The command in this process."""
    command, *rest = map(str, arguments)
    return CliRunner().invoke(app, [command, "--server", server.target, *rest])


def start(server: ScriptedServer, *arguments: str | Path, **more: Any) -> subprocess.Popen[bytes]:
    """The command in a process of its own."""
    environment = {**os.environ, "MUJAZ_SERVER": server.target, **more.pop("env", {})}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([MUJAZ, *map(str, arguments)], env=environment, **{**streams, **more})


@pytest.fixture
def file(tmp_path: Path, article: str) -> Path:
    path = tmp_path / "article.txt"
    path.write_bytes(article.encode())
    return path


# ---------------------------------------------------------------- for people


def test_a_summary_reads_well_when_piped(server: ScriptedServer, file: Path) -> None:
    server.summary_size = 1
    result = run(server, "summarize", file)
    assert result.exit_code == 0
    arabic = "جنود سوريون بالقرب من حطام منازل".rjust(80)
    lines = result.stdout.splitlines()
    body = lines[lines.index("4 sentences, ar to en") :]
    assert body[:5] == ["4 sentences, ar to en", "", "  1  English 1.", arabic, ""]
    assert body[body.index("Summary") :] == [
        "Summary",
        "1 of 4 sentences, 4 words, 50% of the words",
        "",
        "  1  English 1.",
        arabic,
        "     sentence 1, score 0.50: position +0.75, repeats others \N{MINUS SIGN}0.25",
        "",
        "4 sentences",
        "10 tokens in, 1,200 out; first sentence after 0.25 s; all in 1.50 s; model",
        "scripted",
    ]
    assert "\x1b" not in result.stdout


def test_a_translation_has_no_summary_section(server: ScriptedServer, file: Path) -> None:
    result = run(server, "translate", "--quality", "fast", "--wrap", "--model", "m", file)
    assert result.exit_code == 0
    assert "Summary" not in result.stdout
    assert server.requests[0].options == pb.TranslationOptions(
        quality=pb.QUALITY_FAST, model="m", newline_mode=pb.NEWLINE_MODE_WRAP
    )


def test_every_option_of_a_summary_reaches_the_server(server: ScriptedServer, file: Path) -> None:
    options = "--words 50 --order select-first --query غارات --diversity 0.25 --revisions 3"
    assert run(server, "summarize", *options.split(), file).exit_code == 0
    assert server.requests[0].summary == pb.SummaryOptions(
        word_count=50,
        order=pb.SUMMARY_ORDER_SELECT_FIRST,
        query="غارات",
        diversity=0.25,
        revision_count=3,
    )


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [("--sentences", "sentence_count", 5), ("--ratio", "ratio", 0.5)],
)
def test_each_budget_is_an_option(
    server: ScriptedServer, file: Path, option: str, field: str, value: float
) -> None:
    assert run(server, "summarize", option, str(value), file).exit_code == 0
    assert getattr(server.requests[0].summary, field) == value


def test_models_are_listed(server: ScriptedServer) -> None:
    result = run(server, "models")
    assert result.exit_code == 0
    assert "a (default)" in result.stdout
    assert "BLEU 31.2 on wire (beam 4)" in result.stdout
    listed = json.loads(run(server, "models", "--json").stdout)
    assert [model["name"] for model in listed["models"]] == ["a", "b", "c"]


def test_health_tells_by_its_exit_code(server: ScriptedServer) -> None:
    result = run(server, "health")
    assert (result.exit_code, result.stdout) == (0, f"{server.target}: SERVING\n")
    server.health.set("", health_pb2.HealthCheckResponse.NOT_SERVING)
    result = run(server, "health")
    assert (result.exit_code, result.stdout) == (1, f"{server.target}: NOT_SERVING\n")


# ---------------------------------------------------------------- for machines


@given(text=st.text(min_size=1).filter(lambda text: bool(text.strip())))
@settings(deadline=None, max_examples=40)
def test_spans_and_gaps_of_json_give_the_file_back(
    shared_server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "property.txt"
    path.write_bytes(text.encode())
    result = run(shared_server, "summarize", "--json", path)
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["outline"]["code_point_count"] == len(text)
    pieces = [sentence["source_text"] for sentence in document["sentences"]]
    spans = [(s["start_offset"], s["end_offset"]) for s in document["sentences"]]
    assert pieces == [text[start:end] for start, end in spans]
    joined = "".join(a + b for a, b in zip(document["gaps"], [*pieces, ""], strict=True))
    assert joined.encode() == path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("\ufeffنص.\r\nآخر.\r\n", id="byte order mark and CRLF"),
        pytest.param("\n\n نص \t", id="white space around"),
        pytest.param("نص\x00.\u202eآخر\x1b[31m.", id="controls"),
    ],
)
def test_a_file_is_sent_exactly_as_it_is(
    server: ScriptedServer, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content.encode())
    result = run(server, "translate", "--json", path)
    assert server.requests[0].text == content
    document = json.loads(result.stdout)
    sources = [sentence["source_text"] for sentence in document["sentences"]]
    assert "".join(map("".join, zip(document["gaps"], [*sources, ""], strict=True))) == content
    assert not {"\x1b", "\x00", "\u202e"} & set(result.stdout)


def test_json_names_flags_and_reasons(server: ScriptedServer, file: Path) -> None:
    events = server.plays(file.read_text(encoding="utf-8"), 1)
    events[1].sentence.flags.append(pb.QUALITY_FLAG_NUMBERS_DIFFER)
    events[1].sentence.number_difference.missing.append("13")
    server.script.append(lambda *_: events)
    document = json.loads(run(server, "summarize", "--json", file).stdout)
    assert document["id"] == str(file)
    assert document["model"] == "scripted"
    assert document["sentences"][0]["flags"] == ["NUMBERS_DIFFER"]
    assert document["sentences"][0]["number_difference"] == {"missing": ["13"], "added": []}
    assert document["summary"]["sentences"][0]["reasons"][0] == {
        "kind": "POSITION",
        "contribution": 0.75,
    }
    assert document["report"]["total_seconds"] == 1.5


# ---------------------------------------------------------------- many documents


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


# ---------------------------------------------------------------- pipes, terminals, signals


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


# ---------------------------------------------------------------- wrong usage


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["--sentences", "1", "--ratio", "1"], "one of", id="two budgets"),
        pytest.param(["--html", "x.html", "."], "one document", id="a page of many documents"),
        pytest.param(["--jsonl", "--html", "x.html"], "one document", id="a page of lines"),
        pytest.param(["--order", "neither"], "--order", id="an unknown order"),
        pytest.param(["--concurrency", "0"], "--concurrency", id="no concurrency"),
        pytest.param(["empty"], "no .txt file", id="an empty folder"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text("نص.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = run(server, "summarize", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert not server.requests


def test_a_terminal_without_a_file_is_wrong_usage(server: ScriptedServer) -> None:
    outer, inner = pty.openpty()
    with start(server, "translate", stdin=inner) as process:
        _, err = process.communicate(timeout=PATIENCE)
    os.close(inner)
    os.close(outer)
    assert process.returncode == 2
    assert "pipe a text in" in err.decode()


def test_no_server_is_exit_code_1_and_one_line(file: Path) -> None:
    result = CliRunner().invoke(app, ["summarize", "--server", "127.0.0.1:1", str(file)])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no mujaz server answers at 127.0.0.1:1" in result.stderr
    assert result.stderr.count("\n") == 1
    assert CliRunner().invoke(app, ["health", "--server", "127.0.0.1:1"]).exit_code == 1


def test_help_tells_the_exit_codes_and_does_not_load_grpc() -> None:
    code = "import sys, mujaz_client.cli; sys.exit('grpc' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    result = CliRunner().invoke(app, ["--help"])
    assert "Exit codes: 0 all good, 1 some document failed, 2 wrong usage" in result.stdout


# ---------------------------------------------------------------- the page


def test_a_page_is_written(server: ScriptedServer, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run(server, "summarize", "--html", page, file).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_reported(server: ScriptedServer, file: Path) -> None:
    result = run(server, "summarize", "--json", "--html", file.parent / "no" / "page.html", file)
    assert result.exit_code == 1
    assert "cannot be written: No such file" in result.stderr
