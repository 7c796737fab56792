"""Several documents summarized together, each sentence traced to its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.test_page import Reader
from commands import run
from mujaz_client import AsyncClient, Client, IncompleteStreamError, Joined

if TYPE_CHECKING:
    from pathlib import Path

    from client.conftest import ScriptedServer

STORY = {
    "وكالة.txt": "\ufeffافتتح الوزير الجسر. وشكر العمال",
    "local.txt": "وشكا السكان من الضجيج.\r\n🌍 وعادوا.\n",
    "third.txt": "رحب التجار بالجسر.",
}
TEXTS = [*STORY.values()]
STARTS = [0, len(TEXTS[0]) + 2, len(TEXTS[0]) + len(TEXTS[1]) + 4]


@pytest.fixture
def story(tmp_path: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files of one story, in the folder that commands run in; three sentences are selected."""
    for name, text in STORY.items():
        (tmp_path / name).write_bytes(text.encode())
    monkeypatch.chdir(tmp_path)
    server.summary_size = 3
    return [*STORY]


@given(st.lists(st.text(), min_size=1))
def test_joining_keeps_every_text(texts: list[str]) -> None:
    joined = Joined.of(texts)
    found = [
        joined.text[start : start + len(text)]
        for start, text in zip(joined.starts, texts, strict=True)
    ]
    assert found == texts
    assert len(joined.text) == sum(map(len, texts)) + 2 * (len(texts) - 1)


def test_one_call_tells_where_each_file_starts(server: ScriptedServer, story: list[str]) -> None:
    assert run(server, "summarize", "--together", *story).exit_code == 0
    [request] = server.requests
    assert request.text == "\n\n".join(TEXTS)
    assert request.document_start_offsets == STARTS


def test_a_summary_names_the_file_of_each_sentence(
    server: ScriptedServer, story: list[str]
) -> None:
    result = run(server, "summarize", "--together", *story)
    lines = result.stdout.splitlines()
    assert lines[:2] == [" + ".join(story), "5 sentences in 3 documents, ar to en"]
    assert [line for line in lines if line in story] == story
    # A name of Arabic letters must not turn its line around.
    assert [line.strip() for line in lines[lines.index("Summary") :] if "from" in line] == [
        "from وكالة.txt",
        "from وكالة.txt",
        "from local.txt",
    ]


def test_json_tells_the_file_and_the_span_in_it(server: ScriptedServer, story: list[str]) -> None:
    result = run(server, "summarize", "--together", "--json", *story)
    document = json.loads(result.stdout)
    assert document["id"] == " + ".join(story)
    found: list[Any] = [*document["sentences"], *document["summary"]["sentences"]]
    assert len(found) == 8
    for each in found:
        source = each["source"]
        text = STORY[source["id"]]
        assert text[source["start_offset"] : source["end_offset"]] == each["source_text"]
        assert story[each["document"]] == source["id"]
    pieces = [each["source_text"] for each in document["sentences"]]
    joined = "".join(a + b for a, b in zip(document["gaps"], [*pieces, ""], strict=True))
    assert joined == "\n\n".join(TEXTS)


def test_a_document_alone_has_no_other_source(server: ScriptedServer, file: Path) -> None:
    document = json.loads(run(server, "summarize", "--json", file).stdout)
    assert "source" not in document["sentences"][0]
    assert not server.requests[0].document_start_offsets


def test_lines_of_json_keep_their_ids(
    server: ScriptedServer, story: list[str], tmp_path: Path
) -> None:
    server.summary_size = len(story)
    lines = [json.dumps({"id": number, "text": text}) for number, text in enumerate(TEXTS)]
    (tmp_path / "story.jsonl").write_text("\n".join(lines), encoding="utf-8")
    result = run(server, "summarize", "--together", "--jsonl", "story.jsonl")
    sentences = json.loads(result.stdout)["sentences"]
    assert [each["source"]["id"] for each in sentences] == [0, 0, 1, 1, 2]


def test_a_page_heads_each_file_and_names_it_at_each_pick(
    server: ScriptedServer, story: list[str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    assert run(server, "summarize", "--together", "--html", page, *story).exit_code == 0
    text = page.read_text(encoding="utf-8")
    reader = Reader(text)
    assert "<h1>3 documents, one summary</h1>" in text
    assert [tag for tag, _ in reader.elements].count("h3") == 3
    assert text.count("<span>from <bdi>وكالة.txt</bdi></span>") == 2
    identities = reader.all("id")
    assert len(identities) == len(set(identities))
    assert {link.removeprefix("#") for link in reader.all("href")} <= set(identities)


def test_nothing_is_sent_where_a_file_is_missing(server: ScriptedServer, story: list[str]) -> None:
    result = run(server, "summarize", "--together", story[0], "missing.txt", story[1])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "mujaz: missing.txt: cannot be read: No such file or directory\n"
    assert not server.requests


async def test_both_clients_trace_each_sentence(server: ScriptedServer) -> None:
    with Client(server.target) as client:
        result = client.summarize_together(TEXTS)
    async with AsyncClient(server.target) as asyncio_client:
        assert await asyncio_client.summarize_together(TEXTS) == result
    assert result.summary
    traced: list[Any] = [*result.sentences, *result.summary.sentences]
    for each in traced:
        start, end = result.span_in_document(each)
        assert TEXTS[each.document][start:end] == each.source_text


def test_a_server_that_does_not_know_documents_is_told_from_one_that_does(
    server: ScriptedServer,
) -> None:
    server.script.append(lambda request, _: server.plays(request.text, 1))
    with (
        Client(server.target) as client,
        pytest.raises(IncompleteStreamError, match="tells 0 of 3 documents apart"),
    ):
        client.summarize_together(TEXTS)


@pytest.mark.parametrize(
    ("length", "document"),
    [
        pytest.param(10, 1, id="another document"),
        pytest.param(10, 7, id="a document that is none"),
        pytest.param(len(TEXTS[0]) + 5, 0, id="a sentence of two documents"),
    ],
)
def test_a_sentence_must_stand_in_the_document_it_names(
    server: ScriptedServer, length: int, document: int
) -> None:
    joined = Joined.of(TEXTS)
    events = server.plays(joined.text, 1, joined.starts)
    sentence = events[1].sentence
    sentence.document, sentence.end_offset = document, length
    sentence.source_text = joined.text[sentence.start_offset : length]
    server.script.append(lambda *_: events)
    with (
        Client(server.target) as client,
        pytest.raises(IncompleteStreamError, match="does not stand in document"),
    ):
        client.summarize_together(TEXTS)
