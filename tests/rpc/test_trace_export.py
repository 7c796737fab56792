"""Traces on their way out: to a collector that is there, slow or gone."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from typing import Any

import grpc
import pytest

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from processes import SERVER, running

pytest.importorskip("opentelemetry.sdk", reason="the extra `tracing` is not installed")

from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from mujaz_server.telemetry.traces import Tracer

SHORT = pb.TranslateTextRequest(texts=["وصل الوزير الى المدينة."])


@pytest.mark.parametrize(
    ("variable", "value"),
    [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_TRACES_EXPORTER", "console")],
)
def test_a_variable_that_asks_for_what_is_not_there_stops_the_start(
    variable: str, value: str
) -> None:
    command = [str(SERVER), "serve", "--address", "127.0.0.1:0", "--metrics-address", ""]
    done = subprocess.run(
        [*command, "--tracing", "true"],
        env={variable: value},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"{variable} is {value!r}" in done.stderr


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes in spans as any collector does."""

    def __init__(self) -> None:
        self.received: list[Any] = []

    def Export(  # noqa: N802  the name in OTLP
        self, request: Any, context: grpc.ServicerContext
    ) -> Any:
        del context
        self.received += request.resource_spans
        return trace_service_pb2.ExportTraceServiceResponse()


@contextmanager
def collecting() -> Iterator[tuple[Collector, int]]:
    server = grpc.server(futures.ThreadPoolExecutor(1))
    collector = Collector()
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server
    add(collector, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield collector, port
    server.stop(None).wait()


def test_a_collector_has_every_span_when_the_server_has_drained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with collecting() as (collector, port):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=tests")
        with running("--tracing", "true") as server:
            with grpc.insecure_channel(server.address) as channel:
                mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(SHORT)
            assert server.stop() == 0
    [resource] = collector.received
    said = {each.key: each.value.string_value for each in resource.resource.attributes}
    assert said["service.name"] == "mujaz"
    assert said["deployment.environment.name"] == "tests"
    names = {span.name for scope in resource.scope_spans for span in scope.spans}
    assert names == {"mujaz.v1.MujazService/TranslateText", "queue", "batch", "decode", "checks"}


def test_a_collector_that_takes_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracer = Tracer()
    taken = threading.Event()
    closed = threading.Event()

    def shutdown() -> None:
        taken.wait()
        closed.set()

    monkeypatch.setattr(tracer.provider, "shutdown", shutdown)
    tracer.close()
    assert not closed.is_set()
    taken.set()


def test_a_collector_that_is_not_there_keeps_no_server_from_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with collecting() as (_, free_port):
        pass
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free_port}")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    with running("--tracing", "true") as server:
        with grpc.insecure_channel(server.address) as channel:
            mujaz_pb2_grpc.MujazServiceStub(channel).TranslateText(SHORT)
        assert server.stop() == 0
        assert server.other == [], "what OpenTelemetry has to say is in the form of our log"
