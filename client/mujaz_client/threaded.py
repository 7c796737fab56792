"""The client for threads: `AsyncClient` without asyncio."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self, TypeVar

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
    from collections.abc import Generator, Iterator, Sequence
    from typing import Any

    from mujaz_client.results import Event, Health, Model, TextTranslation

R = TypeVar("R")


class Client:
    """A connection to mujaz for any number of threads; `AsyncClient` describes the calls.

    Close it, best by `with`. An interrupt (Ctrl-C) in a call cancels it.

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
        self._channel = channel.open_threaded(target, secure=secure)
        self._stub = mujaz_pb2_grpc.MujazServiceStub(self._channel)
        self._health_check = self._channel.unary_unary(
            channel.HEALTH_CHECK,
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancels the calls that still run and closes the connection."""
        self._closed = True
        self._channel.close()

    def translate_text(
        self,
        texts: Sequence[str],
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        alternative_count: int = 0,
        timeout: float | None = None,
    ) -> list[TextTranslation]:
        """Translates 1 to 128 short texts; the answers come in the same order."""
        request = convert.translate_text_request(texts, options, alternative_count)
        seconds = self._timeouts.text if timeout is None else timeout
        return convert.text_translations(self._answer(self._stub.TranslateText, request, seconds))

    def translate_document(
        self,
        text: str,
        options: TranslationOptions = DEFAULT_TRANSLATION,
        *,
        timeout: float | None = None,
    ) -> Generator[Event]:
        """Translates a document and yields its events as they come.

        Closing the generator (`contextlib.closing`) cancels the call.
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
    ) -> Generator[Event]:
        """Translates and summarizes a document and yields its events as they come.

        The text may hold several documents that start at these offsets, the first at 0.
        Closing the generator (`contextlib.closing`) cancels the call.
        """
        request = convert.summarize_document_request(text, options, summary, document_start_offsets)
        return self._events(self._stub.SummarizeDocument, request, timeout)

    def summarize(
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
        return _whole(events, Collector(text, summarized=True))

    def summarize_together(
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
        return _whole(events, collector)

    def list_models(self, *, timeout: float | None = None) -> list[Model]:
        """The loaded models, the default one first."""
        models: list[Model] = []
        request = pb.ListModelsRequest()
        seconds = self._timeouts.models if timeout is None else timeout
        while True:
            response = self._answer(self._stub.ListModels, request, seconds)
            models += [convert.model(model) for model in response.models]
            if not response.next_page_token:
                return models
            request.page_token = response.next_page_token

    def health(self, *, timeout: float | None = None) -> Health:
        """Whether the server takes calls."""
        seconds = self._timeouts.health if timeout is None else timeout
        request = health_pb2.HealthCheckRequest()
        return convert.health(self._answer(self._health_check, request, seconds))

    def _answer(
        self, method: grpc.UnaryUnaryMultiCallable[Any, R], request: object, timeout: float
    ) -> R:
        with self._guard():
            call = method.future(request, timeout=timeout, metadata=self._metadata)
            try:
                return call.result()
            finally:
                call.cancel()

    def _events(
        self,
        method: grpc.UnaryStreamMultiCallable[Any, Any],
        request: pb.TranslateDocumentRequest | pb.SummarizeDocumentRequest,
        timeout: float | None,
    ) -> Generator[Event]:
        """The call starts with the first event that is asked for, so none is left running."""
        with self._guard():
            seconds = self._timeouts.document if timeout is None else timeout
            call = method(request, timeout=seconds, metadata=self._metadata)
            try:
                for response in call:
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
        except (grpc.RpcError, grpc.FutureCancelledError) as error:
            if self._closed:
                message = "the client was closed during the call"
                raise ClientClosedError(message, code="CANCELLED") from None
            if isinstance(error, grpc.RpcError):
                raise status.from_rpc_error(error, self.target) from error
            raise


def _whole(events: Generator[Event], collector: Collector) -> DocumentResult:
    with contextlib.closing(events):
        for event in events:
            collector.add(event)
    return collector.result()
