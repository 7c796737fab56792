from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_client import (
    AsyncClient,
    AuthenticationError,
    Client,
    ClientClosedError,
    DeadlineExceededError,
    DocumentOutline,
    DocumentReport,
    Health,
    IncompleteStreamError,
    InternalError,
    InvalidArgumentError,
    MujazError,
    NewlineMode,
    NotFoundError,
    OverloadedError,
    Quality,
    QualityFlag,
    Ratio,
    ReasonKind,
    SentenceCount,
    Summary,
    SummaryOptions,
    SummaryOrder,
    Timeouts,
    TooLargeError,
    TranslatedSentence,
    TranslationOptions,
    UnavailableError,
    Violation,
    WordCount,
    options,
    results,
)

if TYPE_CHECKING:
    from client.conftest import ScriptedServer

PATIENCE = 10.0
FULL = (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")


# ---------------------------------------------------------------- what is asked and answered


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


# ---------------------------------------------------------------- what this version cannot know


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


# ---------------------------------------------------------------- refusals and retries


@pytest.mark.parametrize(
    ("code", "reason", "family"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, "EMPTY_TEXT", InvalidArgumentError),
        (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND", NotFoundError),
        (grpc.StatusCode.UNAUTHENTICATED, "NO_TOKEN", AuthenticationError),
        (grpc.StatusCode.PERMISSION_DENIED, "NO_RIGHT", AuthenticationError),
        (grpc.StatusCode.INTERNAL, "DEFECT", InternalError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "TOO_LATE", DeadlineExceededError),
        (grpc.StatusCode.DATA_LOSS, "LOST", MujazError),
    ],
)
async def test_a_status_becomes_its_error(
    server: ScriptedServer, code: grpc.StatusCode, reason: str, family: type[MujazError]
) -> None:
    server.script.append(server.refuses(code, reason, "the words\nof the server"))
    async with AsyncClient(server.target) as client:
        with pytest.raises(MujazError) as caught:
            await client.translate_text(["نص"])
    assert type(caught.value) is family
    assert (caught.value.code, caught.value.reason) == (code.name, reason)
    assert str(caught.value) == f"the words of the server [{code.name} {reason}, request req-7]"


async def test_violations_are_named(server: ScriptedServer) -> None:
    server.script.append(
        server.refuses(
            grpc.StatusCode.INVALID_ARGUMENT,
            "BAD_FIELD",
            "invalid request",
            fields={"texts[0]": "must not be blank"},
        )
    )
    async with AsyncClient(server.target) as client:
        with pytest.raises(InvalidArgumentError) as caught:
            await client.translate_text([" "])
    assert caught.value.violations == (Violation("texts[0]", "must not be blank"),)
    assert "invalid request; texts[0]: must not be blank" in str(caught.value)


async def test_a_refusal_is_tried_again_when_the_server_says(
    server: ScriptedServer, article: str
) -> None:
    refusal = server.refuses(*FULL, pushback_ms=1)
    server.script.extend([refusal, refusal, refusal])
    async with AsyncClient(server.target) as client:
        result = await client.summarize(article)
    assert len(result.sentences) == 4
    previous = [sent.get("grpc-previous-rpc-attempts") for sent in server.metadata]
    assert previous == [None, "1", "2", "3"]


async def test_a_large_document_is_tried_again_too(server: ScriptedServer) -> None:
    text = "نص طويل. " * 60_000  # over the 256 KiB that gRPC keeps for a retry by default
    server.script.append(server.refuses(*FULL, pushback_ms=1))
    server.script.append(lambda *_: server.plays("نص.", 0))
    async with AsyncClient(server.target) as client:
        events = [event async for event in client.translate_document(text)]
    assert len(server.requests) == 2
    assert isinstance(events[-1], DocumentReport)


async def test_four_refusals_are_enough(server: ScriptedServer, article: str) -> None:
    server.script.extend([server.refuses(*FULL, retry_seconds=3, pushback_ms=1)] * 5)
    async with AsyncClient(server.target) as client:
        with pytest.raises(OverloadedError, match="try again in 3 s") as caught:
            await client.summarize(article)
    assert caught.value.retry_after == 3.0
    assert len(server.requests) == 4


async def test_a_pushback_of_minus_one_stops_retries(server: ScriptedServer, article: str) -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    server.script.append(server.refuses(code, "TEXT_TOO_LARGE", pushback_ms=-1))
    async with AsyncClient(server.target) as client:
        with pytest.raises(TooLargeError):
            await client.summarize(article)
    assert len(server.requests) == 1


async def test_a_stream_that_has_begun_is_not_tried_again(
    server: ScriptedServer, article: str
) -> None:
    def breaks(request: Any, context: grpc.ServicerContext) -> Any:
        yield from server.plays(request.text, 2)[:2]
        context.abort(grpc.StatusCode.UNAVAILABLE, "draining")

    server.script.append(breaks)
    async with AsyncClient(server.target) as client:
        events = client.summarize_document(article)
        seen = [await anext(events), await anext(events)]
        with pytest.raises(UnavailableError):
            await anext(events)
    assert (len(seen), len(server.requests)) == (2, 1)


def test_no_server_is_said_plainly() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(UnavailableError) as caught:
        client.list_models()
    assert str(caught.value).startswith("no mujaz server answers at 127.0.0.1:1; is it running?")


def test_details_that_do_not_parse_are_ignored(server: ScriptedServer) -> None:
    def step(_: Any, context: grpc.ServicerContext) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "")

    server.script.append(step)
    with Client(server.target) as client, pytest.raises(InvalidArgumentError) as caught:
        client.list_models()
    assert "gave no message" in str(caught.value)
    assert caught.value.reason == ""


def test_a_server_without_the_method_is_said_plainly(server: ScriptedServer) -> None:
    server.script.append(lambda _, context: context.abort(grpc.StatusCode.UNIMPLEMENTED, ""))
    with Client(server.target) as client, pytest.raises(MujazError, match="is it a mujaz server"):
        client.list_models()


# ---------------------------------------------------------------- deadlines and cancellation


async def test_a_deadline_ends_a_stream_that_stalls(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        with pytest.raises(DeadlineExceededError, match="within the deadline"):
            await client.summarize(article, timeout=0.3)
    assert server.ended.get(timeout=PATIENCE)


async def test_each_method_has_a_deadline_of_its_own(server: ScriptedServer, article: str) -> None:
    timeouts = Timeouts(text=11, document=22, models=33)
    async with AsyncClient(server.target, timeouts=timeouts) as client:
        await client.translate_text(["نص"])
        await client.summarize(article)
        await client.list_models()
        await client.translate_text(["نص"], timeout=44)
    with Client(server.target, timeouts=timeouts) as threaded:
        threaded.translate_text(["نص"])
        list(threaded.translate_document(article))
    assert [round(left) for left in server.remaining] == [11, 22, 33, 33, 44, 11, 22]


async def test_closing_the_generator_cancels_the_call(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        async with contextlib.aclosing(client.summarize_document(article)) as events:
            await anext(events)
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_breaking_out_of_the_loop_cancels_the_call(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        async for _ in client.summarize_document(article):
            break
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_cancelling_the_task_cancels_the_call(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(2))
    async with AsyncClient(server.target) as client:
        seen = asyncio.Event()

        async def read() -> None:
            async for _ in client.summarize_document(article):
                seen.set()

        task = asyncio.create_task(read())
        await seen.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.ended.get, timeout=PATIENCE)


async def test_closing_the_client_is_no_cancellation_of_the_reader(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    client = AsyncClient(server.target)
    seen = asyncio.Event()

    async def read() -> None:
        async for _ in client.summarize_document(article):
            seen.set()

    task = asyncio.create_task(read())
    await seen.wait()
    await client.close()
    with pytest.raises(ClientClosedError):
        await task
    with pytest.raises(ClientClosedError):
        await client.list_models()


async def test_a_generator_that_is_never_read_makes_no_call(
    server: ScriptedServer, article: str
) -> None:
    async with AsyncClient(server.target) as client:
        await client.summarize_document(article).aclose()
        await client.list_models()
    assert [type(request) for request in server.requests] == [pb.ListModelsRequest] * 2


# ---------------------------------------------------------------- threads


def test_the_threaded_client_answers_as_the_other_does(
    server: ScriptedServer, article: str
) -> None:
    async def ask() -> Any:
        async with AsyncClient(server.target) as client:
            return (
                await client.summarize(article),
                await client.translate_text(["نص"]),
                await client.list_models(),
                [event async for event in client.translate_document(article)],
            )

    with Client(server.target) as client:
        threaded = (
            client.summarize(article),
            client.translate_text(["نص"]),
            client.list_models(),
            list(client.translate_document(article)),
        )
    assert threaded == asyncio.run(ask())


def test_one_threaded_client_serves_many_threads(server: ScriptedServer, article: str) -> None:
    summaries: list[Summary | None] = []
    with Client(server.target) as client:
        threads = [
            threading.Thread(target=lambda: summaries.append(client.summarize(article).summary))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(summaries) == 8
    assert summaries.count(summaries[0]) == 8


def test_closing_the_threaded_generator_cancels_the_call(
    server: ScriptedServer, article: str
) -> None:
    server.script.append(server.stalls_after(2))
    with Client(server.target) as client:
        with contextlib.closing(client.summarize_document(article)) as events:
            next(events)
        assert server.ended.get(timeout=PATIENCE)


def test_closing_the_threaded_client_ends_its_calls(server: ScriptedServer, article: str) -> None:
    server.script.append(server.stalls_after(1))
    client = Client(server.target)
    events = client.summarize_document(article)
    next(events)
    client.close()
    with pytest.raises(ClientClosedError):
        next(events)
    with pytest.raises(ClientClosedError):
        client.list_models()
    assert server.ended.get(timeout=PATIENCE)


# ---------------------------------------------------------------- the document comes back


@given(text=st.text(min_size=1).filter(lambda text: bool(text.strip())))
@settings(deadline=None, max_examples=60)
def test_gaps_and_sources_give_the_document_back(shared_server: ScriptedServer, text: str) -> None:
    with Client(shared_server.target) as client:
        result = client.summarize(text)
    pieces = [*(s.source_text for s in result.sentences), ""]
    assert "".join(a + b for a, b in zip(result.gaps, pieces, strict=True)) == text
