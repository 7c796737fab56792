"""Runs of mujaz-batch in this process, with a scripted model. For tests only."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.job import assembly_of, in_process, run, source_of, state_of
from mujaz_server.bulk.lanes import Lanes
from mujaz_server.bulk.ledger import Ledger, Totals
from mujaz_server.bulk.progress import Progress
from mujaz_server.bulk.translator import Outcome, Translator, Work
from mujaz_server.pipeline.events import Quality
from mujaz_server.text.segment import NewlineMode
from scripted import MANIFEST, ScriptedModel

WORK = Work(
    quality=Quality.FAST,
    newline=NewlineMode.BREAK,
    summary_sentences=3,
    retry_share=0.1,
    max_code_points=2_000,
    max_sentences=20,
)


def batch(
    source: Path,
    output: Path,
    model: ScriptedModel | None = None,
    work: Work = WORK,
    threads: int = 1,
) -> Totals:
    """A whole run, as the command makes it."""
    read = source_of(source, work.max_code_points)
    extent = read.extent()
    state = state_of(extent, MANIFEST, work, output)
    translate = partial(translated, model or ScriptedModel(), work, threads)
    with Ledger(output, state, assembly_of(output)) as ledger:
        return run(read, ledger, translate, Progress(extent.documents, StringIO()))


def translated(
    model: ScriptedModel, work: Work, threads: int, chunks: Iterator[Chunk]
) -> Iterator[Outcome]:
    with Lanes(model, threads) as lanes:
        yield from in_process(Translator(lanes, MANIFEST, work), chunks)


def lines(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def written(path: Path, documents: Sequence[object]) -> Path:
    """A file of JSON lines; bytes stand in it as they are."""
    made = (
        each if isinstance(each, bytes) else json.dumps(each, ensure_ascii=False).encode()
        for each in documents
    )
    path.write_bytes(b"".join(line + b"\n" for line in made))
    return path


def news(count: int) -> list[dict[str, str]]:
    """Documents of one to three sentences, each unlike the others."""
    return [
        {
            "id": f"d{number}",
            "text": "\n".join(
                f"قال الوزير رقم {number} كلمة {line}." for line in range(number % 3 + 1)
            ),
        }
        for number in range(count)
    ]
