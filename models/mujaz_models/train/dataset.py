"""The pairs as token ids, in a few flat arrays: half a million pairs take 100 MB."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mujaz_models.train import spelling
from mujaz_models.train.corpora import Pair
from mujaz_models.train.vocabulary import Processors

MOST_PIECES: Final = 200
"""On either side; a longer pair is dropped, for a target cut short teaches to stop early."""

Ids = npt.NDArray[np.int64]


class Rows:
    """Rows of ids of any length in one array."""

    def __init__(
        self, ids: npt.NDArray[np.integer[Any]], lengths: npt.NDArray[np.integer[Any]]
    ) -> None:
        self.ids = ids
        self.lengths = lengths.astype(np.int64)
        self._ends = np.cumsum(self.lengths)

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> "Rows":
        """Put rows together."""
        held = [np.asarray(row, np.int32) for row in rows]
        lengths = np.asarray([len(row) for row in held], np.int32)
        return cls(np.concatenate(held) if held else np.empty(0, np.int32), lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> Ids:
        end = self._ends[index]
        return self.ids[end - self.lengths[index] : end].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Dataset:
    """All pairs, by index.

    Attributes:
        digest: of the pairs and the vocabulary: positions in one dataset mean nothing in another.
        names: of the corpora; `corpus` is the index in them of each pair's corpus.
        plain: source ids of the Arabic as it is spelled; `bare` with alifs without hamza.
        english: source ids of the English, for restoring noised English.
        target: target ids. No row has special tokens.
    """

    digest: str
    names: Sequence[str]
    corpus: npt.NDArray[np.integer[Any]]
    plain: Rows
    bare: Rows
    english: Rows
    target: Rows

    def weights(
        self, by_corpus: Mapping[str, float], only: Sequence[str] = ()
    ) -> npt.NDArray[np.float64]:
        """Return how often each pair is read in an epoch."""
        read = [by_corpus[n] if not only or n in only else 0.0 for n in self.names]
        found: npt.NDArray[np.float64] = np.asarray(read, np.float64)[self.corpus]
        return found


_ROWS: Final = ("plain", "bare", "english", "target")


def tokenize(pairs: Sequence[tuple[str, Pair]], processors: Processors, digest: str) -> Dataset:
    """Cut the pairs into pieces; those that are too long are left out."""
    names = sorted({name for name, _ in pairs})
    arabic = [pair.arabic for _, pair in pairs]
    sides = (
        processors.source.encode(arabic),
        processors.source.encode([spelling.bare(text) for text in arabic]),
        processors.source.encode([pair.english for _, pair in pairs]),
        processors.target.encode([pair.english for _, pair in pairs]),
    )
    fits = [n for n in range(len(pairs)) if all(0 < len(side[n]) <= MOST_PIECES for side in sides)]
    rows = [Rows.of(side[n] for n in fits) for side in sides]
    corpus = np.asarray([names.index(pairs[n][0]) for n in fits], np.int32)
    return Dataset(digest, names, corpus, *rows)


def save(dataset: Dataset, path: Path) -> None:
    """Write a dataset."""
    arrays: dict[str, Any] = {"digest": dataset.digest, "names": dataset.names}
    for name in _ROWS:
        rows: Rows = getattr(dataset, name)
        arrays |= {f"{name}_ids": rows.ids, f"{name}_lengths": rows.lengths}
    partial = path.with_name(f".{path.name}")
    with partial.open("wb") as file:
        np.savez(file, corpus=dataset.corpus, **arrays)
    partial.replace(path)


def load(path: Path) -> Dataset:
    """Read a dataset that `save` wrote."""
    with np.load(path) as held:
        rows = [Rows(held[f"{name}_ids"], held[f"{name}_lengths"]) for name in _ROWS]
        return Dataset(str(held["digest"]), held["names"].tolist(), held["corpus"], *rows)
