"""What the commands do: documents sent, results printed, failures reported and counted."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mujaz_client import jsonform
from mujaz_client.document import Collector, DocumentResult
from mujaz_client.errors import MujazError
from mujaz_client.inputs import Document, InputError, Source, Unreadable
from mujaz_client.page import page
from mujaz_client.printable import printable
from mujaz_client.render import PlainConsole, View
from mujaz_client.results import DocumentOutline, Health
from mujaz_client.sidebyside import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mujaz_client.client import AsyncClient
    from mujaz_client.results import Event, Model
    from mujaz_client.task import Task


class Output(Protocol):
    """Where results go."""

    def begin(self, document: Document) -> None:
        """A document begins."""

    def show(self, event: Event) -> None:
        """An event of it has come."""

    def finish(self, document: Document, result: DocumentResult) -> None:
        """It is whole."""

    def fail(self, identity: object, error: Exception) -> None:
        """It has failed."""


class ForPeople:
    """Prints documents to be read."""

    def __init__(self) -> None:
        self._console = PlainConsole()
        self._view = View(self._console)
        self._first = True

    def begin(self, document: Document) -> None:
        """Heads the document."""
        if not self._first:
            self._console.put()
        self._first = False
        self._view.begin(str(document.id), [str(identity) for identity in document.part_ids])

    def show(self, event: Event) -> None:
        """Prints the event."""
        self._view.show(event)

    def finish(self, document: Document, result: DocumentResult) -> None:
        """Leaves it: everything has been shown."""

    def fail(self, identity: object, error: Exception) -> None:
        """Reports the failure on standard error."""
        report(identity, error)


class ForMachines:
    """Prints one JSON object a document, also for one that failed."""

    def begin(self, document: Document) -> None:
        """Waits: an object is printed whole."""

    def show(self, event: Event) -> None:
        """Waits: an object is printed whole."""

    def finish(self, document: Document, result: DocumentResult) -> None:
        """Prints the document."""
        write_json(jsonform.document(document, result))

    def fail(self, identity: object, error: Exception) -> None:
        """Prints the failure, and reports it on standard error too."""
        write_json(jsonform.failure(identity, error))
        report(identity, error)


def write_json(value: jsonform.Json) -> None:
    """Prints one object on one line, at once."""
    sys.stdout.write(jsonform.line(value) + "\n")
    sys.stdout.flush()


def report(identity: object, error: Exception) -> None:
    """Says on standard error which document failed and why."""
    PlainConsole(stderr=True).put(printable(f"mujaz: {identity}: {error}"))


async def run_one(
    client: AsyncClient, sources: Iterable[Source], task: Task, output: Output, html: Path | None
) -> int:
    """Shows one document as its events come, and writes its page; returns how many failed."""
    # Drawn as many are: an interrupt ends the wait for a thread, not always a blocked read.
    async with contextlib.aclosing(side_by_side(sources, _as_it_is, 1)) as drawn:
        source = await anext(drawn)
    if isinstance(source, Unreadable):
        output.fail(source.id, source.error)
        return 1
    try:
        result = await _collect(client, source, task, output)
        if html is not None:
            _write_page(html, source, result)
    except (MujazError, InputError) as error:
        output.fail(source.id, error)
        return 1
    output.finish(source, result)
    return 0


async def _as_it_is(source: Source) -> Source:
    return source


async def run_many(
    client: AsyncClient,
    sources: Iterable[Source],
    task: Task,
    output: Output,
    *,
    concurrency: int,
    total: int | None,
) -> int:
    """Sends documents side by side and prints them in order; returns how many failed."""

    async def work(source: Source) -> tuple[Source, DocumentResult | Exception]:
        if isinstance(source, Unreadable):
            return source, source.error
        try:
            return source, await _collect(client, source, task)
        except MujazError as error:
            return source, error

    failed = 0
    outcomes = side_by_side(sources, work, concurrency)
    async with contextlib.aclosing(outcomes):
        with _progress() as progress:
            bar = progress.add_task("documents", total=total)
            async for source, outcome in outcomes:
                with _paused(progress):
                    failed += _print(source, outcome, output)
                progress.advance(bar)
    return failed


def _print(source: Source, outcome: DocumentResult | Exception, output: Output) -> int:
    if isinstance(source, Unreadable):
        output.fail(source.id, source.error)
        return 1
    if isinstance(outcome, Exception):
        output.fail(source.id, outcome)
        return 1
    output.begin(source)
    for event in outcome.events():
        output.show(event)
    output.finish(source, outcome)
    return 0


async def _collect(
    client: AsyncClient, document: Document, task: Task, output: Output | None = None
) -> DocumentResult:
    collector = Collector(
        document.text,
        summarized=task.summary is not None,
        document_start_offsets=document.part_starts,
    )
    events = task.events(client, document)
    async with contextlib.aclosing(events):
        async for event in events:
            collector.add(event)
            if output is None:
                continue
            if isinstance(event, DocumentOutline):
                output.begin(document)
            output.show(event)
    return collector.result()


def _write_page(path: Path, document: Document, result: DocumentResult) -> None:
    try:
        names = [str(identity) for identity in document.part_ids]
        path.write_text(page(str(document.id), result, names), encoding="utf-8", newline="")
    except OSError as error:
        raise InputError(f"the page {path} cannot be written: {error.strerror}") from error


def _progress() -> Progress:
    console = PlainConsole(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        disable=not console.is_terminal,
    )


@contextlib.contextmanager
def _paused(progress: Progress) -> Iterator[None]:
    """Takes the bar off the screen while results are printed, which may go to the same one."""
    progress.stop()
    yield
    progress.start()


async def show_models(client: AsyncClient, *, as_json: bool) -> int:
    """Lists the loaded models."""
    models = await client.list_models()
    if as_json:
        write_json(jsonform.models(models))
        return 0
    console = PlainConsole()
    for model in models:
        for line in _describe(model):
            console.put(printable(line))
    return 0


def _describe(model: Model) -> list[str]:
    kind = f"{model.source_language_code} to {model.target_language_code}, {model.quantization}"
    limits = (
        f"{model.max_code_point_count:,} characters and {model.max_sentence_count:,} sentences "
        f"a document, {model.max_source_token_count:,} tokens a sentence"
    )
    scores = [
        f"  {score.metric} {score.value:.1f} on {score.set} ({score.signature or 'no signature'})"
        for score in model.scores
    ]
    return [
        f"{model.name}{' (default)' if model.is_default else ''}",
        f"  {kind}, licence {model.license}",
        f"  {limits}",
        f"  manifest {model.digest}",
        *scores,
    ]


async def show_health(client: AsyncClient) -> int:
    """Says whether the server takes calls; 1 where it does not."""
    health = await client.health()
    PlainConsole().put(f"{printable(client.target)}: {health.name}")
    return 0 if health is Health.SERVING else 1
