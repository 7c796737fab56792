"""One call in progress, and what may surround it."""

import re
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

Context = grpc.aio.ServicerContext[Any, Any]

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
    """

    method: str
    context: Context
    request_id: str = field(init=False)
    started: float = field(default_factory=time.monotonic)
    code: str = "OK"

    def __post_init__(self) -> None:
        self.request_id = _request_id(self.context)

    @property
    def ours(self) -> bool:
        """Whether it is a method of mujaz.v1, not of health or reflection."""
        return self.method.startswith(_OURS)


Concern = Callable[[Call], AbstractAsyncContextManager[None]]
"""Something that surrounds every call, whatever its shape."""


def _request_id(context: Context) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == REQUEST_ID and isinstance(value, str) and _LOGGABLE.fullmatch(value):
            return value
    return uuid.uuid4().hex
