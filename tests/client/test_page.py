from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client import Client, Collector, DocumentResult, convert
from mujaz_client.page import page

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Reads a page and holds that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {"ar": [], "en": []}
        self._open: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append((tag, attributes.get("class")))
        if tag == "p" and attributes.get("class") in self.texts:
            self.texts[str(attributes["class"])].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for tag, name in self._open:
            if tag == "p" and name in self.texts:
                self.texts[name][-1] += data

    def all(self, attribute: str) -> list[str]:
        return [str(a[attribute]) for _, a in self.elements if attribute in a]


def summarized(server: ScriptedServer, text: str) -> DocumentResult:
    with Client(server.target) as client:
        return client.summarize(text)


def collected(text: str, responses: list[Any]) -> DocumentResult:
    collector = Collector(text, summarized=False)
    for response in responses:
        event = convert.event(response)
        assert event
        collector.add(event)
    return collector.result()


def test_links_lead_both_ways(server: ScriptedServer, article: str) -> None:
    reader = Reader(page("article.txt", summarized(server, article)))
    identities = reader.all("id")
    assert len(identities) == len(set(identities))
    links = [link.removeprefix("#") for link in reader.all("href")]
    assert set(links) <= set(identities)
    assert {"pick-0", "pick-1", "sentence-0", "sentence-1"} <= set(links)
    assert "pick-2" not in identities


def test_every_sentence_stands_beside_its_arabic(server: ScriptedServer, article: str) -> None:
    result = summarized(server, article)
    reader = Reader(page("article.txt", result))
    assert reader.texts["ar"][-4:] == [sentence.source_text for sentence in result.sentences]
    assert reader.texts["en"][-4:] == [sentence.text for sentence in result.sentences]
    arabic = [a for tag, a in reader.elements if tag == "p" and "ar" in str(a.get("class")).split()]
    assert {(a["lang"], a["dir"]) for a in arabic} == {("ar", "rtl")}


def test_a_headline_becomes_the_title(server: ScriptedServer, article: str) -> None:
    assert "<h1><bdi>English 1.</bdi></h1>" in page("a.txt", summarized(server, article))
    assert "<h1><bdi>a.txt</bdi></h1>" in page("a.txt", summarized(server, "نص. آخر."))


def test_nothing_is_fetched_and_nothing_runs(server: ScriptedServer, article: str) -> None:
    text = page("article.txt", summarized(server, article))
    reader = Reader(text)
    tags = {tag for tag, _ in reader.elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "svg", "audio", "video"}
    assert not reader.all("src")
    assert all(link.startswith("#") for link in reader.all("href"))
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_markup_in_a_document_is_only_text(server: ScriptedServer) -> None:
    evil = "<script>alert(1)</script>\"'&amp;</p></style>نص."
    events = server.plays(evil, 1)
    events[1].sentence.text = evil
    events[1].sentence.flags.append(pb.QUALITY_FLAG_NUMBERS_DIFFER)
    events[1].sentence.number_difference.missing.append("<b>1</b>")
    events[0].outline.model = "<i>m</i>"
    server.script.append(lambda *_: events)
    reader = Reader(page("</title><script>x</script>.txt", summarized(server, evil)))
    assert not {tag for tag, _ in reader.elements} & {"script", "b", "i"}
    assert reader.texts["ar"][-1] == evil
    assert reader.texts["en"][-1] == evil


def test_a_bidi_override_is_isolated(server: ScriptedServer) -> None:
    text = page("a\u202e.txt", summarized(server, "نص \u202eمقلوب."))
    body = text[text.index("<body>") :]
    places = [index for index, character in enumerate(body) if character == "\u202e"]
    assert len(places) == 4
    for place in places:
        assert body.rindex("<bdi>", 0, place) > body.rfind("</bdi>", 0, place)
        assert 0 < body.index("</bdi>", place) < (body + "<bdi>").index("<bdi>", place)
    assert "\u202e" not in text[: text.index("<body>")]


@given(text=st.text(min_size=1).filter(lambda text: bool(text.strip())))
@settings(max_examples=40)
def test_any_document_makes_a_page_that_reads_back(
    shared_server: ScriptedServer, text: str
) -> None:
    result = summarized(shared_server, text)
    content = page(text, result)
    content.encode()
    assert len(Reader(content).texts["ar"]) >= len(result.sentences)


def test_flags_are_explained_and_scores_shown(server: ScriptedServer) -> None:
    events = server.plays("نص.", 1)
    events[1].sentence.flags.append(pb.QUALITY_FLAG_REPETITION)
    events[1].sentence.ClearField("score")
    server.script.append(lambda *_: events)
    text = page("a.txt", summarized(server, "نص."))
    assert "repeats itself" in text
    assert "The English says the same again." in text
    assert "confidence" not in text[text.index("<body>") :]
    assert "+0.75" in text
    assert "\N{MINUS SIGN}0.25" in text


@pytest.mark.parametrize(
    ("unsent", "words"),
    [(0, "Every sentence beside its Arabic."), (5, "Only the sentences that were selected")],
)
def test_the_page_says_what_it_holds(
    server: ScriptedServer, article: str, unsent: int, words: str
) -> None:
    events = server.plays(article, 0)
    events[0].outline.sentence_count += unsent
    assert words in page("a.txt", collected(article, events))
