"""Traces by OpenTelemetry: a span for each call, and in it where the time went.

This module is the only one that knows OpenTelemetry, and is imported where tracing is asked for.
The standard OTEL_… variables say where spans go and which calls are traced; the protocol is OTLP
over gRPC, since its packages are few and gRPC is here already.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from mujaz_server.batching.job import EngineRun
from mujaz_server.telemetry.errors import TracingError

_log = structlog.get_logger("mujaz")
_W3C = TraceContextTextMapPropagator()

# What is the server's own fault, by the semantic conventions for gRPC; the rest is the caller's.
_SERVER_ERRORS = frozenset(
    {"UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"}
)
MAX_BATCH_SPANS = 128
"""Batches of one call that have spans of their own: a book has thousands."""

LAST_SPANS_S = 0.5
"""How long a server that stops waits for its collector to take the last spans."""


@dataclass(slots=True)
class _Batch:
    """What one call had in one batch; times in seconds of the monotonic clock."""

    taken: float
    run: EngineRun
    rows: int = 0
    sentences: int = 0
    checks_began: float = 0.0
    checks_ended: float = 0.0


@dataclass(slots=True)
class CallTrace:
    """The span of one call, and the timeline that gives it children.

    Rows of one batch are answered without a pause, so that their checks are one span.
    """

    _tracer: trace.Tracer
    _span: trace.Span
    _epoch_ns: int = field(default_factory=lambda: time.time_ns() - time.monotonic_ns())
    _batch: _Batch | None = None
    _batches: int = 0

    def waited(self, began: float, ended: float, *, sentences: int, tokens: int) -> None:
        """Adds the span `queue`."""
        sizes = {"mujaz.sentences": sentences, "mujaz.source_tokens": tokens}
        self._child("queue", began, ended, sizes)

    def ran(self, taken: float, run: EngineRun) -> None:
        """Counts a row of a batch, and begins that batch with its first."""
        if self._batch is None or self._batch.run is not run:
            self._close_batch()
            self._batch = _Batch(taken, run)
            self._batches += 1
        self._batch.rows += 1

    def checked(self, began: float, ended: float) -> None:
        """Counts a checked sentence of the present batch."""
        batch = self._batch
        if batch is None:
            raise AssertionError("a sentence is checked that no batch answered. This is a bug")
        batch.sentences += 1
        batch.checks_began = batch.checks_began or began
        batch.checks_ended = ended

    def summarized(self, began: float, ended: float, *, considered: int, picked: int) -> None:
        """Adds the span `summary`."""
        sizes = {"mujaz.considered_sentences": considered, "mujaz.picked_sentences": picked}
        self._child("summary", began, ended, sizes)

    def ended(self, code: str, reason: str) -> None:
        """Ends the span of the call with its status."""
        self._close_batch()
        self._span.set_attribute("rpc.response.status_code", code)
        self._span.set_attribute("mujaz.batches", self._batches)
        if code != "OK":
            self._span.set_attribute("error.type", reason or code)
        if code in _SERVER_ERRORS:
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()

    def _close_batch(self) -> None:
        batch, self._batch = self._batch, None
        if batch is None or self._batches > MAX_BATCH_SPANS:
            return
        run = batch.run
        sizes = {
            "mujaz.batch.rows": run.rows,
            "mujaz.batch.source_tokens": run.tokens,
            "mujaz.batch.padded_tokens": run.padded_tokens,
            "mujaz.rows": batch.rows,
        }
        whole = self._child("batch", batch.taken, max(run.ended, batch.checks_ended), sizes)
        self._child("decode", run.began, run.ended, {}, whole)
        if batch.sentences:
            checked = {"mujaz.sentences": batch.sentences}
            self._child("checks", batch.checks_began, batch.checks_ended, checked, whole)

    def _child(
        self,
        name: str,
        began: float,
        ended: float,
        attributes: Mapping[str, AttributeValue],
        parent: trace.Span | None = None,
    ) -> trace.Span:
        context = trace.set_span_in_context(parent or self._span)
        span = self._tracer.start_span(
            name, context, attributes=attributes, start_time=self._wall_ns(began)
        )
        span.end(self._wall_ns(ended))
        return span

    def _wall_ns(self, seconds: float) -> int:
        return self._epoch_ns + round(seconds * 1e9)


class Tracer:
    """Makes the spans of calls and sends them to a collector, from a thread of its own.

    Raises (when made):
        TracingError: A standard variable asks for another exporter or protocol.
    """

    def __init__(self) -> None:
        _require("otlp", "OTEL_TRACES_EXPORTER")
        _require("grpc", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
        ours = Resource.create({"service.name": "mujaz"})
        resource = ours.merge(OTELResourceDetector().detect())
        # The process may be left by os._exit, and is never left without `close` otherwise.
        self.provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracer = self.provider.get_tracer("mujaz_server")
        logging.getLogger("opentelemetry").addHandler(_IN_OUR_LOG)
        logging.getLogger("opentelemetry").propagate = False

    def export(self) -> None:
        """Sends spans to the collector that the standard variables name."""
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))

    @contextmanager
    def call(
        self, method: str, request_id: str, metadata: Mapping[str, str]
    ) -> Iterator[CallTrace]:
        """Surrounds a call with its span, which ends when the trace is told so.

        Args:
            method: Its full name, without the first stroke.
            request_id: What it is called.
            metadata: What its caller sent; `traceparent` in it names the span it belongs to (W3C
                Trace Context).
        """
        attributes = {
            "rpc.system.name": "grpc",
            "rpc.method": method,
            "mujaz.request_id": request_id,
        }
        parent = _W3C.extract(metadata)
        span = self._tracer.start_span(method, parent, trace.SpanKind.SERVER, attributes)
        # Errors are not recorded: their words may hold text.
        with trace.use_span(span, record_exception=False, set_status_on_exception=False):
            yield CallTrace(self._tracer, span)

    def exemplar(self) -> dict[str, str] | None:
        """The labels that lead from a metric to the trace of the present call, if it has one."""
        context = trace.get_current_span().get_span_context()
        if not (context.is_valid and context.trace_flags.sampled):
            return None
        return {
            "trace_id": trace.format_trace_id(context.trace_id),
            "span_id": trace.format_span_id(context.span_id),
        }

    def close(self) -> None:
        """Sends what is left, and gives up after half a second: blocks as long at most.

        OpenTelemetry itself would try a collector that is not there for many seconds more.
        """
        closing = threading.Thread(target=self.provider.shutdown, daemon=True)
        closing.start()
        closing.join(LAST_SPANS_S)


def _require(supported: str, *variables: str) -> None:
    asked = next((variable for variable in variables if os.environ.get(variable)), None)
    if asked and os.environ[asked] != supported:
        raise TracingError(
            f"{asked} is {os.environ[asked]!r}, and mujaz-server knows {supported} alone; set it "
            "to that, or leave --tracing off"
        )


class _InOurLog(logging.Handler):
    """Writes what OpenTelemetry has to say in the form of our log."""

    def emit(self, record: logging.LogRecord) -> None:
        _log.log(record.levelno, "tracing", said=record.getMessage())


_IN_OUR_LOG = _InOurLog(logging.WARNING)
