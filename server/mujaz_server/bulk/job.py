"""A run: an input, read in chunks, through whatever translates them, into one output."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mujaz_models.manifest import Manifest
from mujaz_server.bulk import durable
from mujaz_server.bulk.chunks import CODE_POINTS, Chunk, chunked
from mujaz_server.bulk.documents import Extent, InputError, Source
from mujaz_server.bulk.files import JsonLines, TextFolder
from mujaz_server.bulk.lanes import BATCH_TOKENS
from mujaz_server.bulk.ledger import Assemble, Ledger, State, Totals
from mujaz_server.bulk.translator import Outcome, Translator, Work

if TYPE_CHECKING:
    from mujaz_server.bulk.progress import Progress  # tqdm is an extra

_AT_ONCE = 2
FORMAT = 1
"""Of states and parts: to be raised where the rows of one input are to be others from now on."""

Translate = Callable[[Iterator[Chunk]], Iterator[Outcome]]
"""Translates chunks, a few of them at once, and yields their outcomes in any order."""


def run(source: Source, ledger: Ledger, translate: Translate, progress: "Progress") -> Totals:
    """Translates what is not done yet of an input, and puts the output together.

    Args:
        source: The input.
        ledger: The record of the output, entered.
        translate: What translates chunks; called only where there is one to translate.
        progress: Told of each chunk.

    Raises:
        EngineError: The engine translates nothing.
    """
    if ledger.totals:
        return ledger.totals
    count = 0

    def undone() -> Iterator[Chunk]:
        nonlocal count
        for chunk in chunked(source.entries()):
            count += 1
            if chunk.index in ledger.done:
                progress.found(len(chunk.entries))
            else:
                yield chunk

    for outcome in translate(undone()):
        ledger.commit(outcome)
        progress.advance(outcome.documents)
    return ledger.finish(count)


def in_process(translator: Translator, chunks: Iterable[Chunk]) -> Iterator[Outcome]:
    """Translates chunks in threads of this process, yielding their outcomes in order.

    Two at once: while one is cut, checked or summarized, the engine has the batches of the other;
    a third one is read ahead. So memory holds three chunks, however many there are.
    """
    with ThreadPoolExecutor(_AT_ONCE, "chunk") as pool:
        running: deque[Future[Outcome]] = deque()
        for chunk in chunks:
            running.append(pool.submit(translator.translate, chunk))
            if len(running) > _AT_ONCE:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def source_of(path: Path, max_code_points: int) -> Source:
    """Returns the input that a path names: a folder, a file of JSON lines, a Parquet file.

    Raises:
        InputError: It is none of them.
    """
    if path.is_dir():
        return TextFolder(path, max_code_points)
    if not path.is_file():
        raise InputError(f"there is no {path}: name a file or a folder")
    if path.suffix == ".jsonl":
        return JsonLines(path, max_code_points)
    if path.suffix == ".parquet":
        from mujaz_server.bulk.parquet import ParquetRows  # noqa: PLC0415  pyarrow is an extra

        return ParquetRows(path)
    raise InputError(f"{path} is neither a folder nor a .jsonl or .parquet file: rename it")


def assembly_of(path: Path) -> Assemble:
    """Returns what makes an output of the kind that its name tells.

    Raises:
        InputError: Its name tells none.
    """
    if path.suffix == ".jsonl":
        return durable.concatenate
    if path.suffix == ".parquet":
        from mujaz_server.bulk.parquet import write  # noqa: PLC0415  pyarrow is an extra

        return write
    raise InputError(
        f"{path} is neither a .jsonl nor a .parquet file: give it one of these suffixes"
    )


def state_of(extent: Extent, manifest: Manifest, work: Work, output: Path) -> State:
    """Returns what the rows of a run depend on, by what a message calls it."""
    return {
        "format": FORMAT,
        "input": asdict(extent),
        "model": {"name": manifest.name, "digest": manifest.digest},
        "settings": {
            **asdict(work),
            "quality": work.quality.name.lower(),
            "newline": work.newline.name.lower(),
            "batch_tokens": BATCH_TOKENS,
            "chunk_code_points": CODE_POINTS,
        },
        "output": output.suffix,
    }
