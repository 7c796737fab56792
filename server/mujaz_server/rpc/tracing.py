"""Spans around calls, where tracing is on.

The interceptor that OpenTelemetry ships ends the span of a stream before the stream ends, and
breaks handlers that write for themselves; so tracing is a concern like the others.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Protocol

from mujaz_server.pipeline.timeline import Timeline
from mujaz_server.rpc.call import Call, Concern


class CallTrace(Timeline, Protocol):
    """The span of one call; what its run reports of its time becomes the spans within."""

    def ended(self, code: str, reason: str) -> None:
        """The call has its status."""


class Tracer(Protocol):
    """Makes spans."""

    def call(
        self, method: str, request_id: str, metadata: Mapping[str, str]
    ) -> AbstractContextManager[CallTrace]:
        """Makes the span of a call the present one."""


def traced(tracer: Tracer | None) -> Concern:
    """Surrounds each call of mujaz.v1 with a span; None: with nothing.

    It stands outside all other concerns, so that the metrics of a call can point to its span.
    """

    @asynccontextmanager
    async def concern(call: Call) -> AsyncIterator[None]:
        if tracer is None or not call.ours:
            yield
            return
        metadata = {key: value for key, value in call.metadata if isinstance(value, str)}
        with tracer.call(call.method.removeprefix("/"), call.request_id, metadata) as trace:
            call.timeline = trace
            try:
                yield
            finally:
                trace.ended(call.code, call.reason)

    return concern
