"""What is done of a run, kept so that a kill at any point loses little and doubles nothing.

Beside OUTPUT stand, while the run goes on, `OUTPUT.state.json`, which says of what input, model and
work it is, and the folder `OUTPUT.parts`. A part is there as a whole once its chunk is done; which
ones are there is all the record there is. At the end they are put together, in the order of the
input, in OUTPUT and OUTPUT.rejected.jsonl; then the state says `complete`, and then the parts go.
Each step leaves what the next start needs to take it again.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from mujaz_server.bulk import durable
from mujaz_server.bulk.translator import Outcome

State = Mapping[str, Any]
"""What a run is of, as JSON holds it: two runs of equal states have equal outputs."""

Assemble = Callable[[Iterable[Path], Path], None]
"""Makes an output of parts, which are files of a row a line in JSON."""


class LedgerError(Exception):
    """The run cannot go on here; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a complete run has written."""

    translated: int
    rejected: int


class Ledger:
    """The record of one output; a context manager that keeps other processes out.

    Args:
        output: Where the rows go in the end.
        state: What they are of.
        assemble: Makes the output of its parts.

    Attributes:
        done: The indexes of the chunks that are done.
        totals: What was written, once the run is complete; None before.

    Raises (when entered):
        LedgerError: Another process writes this output, or it is of another input, model or work.
    """

    def __init__(self, output: Path, state: State, assemble: Assemble) -> None:
        self.done: set[int] = set()
        self.totals: Totals | None = None
        self._output = output
        self._rejected = output.with_name(output.name + ".rejected.jsonl")
        self._record = output.with_name(output.name + ".state.json")
        self._parts = output.with_name(output.name + ".parts")
        self._state = state
        self._assemble = assemble
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.enter_context(_locked(self._parts))
            try:
                self._begin()
            except LedgerError:
                with suppress(OSError):  # it has parts of the other run
                    self._parts.rmdir()
                raise
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def commit(self, outcome: Outcome) -> None:
        """Records a chunk as done, with what became of it."""
        if outcome.rejected:
            durable.write(self._part(outcome.index, ".rejected"), outcome.rejected)
        durable.write(self._part(outcome.index, ".rows"), outcome.rows)
        self.done.add(outcome.index)

    def finish(self, chunks: int) -> Totals:
        """Puts the output together, once all chunks are done, and removes what it was made of."""
        if self.done != set(range(chunks)):
            raise AssertionError("a run is finished before all its chunks are done. This is a bug")
        rows = [self._part(index, ".rows") for index in range(chunks)]
        letters = (self._part(index, ".rejected") for index in range(chunks))
        rejected = [path for path in letters if path.exists()]
        if rejected:
            self._install(durable.concatenate, rejected, self._rejected)
        self._install(self._assemble, rows, self._output)
        totals = Totals(sum(map(_lines, rows)), sum(map(_lines, rejected)))
        complete = {"translated": totals.translated, "rejected": totals.rejected}
        durable.write(self._record, _json({**self._state, "complete": complete}))
        shutil.rmtree(self._parts)
        self.totals = totals
        return totals

    def _begin(self) -> None:
        if not self._record.exists():
            self._require_free_names()
            for stray in self._parts.iterdir():
                stray.unlink()
            durable.write(self._record, _json({**self._state, "complete": None}))
            return
        recorded = json.loads(self._record.read_bytes())
        complete = recorded.pop("complete")
        if changed := sorted(key for key in self._state if recorded.get(key) != self._state[key]):
            raise LedgerError(
                f"{self._output} was begun with different {' and '.join(changed)}: go on with the"
                f" same, name another output, or remove {self._record} to begin anew"
            )
        if complete:
            self._require_output()
            self.totals = Totals(**complete)
            shutil.rmtree(self._parts)
        else:
            self.done = {int(path.stem) for path in self._parts.glob("*.rows")}

    def _require_free_names(self) -> None:
        for path in (self._output, self._rejected):
            if path.exists():
                raise LedgerError(f"{path} exists already: name another output, or remove it")

    def _require_output(self) -> None:
        if not self._output.exists():
            raise LedgerError(f"{self._output} was made and is gone: remove {self._record} too")

    def _install(self, make: Assemble, parts: Iterable[Path], path: Path) -> None:
        scratch = self._parts / (path.name + durable.SCRATCH)
        make(parts, scratch)
        durable.install(scratch, path)

    def _part(self, index: int, suffix: str) -> Path:
        return self._parts / f"{index:08}{suffix}"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Makes a folder and keeps other processes out of it, as long as this one lives.

    Raises:
        LedgerError: Another one is in it.
    """
    descriptor = _opened(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    while True:
        folder.mkdir(exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise LedgerError(
                f"another process is writing {folder}: wait for it, or name another output"
            ) from None
        # The one before may have removed it in the meantime, when its work was done.
        if folder.exists() and os.path.samestat(folder.stat(), os.fstat(descriptor)):
            return descriptor
        os.close(descriptor)


def _json(value: State) -> bytes:
    return json.dumps(value, indent=1).encode() + b"\n"


def _lines(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(1 for _ in lines)
