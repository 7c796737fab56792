"""A server of mujaz.v1 that answers by script, on a real port."""

from __future__ import annotations

import queue
import re
import threading
from bisect import bisect_right
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Step = Callable[[Any, grpc.ServicerContext], Any]

ARTICLE = (
    "جنود سوريون بالقرب من حطام منازل\n\n"
    "قتل اربعة جنود واصيب 13 اخرون بجروح في قصف للائتلاف الدولي. "
    "وأكد المرصد انها المرة الاولى.\n"
    "ا ف ب"
)


class ScriptedServer(mujaz_pb2_grpc.MujazServiceServicer):
    """Answers each call by the next step of `script`, and by `plays` once there is none."""

    def __init__(self) -> None:
        self.script: deque[Step] = deque()
        self.requests: list[Any] = []
        self.metadata: list[dict[str, Any]] = []
        self.remaining: list[float] = []
        self.begun: queue.Queue[bool] = queue.Queue()
        self.ended: queue.Queue[bool] = queue.Queue()
        self.summary_size = 2
        self._server = grpc.server(ThreadPoolExecutor(32), options=[("grpc.so_reuseport", 0)])
        self.health = health.HealthServicer()
        mujaz_pb2_grpc.add_MujazServiceServicer_to_server(self, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self.health, self._server)
        self.health.set("", health_pb2.HealthCheckResponse.SERVING)
        self.target = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _answer(self, request: Any, context: grpc.ServicerContext, default: Step) -> Any:
        self.requests.append(request)
        self.metadata.append({str(key): value for key, value in context.invocation_metadata()})
        self.remaining.append(context.time_remaining())
        step = self.script.popleft() if self.script else default
        return step(request, context)

    def TranslateText(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(request, context, lambda *_: self.plays_text(request))

    def TranslateDocument(self, request: Any, context: Any) -> Any:  # noqa: N802
        yield from self._answer(request, context, lambda *_: self.plays(request.text, 0))

    def SummarizeDocument(self, request: Any, context: Any) -> Any:  # noqa: N802
        size = self.summary_size
        starts = request.document_start_offsets
        yield from self._answer(request, context, lambda *_: self.plays(request.text, size, starts))

    def ListModels(self, request: Any, context: Any) -> Any:  # noqa: N802
        return self._answer(request, context, lambda *_: self.plays_models(request))

    def plays(self, text: str, summary_size: int, starts: Sequence[int] = ()) -> list[Any]:
        """The events of a good stream."""
        sentences = list(cut(text))
        for sentence in sentences:
            sentence.document = max(0, bisect_right(starts, sentence.start_offset) - 1)
        outline = pb.DocumentOutline(
            model="scripted",
            model_digest="0" * 64,
            source_language_code="ar",
            target_language_code="en",
            sentence_count=len(sentences),
            streamed_sentence_count=len(sentences),
            paragraph_count=len({sentence.paragraph for sentence in sentences}),
            code_point_count=len(text),
            document_count=len(starts),
        )
        report = pb.DocumentReport(
            streamed_sentence_count=len(sentences),
            flagged_sentence_count=sum(bool(sentence.flags) for sentence in sentences),
            summary_count=int(summary_size > 0),
            source_token_count=10,
            target_token_count=1200,
            first_sentence_duration=Duration(nanos=250_000_000),
            total_duration=Duration(seconds=1, nanos=500_000_000),
            queue_duration=Duration(nanos=1_000_000),
        )
        if not summary_size:
            respond: Callable[..., Any] = pb.TranslateDocumentResponse
            summaries = []
        else:
            respond = pb.SummarizeDocumentResponse
            summaries = [respond(summary=summary(sentences[:summary_size], len(sentences)))]
        return [
            respond(outline=outline),
            *(respond(sentence=sentence) for sentence in sentences),
            *summaries,
            respond(report=report),
        ]

    def plays_text(self, request: pb.TranslateTextRequest) -> pb.TranslateTextResponse:
        translations = [
            pb.TextTranslation(text=f"English {text}", sentences=list(cut(text)))
            for text in request.texts
        ]
        return pb.TranslateTextResponse(translations=translations, model="scripted")

    def plays_models(self, request: pb.ListModelsRequest) -> pb.ListModelsResponse:
        """Three models on two pages."""
        names, token = (["a", "b"], "more") if not request.page_token else (["c"], "")
        score = pb.ModelScore(set="wire", metric="BLEU", value=31.25, signature="beam 4")
        models = [
            pb.Model(
                name=name,
                digest="1" * 64,
                source_language_code="ar",
                target_language_code="en",
                quantization="int8",
                license="Apache-2.0",
                scores=[score],
                max_source_token_count=512,
                max_code_point_count=1_000_000,
                max_sentence_count=5_000,
                is_default=name == "a",
            )
            for name in names
        ]
        return pb.ListModelsResponse(models=models, next_page_token=token)

    def refuses(
        self,
        code: grpc.StatusCode,
        reason: str,
        message: str = "no",
        *,
        fields: dict[str, str] | None = None,
        retry_seconds: int = 0,
        pushback_ms: int | None = None,
    ) -> Step:
        """A step that ends the call before its first event, with rich details."""
        details: list[Any] = [error_details_pb2.ErrorInfo(reason=reason, domain="mujaz")]
        if fields:
            violation = error_details_pb2.BadRequest.FieldViolation
            violations = [violation(field=f, description=d) for f, d in fields.items()]
            details.append(error_details_pb2.BadRequest(field_violations=violations))
        if retry_seconds:
            delay = Duration(seconds=retry_seconds)
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        packed = [AnyMessage() for _ in details]
        for wrapper, detail in zip(packed, details, strict=True):
            wrapper.Pack(detail)
        status = rpc_status.to_status(
            status_pb2.Status(code=code.value[0], message=message, details=packed)
        )

        def step(_: Any, context: grpc.ServicerContext) -> Any:
            trailers = [("x-request-id", "req-7"), *status.trailing_metadata]
            if pushback_ms is not None:
                trailers.append(("grpc-retry-pushback-ms", str(pushback_ms)))
            context.set_trailing_metadata(tuple(trailers))
            context.abort(status.code, status.details)

        return step

    def stalls_after(self, count: int) -> Step:
        """A step that sends `count` events and waits until the call ends; `ended` says so."""

        def step(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            over = threading.Event()

            def end() -> None:
                over.set()
                self.ended.put(item=True)

            if not context.add_callback(end):
                end()
            yield from self.plays(request.text, self.summary_size)[:count]
            self.begun.put(item=True)
            over.wait(30)

        return step


def cut(text: str) -> Iterator[pb.TranslatedSentence]:
    """Cuts after full stops and at line breaks; every gap is white space."""
    index = 0
    for paragraph, line in enumerate(re.finditer(r"[^\n]+", text)):
        for piece in re.finditer(r"[^.]*\.?", line[0]):
            source = piece[0].strip()
            if not source:
                continue
            start = line.start() + piece.start() + piece[0].index(source)
            yield pb.TranslatedSentence(
                index=index,
                paragraph=paragraph,
                start_offset=start,
                end_offset=start + len(source),
                source_text=source,
                text=f"English {index + 1}.",
                score=-0.25,
                source_token_count=5,
                target_token_count=6,
            )
            index += 1


def summary(picked: list[pb.TranslatedSentence], considered: int) -> pb.Summary:
    reasons = [
        pb.Reason(kind=pb.REASON_KIND_POSITION, contribution=0.75),
        pb.Reason(kind=pb.REASON_KIND_REDUNDANCY, contribution=-0.25),
    ]
    return pb.Summary(
        revision=1,
        final=True,
        sentences=[
            pb.SummarySentence(
                index=sentence.index,
                start_offset=sentence.start_offset,
                end_offset=sentence.end_offset,
                source_text=sentence.source_text,
                text=sentence.text,
                score=0.5,
                rank=rank,
                reasons=reasons,
                flags=sentence.flags,
                document=sentence.document,
            )
            for rank, sentence in enumerate(picked, start=1)
        ],
        word_count=4,
        compression=0.5,
        considered_sentence_count=considered,
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server for one test."""
    scripted = ScriptedServer()
    yield scripted
    scripted.stop()


@pytest.fixture(scope="module")
def shared_server() -> Iterator[ScriptedServer]:
    """A server without a script, for properties."""
    scripted = ScriptedServer()
    yield scripted
    scripted.stop()


@pytest.fixture
def article() -> str:
    return ARTICLE


@pytest.fixture
def file(tmp_path: Path, article: str) -> Path:
    path = tmp_path / "article.txt"
    path.write_bytes(article.encode())
    return path
