"""The command `mujaz`.

gRPC and the terminal view are imported when a command runs, so that `--help` is
quick.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from mujaz_client import inputs
from mujaz_client.connection import Connection, connection
from mujaz_client.errors import MujazError
from mujaz_client.options import (
    Budget,
    NewlineMode,
    Quality,
    Ratio,
    SentenceCount,
    SummaryOptions,
    SummaryOrder,
    TranslationOptions,
    WordCount,
)
from mujaz_client.task import Task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mujaz_client.client import AsyncClient

_ANY_FAILED = 1
_INTERRUPTED = 130
_BROKEN_PIPE = 141  # 128 + SIGPIPE, as the shell shows it

app = typer.Typer(
    name="mujaz",
    help="Arabic text in, English sentences and a summary with its sources out.",
    epilog="Exit codes: 0 all good, 1 some document failed, 2 wrong usage, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE|FOLDER|-]...",
        help="UTF-8 text files, folders (every *.txt under them), or - for standard input.",
        show_default=False,
    ),
]
Server = Annotated[
    str, typer.Option(envvar="MUJAZ_SERVER", metavar="HOST:PORT", help="The server's address.")
]
Tls = Annotated[
    bool, typer.Option("--tls", envvar="MUJAZ_TLS", help="Speak TLS, with the system's roots.")
]
Ca = Annotated[
    Path | None,
    typer.Option(envvar="MUJAZ_CA", metavar="PEM", help="Speak TLS, with these roots alone."),
]
Certificate = Annotated[
    Path | None,
    typer.Option(envvar="MUJAZ_CERTIFICATE", metavar="PEM", help="What to show by mutual TLS."),
]
Key = Annotated[
    Path | None, typer.Option(envvar="MUJAZ_KEY", metavar="PEM", help="Its private key.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        envvar="MUJAZ_TOKEN_FILE",
        metavar="FILE",
        help="A file with the token to present; else that of $MUJAZ_TOKEN.",
    ),
]
QualityName = Annotated[
    Literal["fast", "balanced", "best"] | None,
    typer.Option(help="Work put into each sentence; else the server's default."),
]
ModelName = Annotated[str, typer.Option(help="A loaded model; else the server's default.")]
Timeout = Annotated[
    float | None, typer.Option(min=0.001, metavar="SECONDS", help="Deadline of each document.")
]
Wrap = Annotated[
    bool, typer.Option("--wrap", help="The text is wrapped to a width: a line break is a space.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a document.")]
AsJsonl = Annotated[
    bool,
    typer.Option("--jsonl", help='Read lines {"id": …, "text": …} and print a JSON object each.'),
]
Html = Annotated[
    Path | None, typer.Option(dir_okay=False, help="Also write one self-contained page.")
]
Concurrency = Annotated[int, typer.Option(min=1, max=256, help="Documents under way at a time.")]

DEFAULT_SERVER = "localhost:50051"


@app.command()
def translate(  # noqa: PLR0913 - one parameter an option
    *,
    files: Files = None,
    server: Server = DEFAULT_SERVER,
    tls: Tls = False,
    ca: Ca = None,
    certificate: Certificate = None,
    key: Key = None,
    token_file: TokenFile = None,
    quality: QualityName = None,
    model: ModelName = "",
    timeout: Timeout = None,
    wrap: Wrap = False,
    json: AsJson = False,
    jsonl: AsJsonl = False,
    html: Html = None,
    concurrency: Concurrency = 4,
) -> None:
    """Translate documents sentence by sentence."""
    how = _connection(server, tls, ca, certificate, key, token_file)
    options = _translation_options(quality, model, wrap=wrap)
    task = Task(options, None, timeout)
    _documents(how, task, files, json=json, jsonl=jsonl, html=html, concurrency=concurrency)


@app.command()
def summarize(  # noqa: PLR0913 - one parameter an option
    *,
    files: Files = None,
    server: Server = DEFAULT_SERVER,
    tls: Tls = False,
    ca: Ca = None,
    certificate: Certificate = None,
    key: Key = None,
    token_file: TokenFile = None,
    sentences: Annotated[
        int | None, typer.Option(help="At most this many sentences; 3 where no budget is set.")
    ] = None,
    words: Annotated[int | None, typer.Option(help="At most this many words.")] = None,
    ratio: Annotated[
        float | None, typer.Option(help="At most this share of the words, over 0 to 1.")
    ] = None,
    order: Annotated[
        Literal["translate-first", "select-first"],
        typer.Option(help="Select among the English, or the Arabic and translate only that."),
    ] = "translate-first",
    query: Annotated[str, typer.Option(help="What the summary should be about.")] = "",
    diversity: Annotated[
        float | None, typer.Option(help="How much repetition is held back, 0 to 1.")
    ] = None,
    revisions: Annotated[int, typer.Option(help="Interim summaries on the way.")] = 0,
    together: Annotated[
        bool, typer.Option("--together", help="One summary of all documents, on one story.")
    ] = False,
    quality: QualityName = None,
    model: ModelName = "",
    timeout: Timeout = None,
    wrap: Wrap = False,
    json: AsJson = False,
    jsonl: AsJsonl = False,
    html: Html = None,
    concurrency: Concurrency = 4,
) -> None:
    """Translate documents and summarize them, with the Arabic each sentence came from."""
    how = _connection(server, tls, ca, certificate, key, token_file)
    options = _translation_options(quality, model, wrap=wrap)
    summary = SummaryOptions(
        budget=_budget(sentences, words, ratio),
        order=SummaryOrder[order.replace("-", "_").upper()],
        query=query,
        diversity=diversity,
        revision_count=revisions,
    )
    task = Task(options, summary, timeout)
    _documents(
        how,
        task,
        files,
        json=json,
        jsonl=jsonl,
        html=html,
        concurrency=concurrency,
        together=together,
    )


@app.command()
def models(
    *,
    server: Server = DEFAULT_SERVER,
    tls: Tls = False,
    ca: Ca = None,
    certificate: Certificate = None,
    key: Key = None,
    token_file: TokenFile = None,
    json: AsJson = False,
) -> None:
    """List the loaded models with their languages, licence, limits and measured scores."""
    from mujaz_client import commands  # noqa: PLC0415 - brings in gRPC

    how = _connection(server, tls, ca, certificate, key, token_file)
    _exit_with(how, lambda client: commands.show_models(client, as_json=json))


@app.command()
def health(
    *,
    server: Server = DEFAULT_SERVER,
    tls: Tls = False,
    ca: Ca = None,
    certificate: Certificate = None,
    key: Key = None,
    token_file: TokenFile = None,
) -> None:
    """Say whether the server takes calls; exit code 1 where it does not."""
    from mujaz_client import commands  # noqa: PLC0415 - brings in gRPC

    how = _connection(server, tls, ca, certificate, key, token_file)
    _exit_with(how, commands.show_health)


def _connection(
    server: str,
    tls: bool,  # noqa: FBT001 - in the order of the options
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    token_file: Path | None,
) -> Connection:
    try:
        return connection(
            server, tls=tls, ca=ca, certificate=certificate, key=key, token_file=token_file
        )
    except inputs.InputError as error:
        raise typer.BadParameter(str(error)) from error


def _translation_options(quality: str | None, model: str, *, wrap: bool) -> TranslationOptions:
    return TranslationOptions(
        quality=Quality[quality.upper()] if quality else Quality.UNSPECIFIED,
        model=model,
        newline_mode=NewlineMode.WRAP if wrap else NewlineMode.UNSPECIFIED,
    )


def _budget(sentences: int | None, words: int | None, ratio: float | None) -> Budget | None:
    budgets: list[Budget] = []
    if sentences is not None:
        budgets.append(SentenceCount(sentences))
    if words is not None:
        budgets.append(WordCount(words))
    if ratio is not None:
        budgets.append(Ratio(ratio))
    if len(budgets) > 1:
        raise typer.BadParameter("give one of --sentences, --words and --ratio")
    return budgets[0] if budgets else None


def _names(files: list[str] | None) -> list[str]:
    if not files:
        if sys.stdin.isatty():
            raise typer.BadParameter("name a file or a folder, or pipe a text in")
        return [inputs.STDIN]
    try:
        return inputs.expand(files)
    except inputs.InputError as error:
        raise typer.BadParameter(str(error)) from error


def _documents(
    how: Connection,
    task: Task,
    files: list[str] | None,
    *,
    json: bool,
    jsonl: bool,
    html: Path | None,
    concurrency: int,
    together: bool = False,
) -> None:
    names = _names(files)
    many = not together and (jsonl or len(names) > 1)
    if html is not None and many:
        raise typer.BadParameter("--html takes one document, or several --together")
    sources = inputs.read_jsonl(names) if jsonl else inputs.read_files(names)
    if together:
        sources = inputs.join(sources)

    from mujaz_client import commands  # noqa: PLC0415 - brings in gRPC

    output = commands.ForMachines() if json or jsonl else commands.ForPeople()
    if many:
        total = None if jsonl else len(names)
        _exit_with(
            how,
            lambda client: commands.run_many(
                client, sources, task, output, concurrency=concurrency, total=total
            ),
        )
    _exit_with(how, lambda client: commands.run_one(client, sources, task, output, html))


def _exit_with(how: Connection, work: Callable[[AsyncClient], Awaitable[int]]) -> NoReturn:
    """Runs the work on a connection of its own; exits 0 when it counts no failure."""
    from mujaz_client import commands  # noqa: PLC0415 - brings in gRPC
    from mujaz_client.client import AsyncClient  # noqa: PLC0415 - brings in gRPC

    async def run() -> int:
        _cancel_on_interrupt()
        async with AsyncClient(how.server, secure=how.secure, token=how.token) as client:
            return await work(client)

    try:
        failed = asyncio.run(run())
    except MujazError as error:
        commands.report(how.server, error)
        failed = 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(_INTERRUPTED) from None
    except BrokenPipeError:
        # Python flushes standard output once more as it ends; that must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_BROKEN_PIPE) from None
    raise typer.Exit(_ANY_FAILED if failed else 0)


def _cancel_on_interrupt() -> None:
    """Cancels the running task on Ctrl-C.

    `asyncio.run` does so too, but its handler does not wake a loop that is about
    to sleep: one interrupt in a hundred would go unheard until the next event.
    """
    task = asyncio.current_task()
    if task is None:
        raise AssertionError("there is no task to cancel. This is a bug.")
    with contextlib.suppress(NotImplementedError):  # Windows has no such handlers
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)


def main() -> None:
    """Runs the command; its output is UTF-8 whatever the locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    app()
