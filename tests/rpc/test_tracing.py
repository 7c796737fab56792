"""Traces: one span a call, and in it where its time went; sizes and the request id, never text."""

from __future__ import annotations

import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.batching.job import EngineRun
from scripted import ScriptedModel, serving, until
from statuses import failure

pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")

from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mujaz_server.telemetry.traces import MAX_BATCH_SPANS, Tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
TEXTS = ["وصل الوزير الى المدينة.", "عاد الجنود.", "انتهت الحرب."]
DOCUMENT = pb.SummarizeDocumentRequest(
    text="\n".join(TEXTS), summary=pb.SummaryOptions(sentence_count=1, revision_count=1)
)
SHORT = pb.TranslateTextRequest(texts=TEXTS[:1])
HELD_S = 0.02
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
Spans = Callable[[], Sequence["ReadableSpan"]]


@pytest.fixture
def kept() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracer(kept: InMemorySpanExporter) -> Tracer:
    """One that keeps what it makes in memory."""
    tracer = Tracer()
    tracer.provider.add_span_processor(SimpleSpanProcessor(kept))
    return tracer


@pytest.fixture
def spans(kept: InMemorySpanExporter, tracer: Tracer, monkeypatch: pytest.MonkeyPatch) -> Spans:
    """The spans that have ended; servers made from now on have that tracer."""
    monkeypatch.setattr("mujaz_server.app.make_tracer", lambda: tracer)
    return kept.get_finished_spans


def tree(spans: Iterable[ReadableSpan]) -> Counter[str]:
    """The paths of the spans from the call down, each with how often it is there."""
    by_id = {span.context.span_id: span for span in spans if span.context}

    def path(span: ReadableSpan) -> str:
        above = by_id.get(span.parent.span_id) if span.parent else None
        return f"{path(above)} > {span.name}" if above else span.name.rpartition("/")[2]

    return Counter(map(path, by_id.values()))


def attributes(spans: Iterable[ReadableSpan], name: str) -> dict[str, Any]:
    [found] = [span for span in spans if span.name.endswith(name)]
    return dict(found.attributes or {})


def texts_in(spans: Iterable[ReadableSpan]) -> list[str]:
    """Whatever a span holds that is neither a number nor in the form of a name."""
    held: list[Any] = [value for span in spans for value in (span.attributes or {}).values()]
    held += [event for span in spans for event in span.events]
    held += [span.status.description for span in spans if span.status.description]
    return [
        str(value)
        for value in held
        if not isinstance(value, int) and not re.fullmatch(r"[\w./-]+", str(value), re.ASCII)
    ]


async def test_a_document_leaves_one_span_with_its_phases_within(spans: Spans) -> None:
    async with serving(tracing=True) as served:
        call = served.stub.SummarizeDocument(DOCUMENT, metadata=(("x-request-id", "mine"),))
        assert [event async for event in call][-1].HasField("report")
        await until(lambda: "SummarizeDocument" in tree(spans()))
    batches = tree(spans())["SummarizeDocument > batch"]
    assert 1 <= batches <= len(TEXTS)
    assert tree(spans()) == {
        "SummarizeDocument": 1,
        "SummarizeDocument > queue": 1,
        "SummarizeDocument > batch": batches,
        "SummarizeDocument > batch > decode": batches,
        "SummarizeDocument > batch > checks": batches,
        "SummarizeDocument > summary": 2,
    }
    assert attributes(spans(), "/SummarizeDocument") == {
        "rpc.system.name": "grpc",
        "rpc.method": "mujaz.v1.MujazService/SummarizeDocument",
        "rpc.response.status_code": "OK",
        "mujaz.request_id": "mine",
        "mujaz.batches": batches,
    }
    assert attributes(spans(), "queue") == {"mujaz.sentences": 3, "mujaz.source_tokens": 8}
    assert texts_in(spans()) == []


async def test_spans_lie_within_their_parents_and_in_the_order_of_the_work(spans: Spans) -> None:
    model = ScriptedModel()
    async with serving(model, tracing=True) as served:
        model.gate.clear()
        first = served.stub.TranslateText(SHORT)
        await until(lambda: bool(model.started))
        second = served.stub.TranslateText(SHORT)
        await until(lambda: served.app.worker.load().oldest_age_s > HELD_S)
        model.gate.set()
        await first
        await second
        await until(lambda: tree(spans())["TranslateText"] == 2)
    before, after = sorted(map(times, by_trace(spans())), key=lambda each: each["decode"])
    slack = 5_000_000  # ns between the clock of the wall and the one that never turns back
    for each in (before, after):
        call, queue, batch = each["TranslateText"], each["queue"], each["batch"]
        decode, checks = each["decode"], each["checks"]
        assert call[0] - slack <= queue[0] <= queue[1] == batch[0] <= decode[0] <= decode[1]
        assert decode[1] <= checks[0] <= checks[1] <= batch[1] <= call[1] + slack
    began, ended = after["queue"]
    assert ended - began >= HELD_S * 1e9


def by_trace(spans: Iterable[ReadableSpan]) -> list[list[ReadableSpan]]:
    traces: dict[int, list[ReadableSpan]] = {}
    for span in spans:
        assert span.context
        traces.setdefault(span.context.trace_id, []).append(span)
    return list(traces.values())


def times(spans: Iterable[ReadableSpan]) -> dict[str, tuple[int, int]]:
    """Returns the beginning and the end of each span, by its name, in nanoseconds."""
    return {
        span.name.rpartition("/")[2]: (span.start_time or 0, span.end_time or 0) for span in spans
    }


async def test_a_span_belongs_to_the_trace_of_its_caller(spans: Spans) -> None:
    async with serving(tracing=True) as served:
        metadata = (("traceparent", f"00-{TRACE}-{PARENT}-01"),)
        await served.stub.TranslateText(SHORT, metadata=metadata)
        await until(lambda: "TranslateText" in tree(spans()))
    for span in spans():
        assert span.context
        assert trace.format_trace_id(span.context.trace_id) == TRACE
    [call] = [span for span in spans() if span.name.endswith("/TranslateText")]
    assert call.parent
    assert trace.format_span_id(call.parent.span_id) == PARENT
    assert call.kind is trace.SpanKind.SERVER


async def test_a_caller_that_does_not_trace_is_not_traced(spans: Spans) -> None:
    async with serving(tracing=True) as served:
        metadata = (("traceparent", f"00-{TRACE}-{PARENT}-00"),)
        await served.stub.TranslateText(SHORT, metadata=metadata)
        await served.stub.TranslateText(SHORT, metadata=(("x-request-id", "traced"),))
        await until(lambda: "TranslateText" in tree(spans()))
    assert attributes(spans(), "/TranslateText")["mujaz.request_id"] == "traced"


@pytest.mark.parametrize("sent", ["", "00-zz-zz-01", "x" * 4_000, f"ff-{TRACE}-{PARENT}-01"])
async def test_a_traceparent_that_is_none_begins_a_trace_of_its_own(
    sent: str, spans: Spans
) -> None:
    async with serving(tracing=True) as served:
        await served.stub.TranslateText(SHORT, metadata=(("traceparent", sent),))
        await until(lambda: "TranslateText" in tree(spans()))
    assert all(span.context and f"{span.context.trace_id:032x}" != TRACE for span in spans())


@pytest.mark.parametrize(
    ("text", "code", "reason", "status"),
    [
        ("", "INVALID_ARGUMENT", "INVALID_FIELD", "UNSET"),
        ("وصل " * 30, "RESOURCE_EXHAUSTED", "TEXT_TOO_LARGE", "UNSET"),
        ("defect", "INTERNAL", "INTERNAL", "ERROR"),
    ],
    ids=["an empty text", "a text too large", "a defect"],
)
async def test_what_went_wrong_is_named_and_its_words_are_not(
    text: str,
    code: str,
    reason: str,
    status: str,
    spans: Spans,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the words of an error may hold text")

    if text == "defect":
        monkeypatch.setattr("mujaz_server.rpc.replies.sentence", broken)
    async with serving(tracing=True, max_code_points=100) as served:
        await failure(served.stub.TranslateText(pb.TranslateTextRequest(texts=[text])))
        await until(lambda: "TranslateText" in tree(spans()))
    held = attributes(spans(), "/TranslateText")
    assert (held["rpc.response.status_code"], held["error.type"]) == (code, reason)
    [call] = [span for span in spans() if span.name.endswith("/TranslateText")]
    assert call.status.status_code.name == status
    assert texts_in(spans()) == []


def test_text_in_a_span_is_found(tracer: Tracer, spans: Spans) -> None:
    with tracer.call("m", "وصل الوزير", {}) as call:
        call.ended("OK", "")
    assert texts_in(spans()) == ["وصل الوزير"]


async def test_the_span_of_a_stream_ends_with_it_and_tells_that_it_was_cancelled(
    spans: Spans,
) -> None:
    model = ScriptedModel()
    async with serving(model, tracing=True) as served:
        model.gate.clear()
        call = served.stub.SummarizeDocument(DOCUMENT)
        await call.read()
        await until(lambda: bool(model.started))
        assert spans() == (), "its handler has returned nothing yet"
        call.cancel()
        await until(lambda: "SummarizeDocument" in tree(spans()))
    assert attributes(spans(), "/SummarizeDocument")["rpc.response.status_code"] == "CANCELLED"
    assert tree(spans())["SummarizeDocument > queue"] == 1


def test_a_book_has_no_more_spans_of_batches_than_allowed(tracer: Tracer, spans: Spans) -> None:
    with tracer.call("m", "id", {}) as call:
        for _ in range(2 * MAX_BATCH_SPANS):
            call.ran(0.0, EngineRun(0.0, 1.0, 1, 1, 1))
            call.checked(1.0, 2.0)
        call.ended("OK", "")
    assert tree(spans())["m > batch"] == MAX_BATCH_SPANS
    assert attributes(spans(), "m")["mujaz.batches"] == 2 * MAX_BATCH_SPANS


async def test_health_and_reflection_are_not_traced(spans: Spans) -> None:
    async with serving(tracing=True) as served:
        check: Any = served.channel.unary_unary("/grpc.health.v1.Health/Check")
        assert await check(b"")
        await served.stub.ListModels(pb.ListModelsRequest())
        await until(lambda: bool(spans()))
    assert tree(spans()) == {"ListModels": 1}


async def test_the_latency_of_a_call_leads_to_its_trace(spans: Spans) -> None:
    async with serving(tracing=True, metrics_address="127.0.0.1:0") as served:
        metadata = (("traceparent", f"00-{TRACE}-{PARENT}-01"),)
        call = served.stub.SummarizeDocument(DOCUMENT, metadata=metadata)
        assert [event async for event in call]
        await until(lambda: "SummarizeDocument" in tree(spans()))
        exposed = metrics_of(f"http://127.0.0.1:{served.app.metrics_port}/metrics")
    [span] = [span for span in spans() if span.name.endswith("/SummarizeDocument")]
    assert span.context
    exemplar = f'# {{span_id="{span.context.span_id:016x}",trace_id="{TRACE}"}}'
    for metric in ("mujaz_call_seconds", "mujaz_first_sentence_seconds"):
        lines = [line for line in exposed.splitlines() if line.startswith(f"{metric}_bucket")]
        assert sum(exemplar in line for line in lines) == 1, metric


def metrics_of(url: str) -> str:
    openmetrics = {"Accept": "application/openmetrics-text; version=1.0.0"}
    request = urllib.request.Request(url, headers=openmetrics)  # noqa: S310  our own server
    with urllib.request.urlopen(request) as answer:  # noqa: S310  our own server
        return str(answer.read().decode())


async def test_without_tracing_metrics_have_no_exemplars() -> None:
    async with serving(metrics_address="127.0.0.1:0") as served:
        await served.stub.TranslateText(SHORT)
        exposed = metrics_of(f"http://127.0.0.1:{served.app.metrics_port}/metrics")
    assert "mujaz_call_seconds_bucket" in exposed
    assert "trace_id" not in exposed


def test_a_server_that_does_not_trace_does_not_load_opentelemetry() -> None:
    code = "import sys, mujaz_server.cli; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_attributes_of_the_docs_are_those_of_the_spans(spans: Spans) -> None:
    async with serving(tracing=True) as served:
        assert [event async for event in served.stub.SummarizeDocument(DOCUMENT)]
        await failure(served.stub.TranslateText(pb.TranslateTextRequest()))
        await until(lambda: "TranslateText" in tree(spans()))
    held = {name for span in spans() for name in span.attributes or {}}
    section = OPERATIONS.read_text(encoding="utf-8").split("## Traces")[1].split("\n## ")[0]
    [rows] = re.findall(r"^\| span .*\n\|[ -|]*\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert set(re.findall(r"`((?:mujaz|rpc|error)\.[a-z_.]+)`", rows)) == held
