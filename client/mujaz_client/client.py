"""The client for asyncio."""

# ruff: noqa: ASYNC109 - `timeout` is the deadline that gRPC tells the server

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self

import grpc
from grpc_health.v1 import health_pb2

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_client import channel, convert, status
from mujaz_client.document import Collector, DocumentResult
from mujaz_client.errors import ClientClosedError
from mujaz_client.options import (
    DEFAULT_SUMMARY,
    DEFAULT_TIMEOUTS,
    DEFAULT_TRANSLATION,
    SummaryOptions,
    Timeouts,
    TranslationOptions,
)
from mujaz_client.together import Joined

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Sequence
    from typing import Any

    from mujaz.v1.mujaz_pb2_grpc import MujazServiceAsyncStub
    from mujaz_client.results import Event, Health, Model, TextTranslation


class AsyncClient:
    """A connection to mujaz for one event loop; many calls may run on it at once.

    Make it inside the running loop and close it, best by `async with`. Every
    call raises a `MujazError` when it fails. A refused call is tried again up to
    three times, when the server says so.

    Args:
        target: The server's address in gRPC's form, `host:port`; or several, over which calls go
            round: `dns:///name:port`, `ipv4:host:port,host:port`.
        secure: True for TLS with the system's roots, root certificates in PEM, or
            a `Tls` with a certificate of the client; False for plain text.
        token: Sent as a bearer token with every call, where it is not empty. In
            plain text everybody on the way can read it.
        timeouts: The deadlines of calls that name none.
    """

    def __init__(
        self,
        target: str = channel.DEFAULT_TARGET,
        *,
        secure: channel.Secure = False,
        token: str = "",
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        self.target = target
        self._timeouts = timeouts
        self._metadata = channel.call_metadata(token)
        self._channel = channel.open_asyncio(target, secure=secure)
        self._stub: MujazServiceAsyncStub = mujaz_pb2_grpc.MujazServiceStub(self._channel)
        self._health_check = self._channel.unary_unary(
            channel.HEALTH_CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancels the calls that still run and closes the connection."""
        self._closed = True
        await self._channel.close()

    async def translate_text(
        self,
        texts: Sequence[str],
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        alternative_count: int = 0,
        timeout: float | None = None,
    ) -> list[TextTranslation]:
        """Translates 1 to 128 short texts; the answers come in the same order."""
        request = convert.translate_text_request(texts, options, alternative_count)
        with self._guard():
            response = await self._stub.TranslateText(
                request,
                timeout=self._timeouts.text if timeout is None else timeout,
                metadata=self._metadata,
            )
        return convert.text_translations(response)

    def translate_document(
        self,
        text: str,
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        timeout: float | None = None,
    ) -> AsyncGenerator[Event]:
        """Translates a document and yields its events as they come.

        Closing the generator (`contextlib.aclosing`) cancels the call.
        """
        request = convert.translate_document_request(text, options)
        return self._events(self._stub.TranslateDocument, request, timeout)

    def summarize_document(
        self,
        text: str,
        summary: SummaryOptions = DEFAULT_SUMMARY,
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        document_start_offsets: Sequence[int] = (),
        timeout: float | None = None,
    ) -> AsyncGenerator[Event]:
        """Translates and summarizes a document and yields its events as they come.

        The text may hold several documents that start at these offsets, the first at 0.
        Closing the generator (`contextlib.aclosing`) cancels the call.
        """
        request = convert.summarize_document_request(text, options, summary, document_start_offsets)
        return self._events(self._stub.SummarizeDocument, request, timeout)

    async def summarize(
        self,
        text: str,
        summary: SummaryOptions = DEFAULT_SUMMARY,
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        timeout: float | None = None,
    ) -> DocumentResult:
        """Translates and summarizes a document and returns it whole.

        Raises:
            IncompleteStreamError: What arrived is not what the report counts.
        """
        events = self.summarize_document(text, summary, options, timeout=timeout)
        return await _whole(events, Collector(text, summarized=True))

    async def summarize_together(
        self,
        texts: Sequence[str],
        summary: SummaryOptions = DEFAULT_SUMMARY,
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        timeout: float | None = None,
    ) -> DocumentResult:
        """Translates 1 to 128 documents on one story and makes one summary of all of them.

        The result is that of their `Joined` text. A sentence comes from `texts[sentence.document]`,
        where it stands at `result.span_in_document(sentence)`.

        Raises:
            IncompleteStreamError: What arrived is not what the report counts, or the server
                does not tell documents apart.
        """
        joined = Joined.of(texts)
        events = self.summarize_document(
            joined.text,
            summary,
            options,
            document_start_offsets=joined.starts,
            timeout=timeout,
        )
        collector = Collector(joined.text, summarized=True, document_start_offsets=joined.starts)
        return await _whole(events, collector)

    async def list_models(self, *, timeout: float | None = None) -> list[Model]:
        """The loaded models, the default one first."""
        models: list[Model] = []
        request = pb.ListModelsRequest()
        while True:
            with self._guard():
                response = await self._stub.ListModels(
                    request,
                    timeout=self._timeouts.models if timeout is None else timeout,
                    metadata=self._metadata,
                )
            models += [convert.model(model) for model in response.models]
            if not response.next_page_token:
                return models
            request.page_token = response.next_page_token

    async def health(self, *, timeout: float | None = None) -> Health:
        """Whether the server takes calls."""
        with self._guard():
            response = await self._health_check(
                health_pb2.HealthCheckRequest(),
                timeout=self._timeouts.health if timeout is None else timeout,
                metadata=self._metadata,
            )
        return convert.health(response)

    async def _events(
        self,
        method: grpc.aio.UnaryStreamMultiCallable[Any, Any],
        request: pb.TranslateDocumentRequest | pb.SummarizeDocumentRequest,
        timeout: float | None,
    ) -> AsyncGenerator[Event]:
        """The call starts with the first event that is asked for, so none is left running."""
        with self._guard():
            seconds = self._timeouts.document if timeout is None else timeout
            call = method(request, timeout=seconds, metadata=self._metadata)
            try:
                async for response in call:
                    event = convert.event(response)
                    if event is not None:
                        yield event
            finally:
                # A stream that is dropped without this is never reported to the server
                # (grpc/grpc#43462).
                call.cancel()

    def _check_open(self) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed", code="CANCELLED")

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """Turns what gRPC raises into the client's errors."""
        self._check_open()
        try:
            yield
        except grpc.aio.AioRpcError as error:
            raise status.from_rpc_error(error, self.target) from error
        except asyncio.CancelledError:
            # gRPC raises this too when close() cancels the call, though nobody cancelled the task.
            task = asyncio.current_task()
            if self._closed and task is not None and not task.cancelling():
                message = "the client was closed during the call"
                raise ClientClosedError(message, code="CANCELLED") from None
            raise


async def _whole(events: AsyncGenerator[Event], collector: Collector) -> DocumentResult:
    async with contextlib.aclosing(events):
        async for event in events:
            collector.add(event)
    return collector.result()
