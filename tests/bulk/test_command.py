"""The command with the real model, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from bulk.runs import lines, written
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.bulk.cli import main
from processes import ServerProcess, running

COMMAND = str(Path(sys.executable).with_name("mujaz-batch"))
ARTICLE = Path(__file__).parents[2] / "examples" / "article.ar.txt"
# Chunks of some documents only, so that there are many, and a signal of the kernel's own before the
# rename of one of them; the program is otherwise the same.
SMALL = """
import os, signal, sys
from mujaz_server.bulk import durable, job
from mujaz_server.bulk.chunks import chunked
from mujaz_server.bulk.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
job.chunked = lambda entries: chunked(entries, 900)
sent, left, install = signal.Signals[sys.argv.pop()], int(sys.argv.pop()), durable.install
def counted(scratch, path):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), sent)
    install(scratch, path)
durable.install = counted
main()
"""


def command(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running("--quality", "fast") as process:
        yield process


def summarized(server: ServerProcess, text: str) -> list[Any]:
    with grpc.insecure_channel(server.address) as channel:
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        return list(stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=text)))


def test_a_row_says_what_the_service_says(server: ServerProcess, tmp_path: Path) -> None:
    """Words may vary with the batch that a sentence is in, on some processors; places may not."""
    text = ARTICLE.read_text(encoding="utf-8")
    source = written(tmp_path / "in.jsonl", [{"id": "article", "text": text}])
    done = command(source, tmp_path / "out.jsonl", "--quality", "fast")
    assert (done.returncode, "1 documents" in done.stderr) == (0, True), done.stderr
    [row] = lines(tmp_path / "out.jsonl")
    events = summarized(server, text)
    streamed = [event.sentence for event in events if event.HasField("sentence")]
    places = ("index", "paragraph", "start_offset", "end_offset", "source_text")
    for ours, theirs in zip(row["sentences"], streamed, strict=True):
        assert [ours[name] for name in places] == [getattr(theirs, name) for name in places]
    alike = [
        ours["text"] == theirs.text for ours, theirs in zip(row["sentences"], streamed, strict=True)
    ]
    assert sum(alike) >= 0.8 * len(alike)
    [summary] = [event.summary for event in events if event.HasField("summary")]
    if all(alike):
        picked = [(each.index, each.rank, each.text) for each in summary.sentences]
        ours = [(each["index"], each["rank"], each["text"]) for each in row["summary"]["sentences"]]
        assert ours == picked
    assert len(row["summary"]["sentences"]) == len(summary.sentences) == 3


def test_killed_while_it_writes_it_goes_on_and_ends_alike(tmp_path: Path) -> None:
    text = ARTICLE.read_text(encoding="utf-8")
    documents = [{"id": f"d{n}", "text": text[100 * n : 100 * n + 200]} for n in range(20)]
    source = written(tmp_path / "in.jsonl", [*documents, {"text": ""}, *documents])
    given = [sys.executable, "-c", SMALL, str(source), "out.jsonl", "--quality", "fast"]
    for folder in ("whole", "killed"):
        (tmp_path / folder).mkdir()

    def status(folder: str, renames: int) -> int:
        arguments = [*given, str(renames), "SIGKILL"]
        return subprocess.run(arguments, cwd=tmp_path / folder, check=False).returncode

    assert status("whole", 0) == 3
    assert [status("killed", renames) for renames in (1, 3, 4, 5)] == [-signal.SIGKILL] * 4
    assert status("killed", 0) == 3
    for name in ("out.jsonl", "out.jsonl.rejected.jsonl", "out.jsonl.state.json"):
        ours, theirs = tmp_path / "killed" / name, tmp_path / "whole" / name
        assert ours.read_bytes() == theirs.read_bytes()
    assert len(os.listdir(tmp_path / "killed")) == 3  # noqa: PTH208  names alone


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["in.csv", "out.jsonl"], 1, "there is no in.csv"),
        (["in.jsonl", "out.csv"], 1, "give it"),
        (["in.jsonl", "out.jsonl", "--model", "nobody"], 1, "there is no model 'nobody'"),
        (["in.jsonl", "out.jsonl", "--quality", "worst"], 2, "quality"),
        (["in.jsonl", "out.jsonl", "--summary-sentences", "0"], 2, "1 or more"),
        (["in.jsonl", "nowhere/out.jsonl"], 1, "nowhere"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: list[str], status: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "in.jsonl", [{"text": "وصل الوزير."}])
    done = command(*arguments)
    assert done.returncode == status
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


def test_interrupted_it_says_that_it_can_go_on(tmp_path: Path) -> None:
    text = ARTICLE.read_text(encoding="utf-8")
    source = written(tmp_path / "in.jsonl", [{"text": text[:900]}] * 3)
    given = [sys.executable, "-c", SMALL, str(source), "out.jsonl", "3", "SIGINT"]
    done = subprocess.run(given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "the same command goes on" in done.stderr
    assert json.loads((tmp_path / "out.jsonl.state.json").read_bytes())["complete"] is None


@pytest.mark.parametrize(
    ("module", "needs", "extra"),
    [
        ("progress", "tqdm", "batch"),
        ("parquet", "pyarrow", "batch"),
        ("ray", "ray", "ray"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(
    module: str,
    needs: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delitem(sys.modules, f"mujaz_server.bulk.{module}", raising=False)
    monkeypatch.setitem(sys.modules, needs, None)
    source = written(tmp_path / "in.jsonl", [{"text": "وصل الوزير."}])
    output = tmp_path / ("out.parquet" if module == "parquet" else "out.jsonl")
    with pytest.raises(SystemExit) as exit_:
        main([str(source), str(output), "--actors", "1"])
    assert exit_.value.code == 1
    assert f"pip install 'mujaz-server[{extra}]'" in capsys.readouterr().err
