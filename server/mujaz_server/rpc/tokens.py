"""Bearer tokens: who may call, and how much of the server each may take.

Tokens stand in a TOML file by the SHA-256 of each, which tells nobody the token: `issue` makes them
of 256 random bits, so neither salt nor a slow hash would add anything.
"""

import hashlib
import hmac
import secrets
import tomllib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mujaz_server.rpc.watched import RefusedFileError

_NAME = r"^[A-Za-z0-9_.@-]{1,64}$"
_REMEDY = "mujaz-server token NAME makes a table"


class Token(BaseModel):
    """A caller's right to call. A limit that is None does not limit.

    Attributes:
        name: Who calls, as logs and the queue know them.
        sha256: The SHA-256 of the token in hexadecimal.
        expires: The moment from which it is refused; UTC where no offset is given, and for a date
            its first moment.
        streams: Calls in progress.
        tokens_per_minute: Source tokens, see `quotas.Bucket`.
        code_points: Of one request.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=_NAME)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    expires: datetime | date | None = None
    streams: int | None = Field(None, ge=1)
    tokens_per_minute: int | None = Field(None, ge=1)
    code_points: int | None = Field(None, ge=1)

    def expired(self, now: datetime) -> bool:
        """Whether it is refused at an (aware) moment."""
        return self.expires is not None and now >= _moment(self.expires)


def read(path: Path) -> tuple[Token, ...]:
    """Reads a file of tokens.

    Raises:
        RefusedFileError: It cannot be read, breaks a rule, or holds no token at all, as a file does
            that is just being written.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RefusedFileError(
            f"cannot read {path} ({error.strerror}); name a readable file with --tokens"
        ) from error
    except ValueError as error:  # of UTF-8 and of TOML
        raise RefusedFileError(f"{path} is not TOML ({error}); {_REMEDY}") from error
    tables = content.pop("token", None)
    if content or not isinstance(tables, list) or not tables:
        raise RefusedFileError(f"{path} must hold [[token]] tables and nothing else; {_REMEDY}")
    tokens = tuple(_token(path, position, each) for position, each in enumerate(tables, 1))
    for what in ("name", "sha256"):
        if len({getattr(token, what) for token in tokens}) < len(tokens):
            raise RefusedFileError(f"{path} holds two tokens of one {what}; {_REMEDY}")
    return tokens


def find(tokens: Sequence[Token], presented: str) -> Token | None:
    """Returns the token that was presented, after comparing all: time tells nothing."""
    digest = hashlib.sha256(presented.encode()).hexdigest()
    found = None
    for token in tokens:
        if hmac.compare_digest(token.sha256, digest):
            found = token
    return found


def issue(name: str) -> tuple[str, str]:
    """Returns a new token, and the table of it to append to the file.

    The prefix lets scanners of repositories recognize a token that was left there.

    Raises:
        ValueError: The name does not fit a log line.
    """
    token = "mujaz_" + secrets.token_urlsafe(32)
    digest = hashlib.sha256(token.encode()).hexdigest()
    try:
        Token(name=name, sha256=digest)
    except ValidationError:
        raise ValueError(
            f"{name!r} is no name of a token; take 1 to 64 of a-z, A-Z, 0-9, _, ., @ and -"
        ) from None
    return token, f'[[token]]\nname = "{name}"\nsha256 = "{digest}"\n'


def _token(path: Path, position: int, table: Any) -> Token:  # noqa: ANN401  whatever TOML holds
    try:
        return Token.model_validate(table)
    except ValidationError as error:
        # Without the value: somebody may have written the token itself.
        found = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'table'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise RefusedFileError(f"{path}, [[token]] {position}: {found}; {_REMEDY}") from None


def _moment(expires: datetime | date) -> datetime:
    if not isinstance(expires, datetime):
        return datetime.combine(expires, time(), UTC)
    return expires if expires.tzinfo else expires.replace(tzinfo=UTC)
