"""One table from what can go wrong inside to the status a caller sees.

Every status is a `google.rpc.Status` with exactly one `ErrorInfo` (AIP-193). Refusals say when to
come back twice: `RetryInfo` for programs that read details, and the trailer
`grpc-retry-pushback-ms` for gRPC's own retry (gRFC A6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2

from mujaz_server.batching.admission import QueueFullError
from mujaz_server.pipeline.events import DeadlinePassedError, TextTooLargeError

DOMAIN = "mujaz"
NEVER = -1.0
MOST_VIOLATIONS = 20
"""Of one answer: a client refuses a status of more than 8 kB, and never learns what was wrong."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of the request and the rule it breaks."""

    field: str
    description: str


class InvalidRequestError(Exception):
    """Fields of a request break their rules; the first `MOST_VIOLATIONS` are named."""

    def __init__(self, violations: Sequence[Violation], reason: str = "INVALID_FIELD") -> None:
        self.violations = tuple(violations[:MOST_VIOLATIONS])
        self.reason = reason
        told = [f"{each.field}: {each.description}" for each in self.violations]
        if more := len(violations) - len(told):
            told.append(f"and {more} more")
        super().__init__("; ".join(told))


def blank(field: str) -> InvalidRequestError:
    """The error of a text in which no sentence was found."""
    rule = "must hold more than white space and invisible marks"
    return InvalidRequestError([Violation(field, rule)], "BLANK_TEXT")


def no_arabic(fields: Sequence[str]) -> InvalidRequestError:
    """The error of texts that must hold Arabic and do not."""
    rule = "must hold Arabic, since options.require_arabic is set"
    return InvalidRequestError([Violation(field, rule) for field in fields], "NO_ARABIC")


class MalformedRequestError(Exception):
    """The bytes of a request are not the message its method takes."""


class ModelNotLoadedError(Exception):
    """A request names a model that this server has not loaded."""


class DrainingError(Exception):
    """The server is about to stop and takes no new calls."""


class NotReadyError(Exception):
    """The server has started, but its model is not ready."""


class ReplicaLostError(Exception):
    """The replica that answered a call has gone, and its answer with it."""


class TooManyStreamsError(Exception):
    """As many calls are in progress as the server takes."""


class StalledReaderError(Exception):
    """The reader of a stream has stopped reading it."""


class TokenMissingError(Exception):
    """A call presents no token, or several, to a server that asks for one."""


class TokenUnknownError(Exception):
    """A call presents a token that this server does not know."""


class TokenExpiredError(Exception):
    """A call presents a token whose time has passed."""


class TooManyStreamsOfTokenError(Exception):
    """A token has as many calls in progress as it may have."""


class TooManyTokensError(Exception):
    """A token has spent the source tokens of its minute.

    Attributes:
        retry_after_s: After how many seconds it has some again.
    """

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"The token is spent; retry after {retry_after_s:.1f} s")
        self.retry_after_s = retry_after_s


class TextTooLargeForTokenError(TextTooLargeError):
    """A text is larger than its token may send, though not too large for the server."""

    def __init__(self, actual: int, limit: int) -> None:
        super().__init__("code points", actual, limit)

    def __str__(self) -> str:
        return f"the text has {self.actual} {self.unit}; your token may send at most {self.limit}"


@dataclass(frozen=True, slots=True)
class Fault:
    """A status before it is put on the wire.

    Attributes:
        retry_after: Seconds until a retry makes sense; negative: never; None: not said.
    """

    code: int
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Sequence[Violation] = ()
    retry_after: float | None = None

    def trailers(self, *, retry: bool = True) -> list[tuple[str, str | bytes]]:
        """The trailing metadata that carries the details.

        Args:
            retry: Whether gRPC's own retry may try the call again, where that makes sense at all.
        """
        trailers: list[tuple[str, str | bytes]] = [
            ("grpc-status-details-bin", self._status().SerializeToString())
        ]
        if self.retry_after is not None:
            again = retry and self.retry_after >= 0
            pushback = round(self.retry_after * 1000) if again else -1
            trailers.append(("grpc-retry-pushback-ms", str(pushback)))
        return trailers

    def _status(self) -> status_pb2.Status:
        status = status_pb2.Status(code=self.code, message=self.message)
        status.details.add().Pack(
            error_details_pb2.ErrorInfo(
                reason=self.reason, domain=DOMAIN, metadata=dict(self.metadata)
            )
        )
        if self.violations:
            bad = error_details_pb2.BadRequest()
            for each in self.violations:
                bad.field_violations.add(field=each.field, description=each.description)
            status.details.add().Pack(bad)
        if self.retry_after is not None and self.retry_after >= 0:
            delay = duration_pb2.Duration()
            delay.FromMilliseconds(round(self.retry_after * 1000))
            status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        return status


# What is said of an error that needs no more than its kind.
_FAULTS: Mapping[type[BaseException], Fault] = {
    MalformedRequestError: Fault(
        code_pb2.INVALID_ARGUMENT,
        "MALFORMED_REQUEST",
        "the request could not be decoded; is it the message this method takes?",
    ),
    ModelNotLoadedError: Fault(
        code_pb2.NOT_FOUND,
        "MODEL_NOT_LOADED",
        "no model of that name is loaded; ListModels tells which are",
    ),
    TooManyStreamsError: Fault(
        code_pb2.RESOURCE_EXHAUSTED,
        "TOO_MANY_STREAMS",
        "as many calls are in progress as this server takes; try again in a second",
        retry_after=1.0,
    ),
    DrainingError: Fault(
        code_pb2.UNAVAILABLE, "DRAINING", "this server is stopping; another may answer"
    ),
    NotReadyError: Fault(
        code_pb2.UNAVAILABLE,
        "NOT_READY",
        "this server is still loading its model; try again in half a second",
        retry_after=0.5,
    ),
    ReplicaLostError: Fault(
        code_pb2.UNAVAILABLE,
        "REPLICA_LOST",
        "the replica that answered has gone; another may answer in a second",
        retry_after=1.0,
    ),
    DeadlinePassedError: Fault(
        code_pb2.DEADLINE_EXCEEDED,
        "DEADLINE_PASSED",
        "the deadline passed before the work was done",
    ),
    TimeoutError: Fault(
        code_pb2.DEADLINE_EXCEEDED,
        "SERVER_DEADLINE_PASSED",
        "the call took longer than this server lets one take that sets no deadline",
    ),
    StalledReaderError: Fault(
        code_pb2.DEADLINE_EXCEEDED,
        "STREAM_STALLED",
        "the stream was ended because nobody read it",
    ),
    TokenMissingError: Fault(
        code_pb2.UNAUTHENTICATED,
        "TOKEN_MISSING",
        "this server asks for a token: send one as metadata, authorization: Bearer TOKEN; "
        "whoever runs the server gives it out",
    ),
    TokenUnknownError: Fault(
        code_pb2.UNAUTHENTICATED,
        "TOKEN_UNKNOWN",
        "this server does not know the token; ask whoever runs it whether it was withdrawn",
    ),
    TokenExpiredError: Fault(
        code_pb2.UNAUTHENTICATED,
        "TOKEN_EXPIRED",
        "the token has expired; ask whoever runs the server for a new one",
    ),
    TooManyStreamsOfTokenError: Fault(
        code_pb2.RESOURCE_EXHAUSTED,
        "TOO_MANY_STREAMS_OF_TOKEN",
        "as many calls are in progress as your token may have; try again when one has ended",
        retry_after=1.0,
    ),
}


def fault(error: BaseException, request_id: str) -> Fault:
    """Returns what a caller may know of an error: never a class name, a path or a text."""
    match error:
        case InvalidRequestError():
            return Fault(
                code_pb2.INVALID_ARGUMENT, error.reason, str(error), violations=error.violations
            )
        case TextTooLargeError():
            return Fault(
                code_pb2.RESOURCE_EXHAUSTED,
                "TEXT_TOO_LARGE",
                f"{error}; send it in parts",
                {"unit": error.unit, "actual": str(error.actual), "limit": str(error.limit)},
                retry_after=NEVER,
            )
        case QueueFullError():
            wait = error.retry_after_s
            return Fault(
                code_pb2.RESOURCE_EXHAUSTED,
                "QUEUE_FULL",
                f"the server cannot do this in time; try again in {wait:.1f} s",
                {"retry_after_seconds": f"{wait:.1f}"},
                retry_after=wait,
            )
        case TooManyTokensError():
            wait = error.retry_after_s
            return Fault(
                code_pb2.RESOURCE_EXHAUSTED,
                "TOO_MANY_TOKENS",
                f"the source tokens of your token are spent; try again in {wait:.1f} s",
                {"retry_after_seconds": f"{wait:.1f}"},
                retry_after=wait,
            )
    if known := _FAULTS.get(type(error)):
        return known
    message = f"a defect of the server; please report it with the request id {request_id}"
    return Fault(code_pb2.INTERNAL, "INTERNAL", message, {"request_id": request_id})
