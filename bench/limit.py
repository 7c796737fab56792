"""The yardstick: what CTranslate2 itself makes of sentences offline, with no service around it.

All sentences are known, are cut into pieces beforehand, and go through one call that sorts them by
length and cuts batches of them; no score, text or check is made of what comes out.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ctranslate2
from sentencepiece import SentencePieceProcessor
from signature import cores

from mujaz_models.manifest import Manifest
from mujaz_server.calibration import calibrate
from mujaz_server.settings import Settings
from mujaz_server.text.normalize import normalize

Rows = list[list[str]]
BATCH_TOKENS = (256, 512, 1024)
"""Where the best batch lies on few cores; see `python bench/offline.py`."""


class Timed(Protocol):
    """A model whose batches can be timed."""

    def seconds(self, rows: Rows, beam: int, batch_tokens: int) -> float:
        """Translates all rows, in batches of so many padded tokens; returns what it took."""


def server_batch_tokens(model: Timed, rows: Rows, beam: int) -> int:
    """Returns the width of batches that a server chooses at start for a model on this machine."""
    usual = sorted(rows, key=len)[len(rows) // 2]
    return calibrate(
        lambda count: model.seconds([usual] * count, beam, count * len(usual)),
        len(usual),
        threads=cores(),
        most_rows=Settings.model_fields["batch_rows"].default,
    ).batch_tokens


@dataclass(frozen=True, slots=True)
class Shape:
    """How CTranslate2 is set up.

    Attributes:
        inter: Batches translated at once.
        intra: Threads on each.
        compute_type: Of the weights while they are used.
    """

    inter: int
    intra: int = 1
    compute_type: str = "default"

    def __str__(self) -> str:
        return f"{self.inter} × {self.intra}"


class Offline:
    """A model in CTranslate2, set up in one way."""

    def __init__(self, folder: Path, shape: Shape | None = None) -> None:
        shape = shape or Shape(cores())
        self._manifest = Manifest.load(folder)
        self._source_pieces = SentencePieceProcessor(model_file=str(folder / "source.spm"))
        self._translator = ctranslate2.Translator(
            str(folder),
            inter_threads=shape.inter,
            intra_threads=shape.intra,
            compute_type=shape.compute_type,
        )

    def rows(self, texts: Sequence[str]) -> Rows:
        """Returns the pieces of each text as the model is given them, the longest first."""
        prefix = self._manifest.source_prefix
        pieces = (self._source_pieces.encode(normalize(text).text, out_type=str) for text in texts)
        return sorted(([*prefix, *each, "</s>"] for each in pieces), key=len, reverse=True)

    def seconds(self, rows: Rows, beam: int, batch_tokens: int) -> float:
        """Translates all rows, in batches of so many padded tokens; returns what it took."""
        began = time.perf_counter()
        self._translator.translate_batch(
            rows,
            max_batch_size=batch_tokens,
            batch_type="tokens",
            beam_size=beam,
            disable_unk=True,
            max_input_length=0,
            max_decoding_length=min(self._manifest.max_target_tokens, 2 * len(rows[0]) + 32),
        )
        return time.perf_counter() - began

    def best_batch_tokens(self, rows: Rows, beam: int) -> int:
        """Returns the size of batches that is fastest on these rows, each tried once."""
        return min(BATCH_TOKENS, key=lambda size: self.seconds(rows, beam, size))
