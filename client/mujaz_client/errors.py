"""The errors of the client: one family, each telling what went wrong in one line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of the request that breaks its rule (`google.rpc.BadRequest`)."""

    field: str
    description: str


class MujazError(Exception):
    """A call that did not succeed.

    Attributes:
        message: What the server said, without the details below.
        code: The name of the gRPC status, such as `RESOURCE_EXHAUSTED`.
        reason: The reason of the `google.rpc.ErrorInfo`, such as `QUEUE_FULL`;
            empty where the error is not mujaz's own.
        violations: The fields at fault.
        retry_after: Seconds after which another try makes sense
            (`google.rpc.RetryInfo`), or None.
        request_id: What to quote to the server's operator; may be empty.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "UNKNOWN",
        reason: str = "",
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.violations = violations
        self.retry_after = retry_after
        self.request_id = request_id

    def __str__(self) -> str:
        details = [
            f"{violation.field}: {violation.description}"
            for violation in self.violations
            if violation.description not in self.message
        ]
        if self.retry_after is not None:
            details.append(f"try again in {self.retry_after:g} s")
        label = " ".join(part for part in (self.code, self.reason) if part)
        if self.request_id:
            label += f", request {self.request_id}"
        return f"{'; '.join([self.message, *details])} [{label}]"


class InvalidArgumentError(MujazError):
    """A field breaks the rule that its comment in the .proto states."""


class NotFoundError(MujazError):
    """The server has no such model."""


class OverloadedError(MujazError):
    """The server cannot do the work in time; `retry_after` says when to come back."""


class TooLargeError(MujazError):
    """The text is larger than the server takes; a retry cannot help."""


class UnavailableError(MujazError):
    """No server answers, or the one that does is starting or draining."""


class DeadlineExceededError(MujazError):
    """The deadline passed before the answer was complete."""


class AuthenticationError(MujazError):
    """The server wants a token, or does not accept the one it got."""


class InternalError(MujazError):
    """A defect of the server; quote `request_id` when reporting it."""


class ClientClosedError(MujazError):
    """The client was closed before or during the call."""


class IncompleteStreamError(MujazError):
    """The stream ended without an error, yet what arrived is not the whole document."""
