from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from grpc_health.v1 import health_pb2
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from commands import PATIENCE, run, start
from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from client.conftest import ScriptedServer


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


@given(text=st.text(min_size=1).filter(lambda text: bool(text.strip())))
@settings(max_examples=40)
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


def test_a_page_is_written(server: ScriptedServer, file: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert run(server, "summarize", "--html", page, file).exit_code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_page_that_cannot_be_written_is_reported(server: ScriptedServer, file: Path) -> None:
    result = run(server, "summarize", "--json", "--html", file.parent / "no" / "page.html", file)
    assert result.exit_code == 1
    assert "cannot be written: No such file" in result.stderr
