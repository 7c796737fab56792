"""Client of mujaz: a library for asyncio and threads, and the command `mujaz`.

`AsyncClient` and `Client` are imported when they are first asked for, since they
bring in gRPC, which the command's `--help` does without.
"""

from typing import TYPE_CHECKING

from mujaz_client.document import Collector, DocumentResult
from mujaz_client.errors import (
    AuthenticationError,
    ClientClosedError,
    DeadlineExceededError,
    IncompleteStreamError,
    InternalError,
    InvalidArgumentError,
    MujazError,
    NotFoundError,
    OverloadedError,
    TooLargeError,
    UnavailableError,
    Violation,
)
from mujaz_client.options import (
    Budget,
    NewlineMode,
    Quality,
    Ratio,
    SentenceCount,
    SummaryOptions,
    SummaryOrder,
    Timeouts,
    Tls,
    TranslationOptions,
    WordCount,
)
from mujaz_client.results import (
    DocumentOutline,
    DocumentReport,
    Event,
    Health,
    Model,
    ModelScore,
    NumberDifference,
    QualityFlag,
    Reason,
    ReasonKind,
    Summary,
    SummarySentence,
    TextTranslation,
    TranslatedSentence,
)
from mujaz_client.together import Joined

if TYPE_CHECKING:
    from mujaz_client.client import AsyncClient
    from mujaz_client.threaded import Client


def __getattr__(name: str) -> object:
    """Imports a client when it is first asked for (PEP 562)."""
    if name == "AsyncClient":
        from mujaz_client.client import AsyncClient  # noqa: PLC0415 - the point of this function

        return AsyncClient
    if name == "Client":
        from mujaz_client.threaded import Client  # noqa: PLC0415 - the point of this function

        return Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AsyncClient",
    "AuthenticationError",
    "Budget",
    "Client",
    "ClientClosedError",
    "Collector",
    "DeadlineExceededError",
    "DocumentOutline",
    "DocumentReport",
    "DocumentResult",
    "Event",
    "Health",
    "IncompleteStreamError",
    "InternalError",
    "InvalidArgumentError",
    "Joined",
    "Model",
    "ModelScore",
    "MujazError",
    "NewlineMode",
    "NotFoundError",
    "NumberDifference",
    "OverloadedError",
    "Quality",
    "QualityFlag",
    "Ratio",
    "Reason",
    "ReasonKind",
    "SentenceCount",
    "Summary",
    "SummaryOptions",
    "SummaryOrder",
    "SummarySentence",
    "TextTranslation",
    "Timeouts",
    "Tls",
    "TooLargeError",
    "TranslatedSentence",
    "TranslationOptions",
    "UnavailableError",
    "Violation",
    "WordCount",
]
