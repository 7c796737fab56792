"""Every example runs as it stands, against a real server, and shows what it promises."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import ServerProcess, running

EXAMPLES = Path(__file__).parents[2] / "examples"
ARTICLE = EXAMPLES / "article.ar.txt"
NODE = EXAMPLES / "node"

HEADLINE = "جنود سوريون بالقرب من حطام منازل"
SIGNATURE = "ا ف ب"
SENTENCES = 18
LATIN = re.compile(r"[A-Za-z]")


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running() as process:
        yield process


def shown(*command: str | Path, env: dict[str, str] | None = None) -> list[str]:
    """Runs a command that must succeed in silence; returns the lines it prints."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | (env or {})
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_translate_async_prints_a_line_of_english_for_each_sentence(server: ServerProcess) -> None:
    lines = shown(sys.executable, EXAMPLES / "translate_async.py", ARTICLE, server.address)
    assert len(lines) == SENTENCES
    assert [line for line in lines if not LATIN.search(line)] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_summarize_sync_prints_three_sentences_above_their_arabic(server: ServerProcess) -> None:
    lines = shown(sys.executable, EXAMPLES / "summarize_sync.py", ARTICLE, server.address)
    article = ARTICLE.read_text(encoding="utf-8")
    assert len(lines) == 6
    numbers = []
    for english, source in zip(lines[::2], lines[1::2], strict=True):
        found = re.fullmatch(r"  sentence (\d+): (.+)", source)
        assert LATIN.search(english)
        assert found
        assert found[2] in article
        numbers.append(int(found[1]))
    assert numbers == sorted(numbers)


@pytest.mark.skipif(not shutil.which("jq"), reason="headlines.sh needs jq")
def test_headlines_prints_file_english_and_arabic_of_each_article(
    server: ServerProcess, tmp_path: Path
) -> None:
    for name in ("a.txt", "b.txt"):
        shutil.copy(ARTICLE, tmp_path / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    rows = [
        line.split("\t")
        for line in shown(EXAMPLES / "headlines.sh", tmp_path, server.address, env={"PATH": path})
    ]
    article = ARTICLE.read_text(encoding="utf-8")
    assert [file for file, _, _ in rows] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    for _, english, source in rows:
        assert LATIN.search(english)
        assert source in article


@pytest.mark.skipif(not shutil.which("jq"), reason="headlines.sh needs jq")
def test_headlines_leaves_out_an_article_that_fails_and_names_it(
    server: ServerProcess, tmp_path: Path
) -> None:
    shutil.copy(ARTICLE, tmp_path / "good.txt")
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [EXAMPLES / "headlines.sh", tmp_path, server.address],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PATH": path},
    )
    [line] = done.stdout.splitlines()
    assert line.startswith(str(tmp_path / "good.txt"))
    assert "blank.txt" in done.stderr.replace("\n", "")


@pytest.mark.skipif(
    not shutil.which("node") or not (NODE / "node_modules").is_dir(),
    reason="the Node example needs node, and npm ci in examples/node",
)
def test_the_node_client_shows_sentences_summary_and_that_it_is_complete(
    server: ServerProcess,
) -> None:
    lines = shown("node", NODE / "summarize.js", ARTICLE, server.address)
    assert lines[:2] == [f"{SENTENCES} sentences, translated by starter", ""]
    numbered = [line.partition(". ")[0] for line in lines[2 : 2 + SENTENCES]]
    assert numbered == [str(number) for number in range(1, SENTENCES + 1)]
    assert lines[2 + SENTENCES : 4 + SENTENCES] == ["", "Summary"]
    summary = lines[4 + SENTENCES : -2]
    assert len(summary) == 6
    article = ARTICLE.read_text(encoding="utf-8")
    for english, source in zip(summary[::2], summary[1::2], strict=True):
        assert re.fullmatch(r"- .*[A-Za-z].* \[sentence \d+\]", english)
        assert source.strip() in article
    assert lines[-2:] == ["", f"complete: {SENTENCES} sentences"]


def test_the_demo_starts_a_server_shows_the_article_and_stops_it() -> None:
    lines = shown(
        sys.executable, EXAMPLES / "demo.py", ARTICLE, env={"COLUMNS": "100", "NO_COLOR": "1"}
    )
    text = "\n".join(lines)
    assert re.match(r"Starting the server with the embedded model … ready in \d+\.\d s\n\n", text)
    assert HEADLINE in text
    assert SIGNATURE in text
    summary = text[text.index("Summary") :]
    assert len(re.findall(r"sentence \d+, score \d", summary)) == 3
    assert lines[-1] == "Server stopped: exit 0."


def test_the_demo_passes_on_that_an_article_failed(tmp_path: Path) -> None:
    blank = tmp_path / "blank.txt"
    blank.write_text(" \n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "demo.py", blank], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "must not be blank" in done.stderr
    assert done.stdout.splitlines()[-1] == "Server stopped: exit 0."
