"""A model whose capacity is known, and whose rows say what goes wrong with them.

It works as a greedy decoder does: step by step, each step costing the same for every row that still
runs. The cost is slept in the engine's thread, so that two cores carry any load.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from mujaz_server.translation.engine import Decoding, Translation
from scripted import answered, transliterated

RAISES = "RAISES"
"""A row with this word makes its batch raise."""
TOO_FEW = "TOOFEW"
"""A row with this word makes its batch return one result too few."""
HANGS = "HANGS"
"""A row with this word makes its batch hang for ever."""
DOUBTFUL = "DOUBTFUL"
"""A row with this word is not translated by a narrow beam, and is by a wide one."""
POISON = frozenset({RAISES, TOO_FEW})
"""What fails for good, however often it is tried."""

_SLEEP_S = 0.002  # shorter sleeps are no more exact and cost more


@dataclass
class CostedEngine:
    """Transliterates at a fixed cost for each source token of each row.

    Attributes:
        seconds_per_token: What one token of one row takes; so one thread serves
            `1 / seconds_per_token` tokens a second, whatever the shape of its batches.
        history: Where the start and the leaving of every row is written, one JSON object a line.
        on_batch: Called with each batch in the engine's thread; seeds defects.
        max_source_tokens: The longest row.
    """

    seconds_per_token: float = 0.0
    history: TextIO | None = None
    on_batch: Callable[[Sequence[str]], None] = lambda _texts: None
    max_source_tokens: int = 40
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def encode(self, text: str) -> list[str]:
        """One piece a word."""
        return text.split()

    def translate(
        self,
        rows: Sequence[Sequence[str]],
        decoding: Decoding,
        gone: Callable[[int], bool] | None = None,
    ) -> list[Translation]:
        """Takes its time, then does as the rows say."""
        texts = [" ".join(row) for row in rows]
        self._write("started", texts)
        self.on_batch(texts)
        words = {word for row in rows for word in row}
        if HANGS in words:
            threading.Event().wait()
        self._spend(rows, gone if decoding.beam_size == 1 else None)
        if RAISES in words:
            raise RuntimeError("the script says so: /secret/path")
        answers = [_answer(text, decoding) for text in texts]
        return answers[1:] if TOO_FEW in words else answers

    def close(self) -> None:
        """Nothing to free."""

    def _spend(self, rows: Sequence[Sequence[str]], gone: Callable[[int], bool] | None) -> None:
        running = set(range(len(rows)))
        due = time.monotonic()
        for step in range(max(map(len, rows))):
            left = {row for row in running if gone is not None and gone(row)}
            if left:
                self._write("left", [" ".join(rows[row]) for row in sorted(left)])
            running = {row for row in running - left if len(rows[row]) > step}
            due += self.seconds_per_token * len(running)
            if (delay := due - time.monotonic()) > _SLEEP_S:
                time.sleep(delay)
        time.sleep(max(0.0, due - time.monotonic()))

    def _write(self, kind: str, texts: Sequence[str]) -> None:
        if self.history is None:
            return
        now = time.monotonic()
        lines = [json.dumps({"kind": kind, "t": now, "text": text}) + "\n" for text in texts]
        with self._lock:
            self.history.write("".join(lines))
            self.history.flush()


def _answer(text: str, decoding: Decoding) -> Translation:
    doubtful = DOUBTFUL in text and decoding.beam_size < 5
    return answered(text, text if doubtful else transliterated(text), decoding)
