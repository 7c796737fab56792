"""The real model on the demo's article, through the real client.

Exact words vary with the processor's int8 kernels; what must hold on every one is asserted.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from processes import CLIENT, ServerProcess, running

ARTICLE = Path(__file__).parents[2] / "examples" / "article.ar.txt"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running() as process:
        yield process


@pytest.fixture(scope="module")
def document(server: ServerProcess) -> dict[str, Any]:
    done = subprocess.run(
        [CLIENT, "summarize", "--server", server.address, "--json", ARTICLE],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_document_can_be_put_together_again(document: dict[str, Any]) -> None:
    text = ARTICLE.read_text(encoding="utf-8")
    gaps, sentences = document["gaps"], document["sentences"]
    assert len(gaps) == len(sentences) + 1
    parts = [gaps[0]]
    for sentence, gap in zip(sentences, gaps[1:], strict=True):
        assert text[sentence["start_offset"] : sentence["end_offset"]] == sentence["source_text"]
        parts += [sentence["source_text"], gap]
    assert "".join(parts) == text


def test_headline_and_signature_are_sentences_of_their_own(document: dict[str, Any]) -> None:
    sources = [each["source_text"] for each in document["sentences"]]
    assert sources[0] == "جنود سوريون بالقرب من حطام منازل"
    assert sources[-1] == "ا ف ب"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("قتل اربعة جنود واصيب 13 اخرون بجروح في قصف", ["four", "soldiers", "syrian", "13"]),
        ("صادق البرلمان الالماني", ["german", "parliament", "friday"]),
        ("منذ ايلول/سبتمبر 2014", ["september", "2014"]),
    ],
)
def test_what_matters_survives_translation(
    source: str, words: list[str], document: dict[str, Any]
) -> None:
    [text] = [
        each["text"].lower() for each in document["sentences"] if source in each["source_text"]
    ]
    assert [word for word in words if word not in text] == []


def test_the_summary_is_three_sentences_of_the_article(document: dict[str, Any]) -> None:
    sentences = {each["index"]: each for each in document["sentences"]}
    picks = document["summary"]["sentences"]
    assert len(picks) == 3
    for pick in picks:
        assert pick["text"] == sentences[pick["index"]]["text"]
        assert pick["source_text"] == sentences[pick["index"]]["source_text"]
    assert "ا ف ب" not in [pick["source_text"] for pick in picks]


def test_nearly_every_sentence_is_beyond_doubt(document: dict[str, Any]) -> None:
    report = document["report"]
    assert report["streamed_sentence_count"] == len(document["sentences"])
    assert report["flagged_sentence_count"] <= len(document["sentences"]) / 4
