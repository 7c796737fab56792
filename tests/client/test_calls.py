from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client import (
    AsyncClient,
    Client,
    DocumentOutline,
    DocumentReport,
    Health,
    IncompleteStreamError,
    NewlineMode,
    Quality,
    QualityFlag,
    Ratio,
    ReasonKind,
    SentenceCount,
    Summary,
    SummaryOptions,
    SummaryOrder,
    TranslatedSentence,
    TranslationOptions,
    WordCount,
    options,
    results,
)

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

PATIENCE = 10.0
FULL = (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


async def test_events_arrive_in_order_and_typed(server: ScriptedServer, article: str) -> None:
    async with AsyncClient(server.target) as client:
        events = [event async for event in client.summarize_document(article)]
    kinds = [type(event) for event in events]
    assert kinds == [DocumentOutline, *[TranslatedSentence] * 4, Summary, DocumentReport]


async def test_a_translation_has_no_summary(server: ScriptedServer, article: str) -> None:
    async with AsyncClient(server.target) as client:
        events = [event async for event in client.translate_document(article)]
    assert not any(isinstance(event, Summary) for event in events)
    assert server.requests[0].text == article


async def test_texts_come_back_in_order(server: ScriptedServer) -> None:
    async with AsyncClient(server.target) as client:
        answers = await client.translate_text(["نص", "آخر"], alternative_count=2)
    assert [answer.text for answer in answers] == ["English نص", "English آخر"]
    assert answers[0].sentences[0].source_text == "نص"
    assert server.requests[0].alternative_count == 2


async def test_a_summary_holds_everything_that_was_sent(
    server: ScriptedServer, article: str
) -> None:
    async with AsyncClient(server.target) as client:
        result = await client.summarize(article)
    assert result.summary is not None
    assert [sentence.index for sentence in result.summary.sentences] == [0, 1]
    assert result.summary.sentences[0].reasons[1].kind is ReasonKind.REDUNDANCY
    assert result.sentences[1].score == -0.25
    assert result.report.first_sentence_seconds == 0.25
    assert result.report.total_seconds == 1.5


async def test_options_reach_the_server(server: ScriptedServer, article: str) -> None:
    translation = TranslationOptions(
        quality=Quality.FAST, model="m", newline_mode=NewlineMode.WRAP, require_arabic=True
    )
    summary = SummaryOptions(
        budget=SentenceCount(2),
        order=SummaryOrder.SELECT_FIRST,
        query="q",
        diversity=0.0,
        revision_count=4,
    )
    async with AsyncClient(server.target) as client:
        await client.summarize(article, summary, translation)
    request = server.requests[0]
    assert request.options == pb.TranslationOptions(
        quality=pb.QUALITY_FAST, model="m", newline_mode=pb.NEWLINE_MODE_WRAP, require_arabic=True
    )
    assert request.summary == pb.SummaryOptions(
        sentence_count=2,
        order=pb.SUMMARY_ORDER_SELECT_FIRST,
        query="q",
        diversity=0.0,
        revision_count=4,
    )


@pytest.mark.parametrize(
    ("budget", "field"),
    [
        pytest.param(None, None, id="no budget leaves the field unset"),
        pytest.param(SentenceCount(0), "sentence_count", id="zero sentences are the server's"),
        pytest.param(WordCount(90), "word_count", id="words"),
        pytest.param(Ratio(0.2), "ratio", id="a share"),
    ],
)
async def test_each_budget_sets_its_own_field(
    server: ScriptedServer, article: str, budget: options.Budget | None, field: str | None
) -> None:
    async with AsyncClient(server.target) as client:
        await client.summarize(article, SummaryOptions(budget=budget))
    assert server.requests[0].summary.WhichOneof("budget") == field


async def test_an_unset_diversity_stays_unset(server: ScriptedServer, article: str) -> None:
    async with AsyncClient(server.target) as client:
        await client.summarize(article)
    assert not server.requests[0].summary.HasField("diversity")


async def test_models_are_read_over_all_pages(server: ScriptedServer) -> None:
    async with AsyncClient(server.target) as client:
        models = await client.list_models()
    assert [model.name for model in models] == ["a", "b", "c"]
    assert models[0].is_default
    assert models[0].scores[0].value == 31.25
    assert [request.page_token for request in server.requests] == ["", "more"]


@pytest.mark.parametrize("health", [Health.SERVING, Health.NOT_SERVING])
async def test_health_is_what_the_server_says(server: ScriptedServer, health: Health) -> None:
    server.health.set("", health_pb2.HealthCheckResponse.ServingStatus.Value(health.name))
    async with AsyncClient(server.target) as client:
        assert await client.health() is health
    with Client(server.target) as threaded:
        assert threaded.health() is health


async def test_the_token_goes_with_every_call(server: ScriptedServer) -> None:
    async with AsyncClient(server.target, token="secret") as client:
        await client.list_models()
    assert [sent["authorization"] for sent in server.metadata] == ["Bearer secret"] * 2


@pytest.mark.parametrize(
    ("ours", "theirs", "prefix"),
    [
        (results.QualityFlag, pb.QualityFlag, "QUALITY_FLAG_"),
        (results.ReasonKind, pb.ReasonKind, "REASON_KIND_"),
        (options.Quality, pb.Quality, "QUALITY_"),
        (options.NewlineMode, pb.NewlineMode, "NEWLINE_MODE_"),
        (options.SummaryOrder, pb.SummaryOrder, "SUMMARY_ORDER_"),
    ],
)
def test_enums_are_those_of_the_proto(ours: Any, theirs: Any, prefix: str) -> None:
    assert {prefix + member.name: member.value for member in ours} == dict(theirs.items())


async def test_an_unknown_event_is_passed_over(server: ScriptedServer, article: str) -> None:
    events = server.plays(article, 2)
    unknown = pb.SummarizeDocumentResponse.FromString(b"\xba\x06\x02hi")  # field 103
    server.script.append(lambda *_: [*events[:2], unknown, *events[2:]])
    async with AsyncClient(server.target) as client:
        result = await client.summarize(article)
    assert len(result.sentences) == 4


async def test_an_unknown_enum_number_is_unspecified(server: ScriptedServer) -> None:
    events = server.plays("نص.", 1)
    events[1].sentence.flags.extend([pb.QUALITY_FLAG_SPLIT, 99])
    events[2].summary.sentences[0].reasons[0].kind = 77
    server.script.append(lambda *_: events)
    async with AsyncClient(server.target) as client:
        result = await client.summarize("نص.")
    assert result.sentences[0].flags == (QualityFlag.SPLIT, QualityFlag.UNSPECIFIED)
    assert result.summary is not None
    assert result.summary.sentences[0].reasons[0].kind is ReasonKind.UNSPECIFIED


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        pytest.param(lambda e: e[:-1], "without its report", id="report missing"),
        pytest.param(lambda _: [], "without its report", id="nothing at all"),
        pytest.param(lambda e: e[1:], "begin with its outline", id="outline missing"),
        pytest.param(lambda e: e[:2] + e[3:], "3 of 4 sentences", id="sentence missing"),
        pytest.param(lambda e: [*e[:3], e[2], *e[3:]], "is not what", id="sentence twice"),
        pytest.param(lambda e: e[:-2] + e[-1:], "0 of 1 summaries", id="summary missing"),
        pytest.param(lambda e: [*e, e[1]], "follows the report", id="event after report"),
    ],
)
async def test_a_stream_that_is_not_whole_is_an_error(
    server: ScriptedServer, article: str, damage: Any, words: str
) -> None:
    events = damage(server.plays(article, 2))
    server.script.extend([lambda *_: events] * 2)
    async with AsyncClient(server.target) as client:
        with pytest.raises(IncompleteStreamError, match=words):
            await client.summarize(article)
    with Client(server.target) as threaded, pytest.raises(IncompleteStreamError, match=words):
        threaded.summarize(article)


@pytest.mark.parametrize("field", ["start_offset", "end_offset", "source_text"])
async def test_a_span_that_is_not_the_document_is_an_error(
    server: ScriptedServer, article: str, field: str
) -> None:
    events = server.plays(article, 2)
    wrong: Any = "غيره" if field == "source_text" else getattr(events[2].sentence, field) + 1
    setattr(events[2].sentence, field, wrong)
    server.script.append(lambda *_: events)
    async with AsyncClient(server.target) as client:
        with pytest.raises(IncompleteStreamError, match="sentence 1 is not what"):
            await client.summarize(article)


async def test_a_summary_that_is_not_final_is_an_error(
    server: ScriptedServer, article: str
) -> None:
    events = server.plays(article, 2)
    events[-2].summary.final = False
    server.script.append(lambda *_: events)
    async with AsyncClient(server.target) as client:
        with pytest.raises(IncompleteStreamError, match="final summary"):
            await client.summarize(article)
