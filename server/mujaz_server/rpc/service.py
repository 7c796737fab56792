"""The four methods of mujaz.v1, thin: a request in, events out."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models.manifest import Manifest
from mujaz_server.pipeline.document import Pipeline
from mujaz_server.pipeline.events import BlankTextError, DocumentRequest, Event, Quality
from mujaz_server.rpc import replies, requests
from mujaz_server.rpc.call import CURRENT
from mujaz_server.rpc.errors import InvalidRequestError, ModelNotLoadedError, Violation, blank
from mujaz_server.rpc.quotas import Quotas, require_size


class MujazService(mujaz_pb2_grpc.MujazServiceServicer):
    """Serves one pipeline and the model behind it.

    Methods raise domain errors; the concerns around every call turn them into statuses.
    """

    def __init__(
        self, pipeline: Pipeline, manifest: Manifest, *, quality: Quality, max_seconds: float
    ) -> None:
        self.quotas = Quotas(time.monotonic)
        self._pipeline = pipeline
        self._manifest = manifest
        self._quality = quality
        self._max_seconds = max_seconds

    async def TranslateText(  # noqa: N802  the name in the API
        self, request: pb.TranslateTextRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.TranslateTextResponse:
        """Short texts: n in, n out, in order."""
        asked = requests.text_request(request, self._quality, self._deadline(context))
        asked = self._within_quota(asked, sum(map(len, request.texts)))
        self._require_model(request.options.model)
        try:
            answers = await self._pipeline.texts(request.texts, asked)
        except BlankTextError as error:
            raise blank(f"texts[{error.position}]") from error
        return pb.TranslateTextResponse(
            translations=[
                pb.TextTranslation(text=text, sentences=map(replies.sentence, sentences))
                for text, sentences in answers
            ],
            model=self._manifest.name,
        )

    async def TranslateDocument(  # noqa: N802  the name in the API
        self, request: pb.TranslateDocumentRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.TranslateDocumentResponse]:
        """The sentences of a document, in order, each as soon as it is ready."""
        asked = requests.document_request(request, self._quality, self._deadline(context))
        asked = self._within_quota(asked, len(request.text))
        self._require_model(request.options.model)
        async with self._events(asked) as events:
            async for event in events:
                yield replies.translate_event(event, self._manifest)

    async def SummarizeDocument(  # noqa: N802  the name in the API
        self, request: pb.SummarizeDocumentRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> AsyncIterator[pb.SummarizeDocumentResponse]:
        """The sentences of a document, and its summary."""
        asked = requests.summary_request(request, self._quality, self._deadline(context))
        asked = self._within_quota(asked, len(request.text))
        self._require_model(request.options.model)
        async with self._events(asked) as events:
            async for event in events:
                yield replies.summarize_event(event, self._manifest)

    async def ListModels(  # noqa: N802  the name in the API
        self, request: pb.ListModelsRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListModelsResponse:
        """The loaded model and its limits: one page."""
        del context
        violations = []
        if request.page_size < 0:
            rule = f"must be 0 or more, is {request.page_size}"
            violations.append(Violation("page_size", rule))
        if request.page_token:
            violations.append(Violation("page_token", "is not one this server made"))
        if violations:
            raise InvalidRequestError(violations)
        limits = self._pipeline.limits
        model = replies.model(
            self._manifest, max_code_points=limits.code_points, max_sentences=limits.sentences
        )
        return pb.ListModelsResponse(models=[model])

    @asynccontextmanager
    async def _events(self, asked: DocumentRequest) -> AsyncIterator[AsyncIterator[Event]]:
        try:
            async with self._pipeline.document(asked) as events:
                yield events
        except BlankTextError as error:
            raise blank("text") from error

    def _within_quota(self, asked: DocumentRequest, code_points: int) -> DocumentRequest:
        """Holds a request to the limits of its caller's token."""
        call = CURRENT.get()
        require_size(call.token, code_points)
        return replace(
            asked,
            meter=self.quotas.meter(call.token),
            request_id=call.request_id,
            caller=call.caller,
            timeline=call.timeline,
        )

    def _require_model(self, name: str) -> None:
        if name not in {"", self._manifest.name}:
            raise ModelNotLoadedError

    def _deadline(self, context: grpc.aio.ServicerContext[Any, Any]) -> float:
        left = cast("float | None", context.time_remaining())
        return time.monotonic() + (self._max_seconds if left is None else left)
