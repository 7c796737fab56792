"""Whole runs of mujaz-batch in this process, timed."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path

from signature import cores

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.files import JsonLines
from mujaz_server.bulk.job import assembly_of, run, state_of
from mujaz_server.bulk.ledger import Ledger
from mujaz_server.bulk.progress import Progress
from mujaz_server.bulk.setup import Setup
from mujaz_server.bulk.translator import Outcome, Work
from mujaz_server.pipeline.events import Quality
from mujaz_server.text.segment import NewlineMode

MAX_CODE_POINTS = 1_000_000
"""Of a document, as a server has it unless told otherwise."""
Translate = Callable[[Iterable[Chunk]], Iterator[Outcome]]


def setup(quality: Quality, *, threads: int | None = None, retry_share: float = 0.0) -> Setup:
    """Returns the embedded model with as much work as the limit has: no second tries."""
    work = Work(quality, NewlineMode.BREAK, 3, retry_share, MAX_CODE_POINTS, 20_000)
    return Setup("starter", Manifest.load(store.embedded()), threads or cores(), work)


def seconds(source: Path, made: Setup, translate: Translate) -> float:
    """Runs a whole batch; returns what it took."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out.jsonl"
        read = JsonLines(source, made.work.max_code_points)
        began = time.perf_counter()
        state = state_of(read.extent(), made.manifest, made.work, output)
        with Ledger(output, state, assembly_of(output)) as ledger:
            run(read, ledger, translate, Progress(0, StringIO()))
        return time.perf_counter() - began
