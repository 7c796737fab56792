"""What the rooms report, as metrics for Prometheus and as log lines."""

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_log = structlog.get_logger("mujaz")

# Seconds: from a refusal to a book.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128)
_FILL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class CallObserver(Protocol):
    """What the edge reports of calls."""

    def call_started(self, method: str, request_id: str) -> None:
        """A call of a method begins."""

    def call_ended(
        self, method: str, code: str, reason: str, seconds: float, request_id: str
    ) -> None:
        """A call has ended, so many seconds after it began.

        Args:
            method: Its name.
            code: The name of its status.
            reason: What was wrong, as its caller was told; empty: nothing, or the caller went.
            seconds: From its beginning to its status.
            request_id: What it is called.
        """

    def defect(self, request_id: str, error: BaseException) -> None:
        """A call met an error that no caller should see."""


class FileObserver(Protocol):
    """What those report who watch files; told from any thread."""

    def files_read(self, files: Sequence[str]) -> None:
        """Files that had changed were read and are in force."""

    def files_refused(self, files: Sequence[str], remedy: str) -> None:
        """Files that had changed are not what they should be."""


class EdgeObserver(CallObserver, FileObserver, Protocol):
    """What the edge reports, of calls and of files."""


Exemplar = dict[str, str]
"""The labels of an exemplar: which trace it leads to."""


def _none() -> None:
    """There is no trace."""


class Metrics:
    """Counts what the rooms report. One registry of its own, so that tests can make many.

    It is the observer of the edge, the pipeline and the worker.

    Args:
        exemplar: Returns the labels that lead from a time of the present call to its trace.
    """

    def __init__(self, exemplar: Callable[[], Exemplar | None] = _none) -> None:
        self._exemplar = exemplar
        self.registry = CollectorRegistry()
        counter, histogram = self._counter, self._histogram
        self._calls = counter("calls", "Calls ended, by status code.", "method", "code")
        self._faults = counter("faults", "Calls that ended badly, by reason.", "reason")
        self._call = histogram("call_seconds", "From a call to its status.", _SECONDS, "method")
        self._first = histogram(
            "first_sentence_seconds", "From a document to its first sentence.", _SECONDS
        )
        self._sentences = counter("sentences", "Sentences answered.")
        self._flags = counter("flags", "Sentences answered, by flag.", "flag")
        self._tokens = counter("tokens", "Tokens of answered sentences.", "side")
        self._lookups = counter("cache_lookups", "Sentences looked up, by result.", "result")
        self._rows = histogram("batch_rows", "Sentences of a batch.", _ROWS)
        self._fill = histogram("batch_fill_ratio", "Share of a batch that is no padding.", _FILL)
        self._batch = histogram("batch_seconds", "What a batch took.", _SECONDS)
        self._age = histogram(
            "queue_age_seconds", "How long the oldest sentence of a batch had waited.", _SECONDS
        )
        self._dropped = counter("dropped", "Sentences dropped unstarted, by reason.", "reason")
        self._failed = counter("batches_failed", "Batches that failed and were halved.")
        self._reloads = counter("reloads", "Changed files of TLS or tokens, by result.", "result")

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"mujaz_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(
            f"mujaz_{name}", text, labels, registry=self.registry, buckets=tuple(buckets)
        )

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Adds a value that is read when it is asked for."""

        class Reading(Collector):
            def collect(self) -> Iterable[GaugeMetricFamily]:
                yield GaugeMetricFamily(f"mujaz_{name}", text, value=read())

        self.registry.register(Reading())

    def call_started(self, method: str, request_id: str) -> None:
        """A call of a method begins."""
        _log.debug("call started", method=method, request_id=request_id)

    def call_ended(
        self, method: str, code: str, reason: str, seconds: float, request_id: str
    ) -> None:
        """A call has ended; see `CallObserver`."""
        self._calls.labels(method, code).inc()
        if reason:
            self._faults.labels(reason).inc()
        self._call.labels(method).observe(seconds, self._exemplar())
        _log.info(
            "call ended",
            method=method,
            code=code,
            **({"reason": reason} if reason else {}),
            seconds=round(seconds, 4),
            request_id=request_id,
        )

    def defect(self, request_id: str, error: BaseException) -> None:
        """A call met an error that no caller should see."""
        _log.error("defect", request_id=request_id, exc_info=error)

    def files_read(self, files: Sequence[str]) -> None:
        """Files that had changed were read and are in force; told from any thread."""
        self._reloads.labels("read").inc()
        _log.info("changed files read", files=files)

    def files_refused(self, files: Sequence[str], remedy: str) -> None:
        """Files that had changed are not what they should be; told from any thread."""
        self._reloads.labels("refused").inc()
        _log.error("changed files refused", files=files, remedy=remedy)

    def sentence(self, flags: Iterable[str], source_tokens: int, target_tokens: int) -> None:
        """A sentence has been answered, with these flags."""
        self._sentences.inc()
        self._tokens.labels("source").inc(source_tokens)
        self._tokens.labels("target").inc(target_tokens)
        for flag in flags:
            self._flags.labels(flag).inc()

    def first_sentence(self, seconds: float) -> None:
        """A document has got its first sentence, so many seconds after it arrived."""
        self._first.observe(seconds, self._exemplar())

    def looked_up(self, *, hits: int, misses: int) -> None:
        """Of admitted sentences so many had been finished before, and so many had not."""
        for result, count in (("hit", hits), ("miss", misses)):
            if count:
                self._lookups.labels(result).inc(count)

    def batch_finished(
        self, rows: int, tokens: int, padded_tokens: int, seconds: float, queue_age: float
    ) -> None:
        """The engine answered a batch."""
        self._rows.observe(rows)
        self._fill.observe(tokens / padded_tokens)
        self._batch.observe(seconds)
        self._age.observe(queue_age)

    def batch_failed(self, rows: int, error: Exception, request_ids: Sequence[str]) -> None:
        """The engine failed on a batch, which is halved unless it is of one row."""
        self._failed.inc()
        _log.error("batch failed", rows=rows, error=type(error).__name__, request_ids=request_ids)

    def batch_hangs(self, rows: int, seconds: float, request_ids: Sequence[str]) -> None:
        """The engine has not answered a batch in so many seconds, and will not."""
        _log.error("batch hangs", rows=rows, seconds=round(seconds, 4), request_ids=request_ids)

    def dropped(self, reason: Enum, count: int) -> None:
        """So many waiting sentences were dropped."""
        self._dropped.labels(reason.value).inc(count)


def serve_metrics(metrics: Metrics, host: str, port: int) -> tuple[int, Callable[[], None]]:
    """Serves metrics over HTTP from a thread; returns the port and what stops it.

    Raises:
        OSError: The address cannot be bound.
    """
    server, thread = start_http_server(port, host, registry=metrics.registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return server.server_port, stop
