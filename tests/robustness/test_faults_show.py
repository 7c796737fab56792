"""What happened can be seen: each fault moves a metric and is logged with its request id."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog

from certificates import Authority, replace
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.telemetry import Metrics
from scripted import ScriptedModel, Serving, serving, until
from statuses import failure

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
TEXT = "وصل الوزير الى المدينة الفاضلة."
SHORT = pb.TranslateTextRequest(texts=[TEXT])
DOCUMENT = pb.SummarizeDocumentRequest(text="\n".join([TEXT] * 1_000))
GOOD = "a good token"
REQUEST_ID = "the-call-at-fault"
METADATA = (("x-request-id", REQUEST_ID),)

Log = Sequence[MutableMapping[str, Any]]
Provoke = Callable[["Scene"], Awaitable[object]]


@dataclass
class Scene:
    """A server, and the folder its files are in."""

    served: Serving
    folder: Path

    @property
    def stub(self) -> Any:
        """The API."""
        return self.served.stub

    def hold(self) -> None:
        """Lets the engine answer nothing from now on."""
        self.served.model.gate.clear()

    async def begin(self, request: pb.SummarizeDocumentRequest = DOCUMENT) -> Any:
        """Begins a document of somebody else, and waits until the engine has some of it."""
        call = self.stub.SummarizeDocument(request, metadata=_bearer())
        await call.read()
        await until(lambda: bool(self.served.model.started))
        return call

    async def translate(self, *more: tuple[str, str], seconds: float | None = None) -> None:
        """Makes the call at fault, a short text."""
        await failure(self.stub.TranslateText(SHORT, metadata=(*METADATA, *more), timeout=seconds))


@dataclass(frozen=True)
class Fault:
    """A fault, how it is provoked, and by what it is seen.

    Attributes:
        name: What the docs call it.
        metrics: The series that must grow.
        event: The log line that must be written.
        settings: Those of the server, of `{folder}` for its files.
        called: Whether a call is at fault, whose request id the line must have.
    """

    name: str
    metrics: tuple[str, ...]
    event: str
    provoke: Provoke
    settings: Mapping[str, Any] = field(default_factory=dict)
    called: bool = True


def _reason(code: str, reason: str, method: str = "TranslateText") -> tuple[str, ...]:
    ended = f'mujaz_calls_total{{method="{method}",code="{code}"}}'
    return f'mujaz_faults_total{{reason="{reason}"}}', ended


def _bearer(token: str = GOOD) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


async def _overload(scene: Scene) -> None:
    scene.hold()
    await scene.begin()
    await scene.translate()


async def _cancelled(scene: Scene) -> None:
    scene.hold()
    call = scene.stub.SummarizeDocument(DOCUMENT, metadata=METADATA)
    await call.read()
    await until(lambda: bool(scene.served.model.started))
    call.cancel()


async def _expired(scene: Scene) -> None:
    scene.hold()
    await scene.begin()
    await scene.translate(seconds=1)


async def _poisoned(scene: Scene) -> None:
    poison = pb.TranslateTextRequest(texts=[f"FAIL {TEXT}"])
    await scene.stub.TranslateText(poison, metadata=METADATA)


async def _hung(scene: Scene) -> None:
    scene.hold()
    scene.stub.TranslateText(SHORT, metadata=METADATA)
    await scene.served.app.hung.wait()


async def _malformed(scene: Scene) -> None:
    def raw(data: bytes) -> bytes:
        return data

    path = "/mujaz.v1.MujazService/TranslateText"
    await failure(scene.served.channel.unary_unary(path, raw, raw)(b"\xff", metadata=METADATA))


async def _stalled(scene: Scene) -> None:
    options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.use_local_subchannel_pool", 1))
    big = pb.TranslateDocumentRequest(text="\n".join([f"{'طويل' * 15} " * 35] * 1_800))
    async with grpc.aio.insecure_channel(scene.served.address, options=options) as channel:
        call = mujaz_pb2_grpc.MujazServiceStub(channel).TranslateDocument(big, metadata=METADATA)
        await call.read()
        await until(lambda: not len(scene.served.app.rpc.in_flight), seconds=20)
        call.cancel()


async def _draining(scene: Scene) -> None:
    scene.served.app.rpc.in_flight.draining = True
    await scene.translate()


async def _cut(scene: Scene) -> None:
    scene.hold()
    scene.stub.SummarizeDocument(DOCUMENT, metadata=METADATA)
    await until(lambda: bool(scene.served.model.started))
    await scene.served.app.rpc.stop(0)


async def _busy_token(scene: Scene) -> None:
    scene.hold()
    await scene.begin()
    await scene.translate(*_bearer())


async def _spent_token(scene: Scene) -> None:
    call = scene.stub.SummarizeDocument(DOCUMENT, metadata=_bearer())
    async for _ in call:
        pass
    await scene.translate(*_bearer())


async def _broken_certificate(scene: Scene) -> None:
    replace(scene.folder / "server.pem", b"half a certif")
    credentials = grpc.ssl_channel_credentials()
    async with grpc.aio.secure_channel(scene.served.address, credentials) as channel:
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        await failure(stub.TranslateText(SHORT, timeout=10))


FAULTS = (
    Fault(
        "overload: the queue is full",
        _reason("RESOURCE_EXHAUSTED", "QUEUE_FULL"),
        "call ended",
        _overload,
        {"max_backlog_tokens": 10, "batch_rows": 8},
    ),
    Fault(
        "overload: too many calls",
        _reason("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS"),
        "call ended",
        _overload,
        {"max_streams": 1},
    ),
    Fault(
        "the caller cancels or goes",
        (
            'mujaz_calls_total{method="SummarizeDocument",code="CANCELLED"}',
            'mujaz_dropped_total{reason="cancelled"}',
        ),
        "call ended",
        _cancelled,
    ),
    Fault(
        "the deadline passes",
        (
            'mujaz_calls_total{method="TranslateText",code="DEADLINE_EXCEEDED"}',
            'mujaz_dropped_total{reason="expired"}',
        ),
        "call ended",
        _expired,
    ),
    Fault(
        "a sentence on which the engine fails",
        ("mujaz_batches_failed_total", 'mujaz_flags_total{flag="FAILED"}'),
        "batch failed",
        _poisoned,
    ),
    Fault(
        "the engine hangs",
        ("mujaz_batch_running_seconds",),
        "batch hangs",
        _hung,
        {"watchdog": 0.2},
    ),
    Fault(
        "bytes that are no request",
        _reason("INVALID_ARGUMENT", "MALFORMED_REQUEST"),
        "call ended",
        _malformed,
    ),
    Fault(
        "a reader that stops reading",
        _reason("DEADLINE_EXCEEDED", "STREAM_STALLED", "TranslateDocument"),
        "call ended",
        _stalled,
        {"stall_timeout": 0.3, "stream_window": 16, "max_code_points": 4_000_000},
    ),
    Fault(
        "a text that is too large",
        _reason("RESOURCE_EXHAUSTED", "TEXT_TOO_LARGE"),
        "call ended",
        Scene.translate,
        {"max_code_points": 10},
    ),
    Fault(
        "a call while the server drains",
        _reason("UNAVAILABLE", "DRAINING"),
        "call ended",
        _draining,
    ),
    Fault(
        "a call cut at the end of the grace",
        ('mujaz_calls_total{method="SummarizeDocument",code="CANCELLED"}',),
        "call ended",
        _cut,
    ),
    Fault(
        "no token",
        _reason("UNAUTHENTICATED", "TOKEN_MISSING"),
        "call ended",
        Scene.translate,
        {"tokens": "{folder}/tokens.toml"},
    ),
    Fault(
        "a token that is unknown",
        _reason("UNAUTHENTICATED", "TOKEN_UNKNOWN"),
        "call ended",
        lambda scene: scene.translate(*_bearer("a guess")),
        {"tokens": "{folder}/tokens.toml"},
    ),
    Fault(
        "a token with too many calls",
        _reason("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS_OF_TOKEN"),
        "call ended",
        _busy_token,
        {"tokens": "{folder}/tokens.toml"},
    ),
    Fault(
        "a token that is spent",
        _reason("RESOURCE_EXHAUSTED", "TOO_MANY_TOKENS"),
        "call ended",
        _spent_token,
        {"tokens": "{folder}/tokens.toml"},
    ),
    Fault(
        "a changed file of TLS or tokens that is refused",
        ('mujaz_reloads_total{result="refused"}',),
        "changed files refused",
        _broken_certificate,
        {"tls_certificate": "{folder}/server.pem", "tls_key": "{folder}/server.key"},
        called=False,
    ),
)


def _value(metrics: Metrics, series: str) -> float:
    name, _, labels = series.partition("{")
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', labels))
    return metrics.registry.get_sample_value(name, pairs) or 0.0


def _told(log: Log, fault: Fault) -> bool:
    """Whether the line of a fault was written, with its request id where a call is at fault."""
    lines = [line for line in log if line["event"] == fault.event]
    ids = [(line.get("request_id"), *line.get("request_ids", ())) for line in lines]
    return bool(ids) and (not fault.called or any(REQUEST_ID in each for each in ids))


async def _shows(fault: Fault, folder: Path, patience: float = 10) -> None:
    """Provokes a fault and waits for what shows it.

    Raises:
        AssertionError: It does not show.
    """
    digest = hashlib.sha256(GOOD.encode()).hexdigest()
    (folder / "tokens.toml").write_text(
        f'[[token]]\nname = "good"\nsha256 = "{digest}"\nstreams = 1\ntokens_per_minute = 600\n'
    )
    Authority().issue().write(folder, "server")
    settings = {
        key: value.format(folder=folder) if isinstance(value, str) else value
        for key, value in fault.settings.items()
    }
    with structlog.testing.capture_logs() as log:
        async with serving(ScriptedModel(), **settings) as served:
            metrics = served.app.metrics
            before = [_value(metrics, series) for series in fault.metrics]
            await fault.provoke(Scene(served, folder))
            for series, value in zip(fault.metrics, before, strict=True):
                await until(lambda s=series, v=value: _value(metrics, s) > v, patience)  # type: ignore[misc]
            await until(lambda: _told(log, fault), patience)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_fault_moves_its_metric_and_is_logged_with_its_request_id(
    fault: Fault, tmp_path: Path
) -> None:
    await _shows(fault, tmp_path)


@pytest.mark.parametrize("mute", ["call_ended", "dropped"])
async def test_a_fault_that_nobody_counts_is_found(
    mute: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [expired] = [fault for fault in FAULTS if fault.name == "the deadline passes"]
    monkeypatch.setattr(Metrics, mute, lambda *_: None)
    with pytest.raises(AssertionError, match="never came"):
        await _shows(expired, tmp_path, patience=0.5)


def test_a_line_without_the_request_id_is_found() -> None:
    [poison] = [fault for fault in FAULTS if fault.event == "batch failed"]
    assert _told([{"event": "batch failed", "request_ids": [REQUEST_ID]}], poison)
    assert not _told([{"event": "batch failed", "request_ids": ["another"]}], poison)
    assert not _told([{"event": "call ended", "request_id": REQUEST_ID}], poison)


def test_the_table_of_the_docs_is_this_one() -> None:
    rows = [
        f"| {fault.name} | {', '.join(f'`{each}`' for each in fault.metrics)} | `{fault.event}` |"
        for fault in FAULTS
    ]
    table = "\n".join(["| fault | what grows | log line |", "| --- | --- | --- |", *rows])
    assert table in OPERATIONS.read_text(encoding="utf-8"), f"the docs should say:\n{table}"
