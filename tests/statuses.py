"""What a failed call told its caller, unpacked."""

from collections.abc import AsyncIterable, Awaitable
from dataclasses import dataclass

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2


@dataclass(frozen=True)
class Failure:
    """The status of a call, with the details a program would read."""

    code: str
    message: str
    reason: str
    metadata: dict[str, str]
    violations: list[error_details_pb2.BadRequest.FieldViolation]
    retry_seconds: float | None
    pushback: str | None
    request_id: str | None


async def failure(call: Awaitable[object] | AsyncIterable[object]) -> Failure:
    """Returns how a call failed; a stream is read to its end."""
    try:
        if isinstance(call, AsyncIterable):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return unpacked(error)
    raise AssertionError("the call did not fail")


def unpacked(error: grpc.aio.AioRpcError) -> Failure:
    """Reads the details of a status."""
    trailers = dict(error.trailing_metadata() or ())
    status = status_pb2.Status.FromString(trailers.get("grpc-status-details-bin", b""))
    info = error_details_pb2.ErrorInfo()
    bad = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    found = [
        message
        for detail in status.details
        for message in (info, bad, retry)
        if detail.Unpack(message)
    ]
    assert found.count(info) <= 1
    return Failure(
        code=error.code().name,
        message=error.details() or "",
        reason=info.reason,
        metadata=dict(info.metadata),
        violations=list(bad.field_violations),
        retry_seconds=retry.retry_delay.ToTimedelta().total_seconds() if retry in found else None,
        pushback=trailers.get("grpc-retry-pushback-ms"),
        request_id=trailers.get("x-request-id"),
    )
