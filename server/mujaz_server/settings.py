"""Settings of the server: from flags, the environment and a TOML file, in that order.

Every field states its unit, its range and the reason for its default. The table in
docs/settings.md is made from them by `make settings-table`.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "MUJAZ_"

# Variables of the same prefix that are not ours: those of the client and of the model store, and
# the service links that Kubernetes sets in every pod for Services called "mujaz" or "mujaz-…".
_NOT_SETTINGS = re.compile(
    r"MUJAZ_(?:HOME|CONFIG|SERVER|TOKEN_FILE|TOKEN|TLS|CA|CERTIFICATE|KEY"
    r"|(?:\w+_)?SERVICE_(?:HOST|PORT\w*)|(?:\w+_)?PORT(?:_\w+)?)"
)


class SettingsError(Exception):
    """A setting is unknown or out of range; the message names it and what it may be."""


class Settings(BaseSettings):
    """The validated settings of one server. Frozen once made."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    address: str = Field(
        "127.0.0.1:50051",
        pattern=r"^(\S+:\d{1,5}|unix:\S+)$",
        description="Where gRPC listens: host:port (port 0 takes a free one) or unix:PATH. "
        "An address that other machines reach needs TLS, or allow_plaintext.",
    )
    tls_certificate: str = Field(
        "",
        description="A PEM file: the certificate of the server, then those up to its root; "
        "empty: no TLS. It, the key and the roots are read anew when they change.",
    )
    tls_key: str = Field(
        "", description="A PEM file: the private key of the certificate, not encrypted."
    )
    tls_client_ca: str = Field(
        "",
        description="A PEM file of roots: only clients with a certificate of theirs may connect; "
        "empty: any may.",
    )
    tokens: str = Field(
        "",
        description="A TOML file of the tokens that may call, read anew when it changes; empty: "
        "no token is asked for. `mujaz-server token NAME` makes one.",
    )
    allow_plaintext: bool = Field(
        default=False,
        description="Whether an address that other machines reach may be without TLS, because "
        "something in front has it. Tokens never may.",
    )
    health_address: str = Field(
        "",
        pattern=r"^(\S+:\d{1,5}|unix:\S+)?$",
        description="Where grpc.health.v1 is served once more, alone, without TLS or token, for "
        "probes; empty: nowhere.",
    )
    metrics_address: str = Field(
        "127.0.0.1:9464",
        pattern=r"^(\S+:\d{1,5})?$",
        description="Where Prometheus reads metrics over HTTP: host:port; empty: nowhere.",
    )
    model: str = Field(
        "starter",
        min_length=1,
        description="The model to load: an embedded name, one of the store, or a folder.",
    )
    threads: int = Field(
        0,
        ge=0,
        le=256,
        description="Batches translated at once, a core each; 0: as many as this process may use. "
        "More threads of one core each serve more sentences than fewer of several.",
    )
    quality: Literal["fast", "balanced", "best"] = Field(
        "balanced", description="What a request gets that asks for no quality."
    )
    batch_tokens: int = Field(
        0,
        ge=0,
        le=65536,
        description="Padded source tokens of one batch, at most. A short call waits for the batch "
        "that runs, so this bounds its wait. 0: 256, or 512 where that is a twentieth faster as "
        "measured at start.",
    )
    batch_rows: int = Field(32, ge=1, le=1024, description="Sentences of one batch, at most.")
    max_queue_wait: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="Seconds. Work whose estimated wait is longer is refused at once.",
    )
    max_backlog_tokens: int = Field(
        1_000_000,
        ge=1,
        le=100_000_000,
        description="Source tokens that may wait, of all calls together: a bound on memory.",
    )
    max_streams: int = Field(
        512, ge=1, le=65536, description="Calls in progress, at most; more are refused at once."
    )
    max_connections: int = Field(
        4096,
        ge=1,
        le=1_000_000,
        description="Open connections, at most; each takes a file descriptor.",
    )
    max_connection_age: float = Field(
        3600.0,
        ge=0.1,
        le=86400,
        description="Seconds after which a client is asked to connect anew for its next calls, so "
        "that balancers can move it. Calls in progress are not touched.",
    )
    max_code_points: int = Field(
        1_000_000,
        ge=1,
        le=4_000_000,
        description="Code points of one request, at most. A million is a book of 600 pages.",
    )
    max_sentences: int = Field(
        20_000, ge=1, le=1_000_000, description="Sentences of one document, at most."
    )
    stream_window: int = Field(
        256,
        ge=1,
        le=65536,
        description="Sentences translated ahead of a reader, at most. A reader that stops "
        "reading stops its own work here, and nobody else's.",
    )
    default_deadline: float = Field(
        600.0,
        gt=0,
        le=86400,
        description="Seconds a call may take whose caller set no deadline.",
    )
    stall_timeout: float = Field(
        60.0,
        gt=0,
        le=86400,
        description="Seconds a stream may wait for its reader before it is ended.",
    )
    retry_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of all source tokens that second tries of doubtful sentences may "
        "take; 0: no second tries.",
    )
    cache_bytes: int = Field(
        64_000_000,
        ge=0,
        le=64_000_000_000,
        description="Bytes of finished translations kept in memory, for sentences that come again; "
        "0: none. A sentence takes about 450.",
    )
    watchdog: float = Field(
        120.0,
        gt=0,
        le=86400,
        description="Seconds a batch may take before the engine counts as hung: the server "
        "turns NOT_SERVING and exits for its supervisor.",
    )
    drain_linger: float = Field(
        0.0,
        ge=0,
        le=600,
        description="Seconds to go on accepting calls after SIGTERM, while load balancers learn "
        "of NOT_SERVING. 5 behind Kubernetes.",
    )
    drain_grace: float = Field(
        30.0, ge=0, le=3600, description="Seconds for calls in progress to end after SIGTERM."
    )
    reflection: bool | None = Field(
        default=None,
        description="Whether gRPC reflection tells clients the API; unset: only where no tokens "
        "are asked for.",
    )
    tracing: bool = Field(
        default=False,
        description="Whether calls are traced by OpenTelemetry; the standard OTEL_… variables say "
        "where to.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log line written."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="How log lines look; auto: text on a terminal, else JSON."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags before the environment before the TOML file; no dotenv and no secrets folder."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _rows_fit(self) -> Self:
        if 0 < self.batch_tokens < self.batch_rows:
            raise ValueError("batch_rows is larger than batch_tokens: no batch could be that wide")
        return self

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        if bool(self.tls_certificate) != bool(self.tls_key):
            raise ValueError("tls_certificate and tls_key go together: give both, or neither")
        if self.tls_client_ca and not self.tls_certificate:
            raise ValueError("tls_client_ca needs TLS: give tls_certificate and tls_key too")
        return self

    @model_validator(mode="after")
    def _others_reach_it_by_tls(self) -> Self:
        if self.tls_certificate or _is_local(self.address):
            return self
        where = f"other machines can reach {self.address}"
        if self.tokens:
            raise ValueError(
                f"{where}, and tokens must not cross a network in plain text: give tls_certificate "
                "and tls_key, or listen on 127.0.0.1"
            )
        if not self.allow_plaintext:
            raise ValueError(
                f"{where}, and there is no TLS: give tls_certificate and tls_key, listen on "
                "127.0.0.1, or set allow_plaintext if something in front has TLS"
            )
        return self

    @property
    def reflects(self) -> bool:
        """Whether reflection is on."""
        return not self.tokens if self.reflection is None else self.reflection

    @property
    def open_to_anyone(self) -> bool:
        """Whether other machines may call without showing who they are."""
        return not (_is_local(self.address) or self.tokens or self.tls_client_ca)

    @property
    def thread_count(self) -> int:
        """The number of batches translated at once, at least 1."""
        if self.threads:
            return self.threads
        if hasattr(os, "sched_getaffinity"):  # a container may have fewer cores than its machine
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1

    @property
    def max_message_bytes(self) -> int:
        """The largest request gRPC itself lets in.

        Four times what the limit on code points allows, so that a text somewhat too large is
        refused by us, with its reason, and only the absurd by gRPC.
        """
        return 16 * self.max_code_points + 65536


def _is_local(address: str) -> bool:
    """Whether only this machine reaches an address; a name that is not plainly local is not."""
    if address.startswith("unix:"):
        return True
    host = address.rpartition(":")[0].removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(
    flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Returns the settings of flags (None: not given), the environment and a TOML file.

    Raises:
        SettingsError: A key is unknown, a value is out of range, or the file cannot be read.
    """
    _refuse_unknown(environ)
    if config is not None and not config.is_file():
        raise SettingsError(f"there is no settings file at {config}")
    given = {key: value for key, value in flags.items() if value is not None}

    class FileSettings(Settings):
        model_config = SettingsConfigDict(toml_file=config)

    try:
        return Settings.model_construct(**FileSettings(**given).model_dump())
    except ValidationError as error:
        raise SettingsError("; ".join(map(_describe, error.errors()))) from None
    except ValueError as error:  # tomllib.TOMLDecodeError is one
        raise SettingsError(f"{config} is not TOML: {error}") from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environ:
        if name.startswith(PREFIX) and name not in known and not _NOT_SETTINGS.fullmatch(name):
            raise SettingsError(f"{name} is not a setting; mujaz-server settings lists them")


def _describe(error: Any) -> str:  # noqa: ANN401  pydantic's ErrorDetails
    name = ".".join(map(str, error["loc"])) or "settings"
    if error["type"] == "extra_forbidden":
        return f"{name} is not a setting; mujaz-server settings lists them"
    return f"{name}: {error['msg']}, got {error['input']!r}" if error["loc"] else error["msg"]


def table(settings: Settings, *, markdown: bool = False) -> str:
    """Returns the settings as aligned text, or as the Markdown table of the docs."""
    if markdown:
        rows = [
            f"| `{name}` | `{PREFIX}{name.upper()}` | {_cell(field.default)}| {field.description} |"
            for name, field in Settings.model_fields.items()
        ]
        return "\n".join(["| setting | variable | default | meaning |", "| --- " * 4 + "|", *rows])
    values = settings.model_dump()
    width = max(map(len, values))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in values.items())


def _cell(default: Any) -> str:  # noqa: ANN401  settings are of many types
    return "" if default in {"", None} else f"`{default}` "
