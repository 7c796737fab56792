"""One call in progress, and what may surround it."""

import re
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from mujaz_server.pipeline.timeline import UNTOLD, Timeline
from mujaz_server.rpc.tokens import Token

Context = grpc.aio.ServicerContext[Any, Any]
Metadata = Iterable[tuple[str, str | bytes]]

REQUEST_ID = "x-request-id"
_OURS = "/mujaz.v1."
_LOGGABLE = re.compile(r"[\w.:-]{1,128}", re.ASCII)


@dataclass(slots=True)
class Call:
    """One call in progress.

    Attributes:
        method: Its full name, such as `/mujaz.v1.MujazService/TranslateText`.
        request_id: The caller's own where it sent one fit for a log line, else a new one.
        started: When it began, in seconds of the monotonic clock.
        code: The name of the status it ends with.
        reason: What was wrong, as its caller is told; empty: nothing, or the caller went.
        token: The token that was presented; None where none is asked for.
        timeline: Told where its time goes.
    """

    method: str
    context: Context
    request_id: str = field(init=False)
    started: float = field(default_factory=time.monotonic)
    code: str = "OK"
    reason: str = ""
    token: Token | None = None
    timeline: Timeline = UNTOLD

    def __post_init__(self) -> None:
        self.request_id = _request_id(self.metadata)

    @property
    def metadata(self) -> Metadata:
        """What its caller sent before the request."""
        return self.context.invocation_metadata() or ()

    @property
    def caller(self) -> str | None:
        """The name of the token that was presented; None where none is asked for."""
        return self.token.name if self.token else None

    @property
    def ours(self) -> bool:
        """Whether it is a method of mujaz.v1, not of health or reflection."""
        return self.method.startswith(_OURS)


Concern = Callable[[Call], AbstractAsyncContextManager[None]]
"""Something that surrounds every call, whatever its shape."""


CURRENT: ContextVar[Call] = ContextVar("call")
"""The call that runs; each has a task, and so a context, of its own."""


def _request_id(metadata: Metadata) -> str:
    for key, value in metadata:
        if key == REQUEST_ID and isinstance(value, str) and _LOGGABLE.fullmatch(value):
            return value
    return uuid.uuid4().hex
