"""The command `mujaz-server`: `serve`, `settings` to show with what, `token` to make a token."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from mujaz_server.app import StartError, load_model
from mujaz_server.lifecycle import run
from mujaz_server.rpc.tokens import issue
from mujaz_server.settings import Settings, SettingsError, load, table
from mujaz_server.telemetry import configure_logs

EXIT_CANNOT_START = 1
EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits: 0 after a drain, 1 if the server cannot start, 2 on bad usage."""
    given = vars(_parser().parse_args(arguments))
    command = given.pop("command")
    if command == "token":
        sys.exit(_token(given["name"]))
    config = given.pop("config")
    markdown = given.pop("markdown", False)
    try:
        settings = load(given, config)
        sys.exit(_serve(settings) if command == "serve" else _show(settings, markdown=markdown))
    except SettingsError as error:
        _fail(EXIT_USAGE, error)
    except StartError as error:
        _fail(EXIT_CANNOT_START, error)


def _serve(settings: Settings) -> int:
    configure_logs(settings.log_level, settings.log_format)
    return asyncio.run(run(settings, lambda: load_model(settings)))


def _show(settings: Settings, *, markdown: bool) -> int:
    print(table(settings, markdown=markdown))  # noqa: T201  what the command is for
    return 0


def _token(name: str) -> int:
    """Shows a new token on standard error, so that `>>` appends its table and nothing else."""
    try:
        token, table_of_it = issue(name)
    except ValueError as error:
        _fail(EXIT_USAGE, error)
    print(f"The token, shown this once:\n{token}", file=sys.stderr)  # noqa: T201  its purpose
    print(table_of_it)  # noqa: T201  what the command is for
    return 0


def _fail(status: int, error: Exception) -> NoReturn:
    print(f"mujaz-server: {error}", file=sys.stderr)  # noqa: T201  for the person who started it
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(add_help=False)
    flags.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=os.environ.get("MUJAZ_CONFIG"),
        help="a TOML file of settings (default: $MUJAZ_CONFIG)",
    )
    for name, field in Settings.model_fields.items():
        flags.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="VALUE",
            help=f"{field.description} Default: {_shown(field.default)}",
        )
    parser = argparse.ArgumentParser(
        prog="mujaz-server",
        description="Arabic in, English and its summary streamed out, over gRPC.",
        epilog="Settings come from flags, MUJAZ_… variables and a TOML file, in that order.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", parents=[flags], help="serve until SIGTERM")
    show = commands.add_parser("settings", parents=[flags], help="show the settings in force")
    show.add_argument("--markdown", action="store_true", help="as the table of the docs")
    token = commands.add_parser("token", help="make a token, and its table for the tokens file")
    token.add_argument("name", metavar="NAME", help="who will call with it")
    return parser


def _shown(value: Any) -> str:  # noqa: ANN401  settings are of many types
    return "none" if value in {"", None} else str(value).replace("%", "%%")
