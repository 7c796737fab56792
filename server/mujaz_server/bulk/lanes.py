"""Lanes: threads that keep an engine busy with the batches of several chunks."""

import itertools
import queue
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Protocol, Self

from mujaz_server.translation.engine import Decoding, Translation

BATCH_TOKENS = 1_024
"""Padded source tokens of a batch, at most. Nobody waits here for the batch before, so it is wider
than a server's; a still wider one gains nothing, as the rows of one chunk differ more in length
(`python bench/scale/batch.py --only rates`)."""

Row = tuple[str, ...]
"""The pieces of one row of a batch."""


class Model(Protocol):
    """What is needed of an engine."""

    max_source_tokens: int

    def encode(self, text: str) -> list[str]:
        """Cuts normalized text into pieces."""

    def translate(self, rows: Sequence[Sequence[str]], decoding: Decoding) -> list[Translation]:
        """Translates a batch of rows; called from several threads at once."""


class Lanes:
    """Translates batches of rows in threads, those of an earlier chunk first. A context manager.

    There is a lane more than the engine has threads: while one makes text of what came back, the
    engine has its next batch already.

    Args:
        model: The engine.
        threads: How many batches it translates side by side.
    """

    def __init__(self, model: Model, threads: int) -> None:
        self.model = model
        self._waiting: queue.PriorityQueue[tuple[float, int, _Batch | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._threads = [
            threading.Thread(target=self._live, name=f"lane-{number}", daemon=True)
            for number in range(threads + 1)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for _thread in self._threads:
            self._waiting.put((float("inf"), next(self._order), None))
        for thread in self._threads:
            thread.join()

    def translate(
        self, chunk: int, rows: Iterable[Row], decoding: Decoding
    ) -> dict[Row, Translation | None]:
        """Translates rows of one chunk, each once however often it comes.

        May be called from several threads at once, for a chunk each.

        Returns:
            The translation of each row; None where the engine failed on it.
        """
        made = [_Batch(each, decoding) for each in batches(dict.fromkeys(rows))]
        for batch in made:
            self._waiting.put((chunk, next(self._order), batch))
        return {
            row: translation
            for batch in made
            for row, translation in zip(batch.rows, batch.done.result(), strict=True)
        }

    def _live(self) -> None:
        while (batch := self._waiting.get()[2]) is not None:
            try:
                batch.done.set_result(self._results(batch.rows, batch.decoding))
            except BaseException as error:  # noqa: BLE001  whoever waits for it raises it
                batch.done.set_exception(error)

    def _results(self, rows: Sequence[Row], decoding: Decoding) -> list[Translation | None]:
        """Translates a batch, halved where the engine fails until what it fails on is alone."""
        try:
            results = self.model.translate(rows, decoding)
            if len(results) != len(rows):
                raise RuntimeError(f"{len(results)} results for {len(rows)} rows")  # noqa: TRY301
        except Exception:  # noqa: BLE001  whatever the engine raises
            if len(rows) == 1:
                return [None]
            middle = len(rows) // 2
            halves = rows[:middle], rows[middle:]
            return [result for half in halves for result in self._results(half, decoding)]
        return [*results]


class _Batch:
    def __init__(self, rows: Sequence[Row], decoding: Decoding) -> None:
        self.rows = rows
        self.decoding = decoding
        self.done: Future[list[Translation | None]] = Future()


def batches(rows: Iterable[Row], tokens: int = BATCH_TOKENS) -> list[list[Row]]:
    """Returns rows in batches of near lengths, the longest first; equal rows, equal batches.

    Args:
        rows: In an order that is always the same.
        tokens: Padded tokens of a batch, at most; a longer row goes alone.
    """
    made: list[list[Row]] = []
    for row in sorted(rows, key=len, reverse=True):
        if made and len(made[-1][0]) * (len(made[-1]) + 1) <= tokens:
            made[-1].append(row)
        else:
            made.append([row])
    return made
