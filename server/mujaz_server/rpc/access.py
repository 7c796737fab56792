"""Who may call: the concern that knows a caller by the token it presents."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from mujaz_server.rpc.call import Call, Metadata
from mujaz_server.rpc.errors import TokenExpiredError, TokenMissingError, TokenUnknownError
from mujaz_server.rpc.tokens import Token, find

_HEADER = "authorization"
_SCHEME = "bearer"


def _now() -> datetime:
    return datetime.now(UTC)


class Access:
    """Lets those pass who present a token that is known and has not expired (RFC 6750).

    Args:
        tokens: Returns the tokens in force, and is asked anew for every call; None: everybody
            may call.
        now: Returns the present moment.
    """

    def __init__(
        self, tokens: Callable[[], Sequence[Token]] | None, now: Callable[[], datetime] = _now
    ) -> None:
        self._tokens = tokens
        self._now = now

    def token(self, metadata: Metadata) -> Token | None:
        """Returns the token that the metadata of a call presents; None where none is asked for.

        Raises:
            TokenMissingError: There is none, or more than one.
            TokenUnknownError: Nobody was given it.
            TokenExpiredError: Its time has passed.
        """
        if self._tokens is None:
            return None
        token = find(self._tokens(), _presented(metadata))
        if token is None:
            raise TokenUnknownError
        if token.expired(self._now()):
            raise TokenExpiredError
        return token

    def refusal(self, metadata: Metadata) -> Exception | None:
        """Returns what `token` would raise, for the edge to know before it reads a request."""
        try:
            self.token(metadata)
        except (TokenMissingError, TokenUnknownError, TokenExpiredError) as error:
            return error
        return None

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        """Names the caller of a call, of health and reflection too; raises as `token` does."""
        call.token = self.token(call.metadata)
        yield


def _presented(metadata: Metadata) -> str:
    values = [value for key, value in metadata if key == _HEADER]
    if len(values) != 1 or not isinstance(values[0], str):
        raise TokenMissingError
    scheme, _, token = values[0].strip().partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        raise TokenMissingError
    return token.strip()
