"""What one token may take: calls at a time, source tokens a minute, code points of a request."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from mujaz_server.rpc.call import Call
from mujaz_server.rpc.errors import (
    TextTooLargeForTokenError,
    TooManyStreamsOfTokenError,
    TooManyTokensError,
)
from mujaz_server.rpc.tokens import Token

_MINUTE_S = 60.0


@dataclass(slots=True)
class Bucket:
    """A token bucket that holds a minute's worth and may be overdrawn.

    Whoever has anything left gets a whole document, however large, and pays it off before the
    next: so the mean rate is held exactly and no document is too large for its caller's rate.

    Attributes:
        level: Source tokens left; negative while a document is being paid off; None: it has not
            been used yet and is full.
    """

    clock: Callable[[], float]
    level: float | None = None
    _at: float = 0.0

    def require(self, per_minute: int) -> None:
        """Lets a call pass.

        Raises:
            TooManyTokensError: Nothing is left; says when there will be.
        """
        now = self.clock()
        filled = per_minute if self.level is None else self.level
        filled += (now - self._at) * per_minute / _MINUTE_S
        self.level, self._at = min(filled, per_minute), now
        if self.level < 1:
            raise TooManyTokensError((1 - self.level) * _MINUTE_S / per_minute)

    def spend(self, tokens: int, per_minute: int) -> None:
        """Takes out what an admitted call costs.

        Raises:
            TooManyTokensError: Another call took what was left.
        """
        self.require(per_minute)
        self.level = (self.level or 0) - tokens


@dataclass(slots=True)
class _Use:
    bucket: Bucket
    streams: int = 0


@dataclass(slots=True)
class Quotas:
    """The concern that holds every call to the limits of its token.

    The clock is in seconds and monotonic. What a token has in use is kept by its name, so a
    changed file changes limits and not what was spent.
    """

    clock: Callable[[], float]
    _uses: dict[str, _Use] = field(default_factory=dict)

    @asynccontextmanager
    async def __call__(self, call: Call) -> AsyncIterator[None]:
        """Admits a call of mujaz.v1 within the limits of its token; others it lets pass.

        Raises:
            TooManyStreamsOfTokenError: The token has as many calls in progress as it may.
            TooManyTokensError: The token has spent its source tokens.
        """
        token = call.token
        if token is None or not call.ours:
            yield
            return
        use = self._uses.setdefault(token.name, _Use(Bucket(self.clock)))
        if token.streams is not None and use.streams >= token.streams:
            raise TooManyStreamsOfTokenError
        if token.tokens_per_minute is not None:
            use.bucket.require(token.tokens_per_minute)
        use.streams += 1
        try:
            yield
        finally:
            use.streams -= 1

    def meter(self, token: Token | None) -> Callable[[int], None] | None:
        """Returns what takes the source tokens of admitted work from those of its token.

        It raises TooManyTokensError where they are spent. None: the token has no such limit.
        """
        if token is None or token.tokens_per_minute is None:
            return None
        return partial(self._uses[token.name].bucket.spend, per_minute=token.tokens_per_minute)


def require_size(token: Token | None, code_points: int) -> None:
    """Lets a request of so many code points pass.

    Raises:
        TextTooLargeForTokenError: Its token may send less.
    """
    limit = token.code_points if token else None
    if limit is not None and code_points > limit:
        raise TextTooLargeForTokenError(code_points, limit)
