"""From gRPC's errors to the client's, with the details of `google.rpc.Status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from mujaz_client.errors import (
    AuthenticationError,
    DeadlineExceededError,
    InternalError,
    InvalidArgumentError,
    MujazError,
    NotFoundError,
    OverloadedError,
    TooLargeError,
    UnavailableError,
    Violation,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DETAILS_KEY = "grpc-status-details-bin"
_REQUEST_ID_KEY = "x-request-id"

_FAMILY: dict[grpc.StatusCode, type[MujazError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgumentError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: OverloadedError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceededError,
    grpc.StatusCode.UNAUTHENTICATED: AuthenticationError,
    grpc.StatusCode.PERMISSION_DENIED: AuthenticationError,
    grpc.StatusCode.INTERNAL: InternalError,
    grpc.StatusCode.CANCELLED: UnavailableError,  # by the server: our own never come here
}


def from_rpc_error(error: grpc.RpcError, target: str) -> MujazError:
    """The client's error for a failed call to `target`, asyncio or not."""
    trailers = {str(key): value for key, value in _pairs(error)}
    details = _Details(trailers)
    family = _FAMILY.get(error.code(), MujazError)
    if details.reason == "TEXT_TOO_LARGE":
        family = TooLargeError
    return family(
        _in_words(error.code(), error.details() or "", target, known=bool(details.reason)),
        code=error.code().name,
        reason=details.reason,
        violations=details.violations,
        retry_after=details.retry_after,
        request_id=str(trailers.get(_REQUEST_ID_KEY, "")),
    )


def _pairs(error: grpc.RpcError) -> Iterable[tuple[str, str | bytes]]:
    # The stubs of grpc call a pair of metadata an object that cannot be unpacked.
    return cast("Iterable[tuple[str, str | bytes]]", error.trailing_metadata() or ())


def _in_words(code: grpc.StatusCode, message: str, target: str, *, known: bool) -> str:
    """The server's own words; the library's where the call never reached a server of ours."""
    message = " ".join(message.split())
    if known:
        return message
    if code is grpc.StatusCode.UNAVAILABLE:
        return f"no mujaz server answers at {target}; is it running? ({message})"
    if code is grpc.StatusCode.CANCELLED:
        return f"{target} stopped during the call; call again"
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return f"{target} did not finish within the deadline; allow more time"
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return f"{target} does not know this method; is it a mujaz server of this version?"
    return message or f"{target} gave no message"


class _Details:
    """The rich details of an error; a status that does not parse has none."""

    def __init__(self, trailers: Mapping[str, str | bytes]) -> None:
        self.reason = ""
        self.violations: tuple[Violation, ...] = ()
        self.retry_after: float | None = None
        packed = trailers.get(_DETAILS_KEY)
        if isinstance(packed, bytes):
            try:
                self._read(status_pb2.Status.FromString(packed))
            except DecodeError:  # a proxy's, not a mujaz server's
                return

    def _read(self, status: status_pb2.Status) -> None:
        info = error_details_pb2.ErrorInfo()
        request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        for detail in status.details:
            if detail.Unpack(info):
                self.reason = info.reason
            elif detail.Unpack(request):
                self.violations = tuple(
                    Violation(violation.field, violation.description)
                    for violation in request.field_violations
                )
            elif detail.Unpack(retry):
                self.retry_after = retry.retry_delay.ToTimedelta().total_seconds()
