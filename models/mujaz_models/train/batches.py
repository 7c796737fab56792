"""Which pairs are read when: batches of like length, the same ones for the same seed.

A batch is a function of the seed, the stage, the epoch, its number and the worker that reads it, so
a run that was stopped goes on with the very batch that would have come next.

Workers share the pairs, not the batches: a pair is always read by the same one, which so need keep
no other's frozen states. Each draws the whole epoch and reads its part; that is little work, and
with it each knows how many tokens all of them have read.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import zip_longest
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mujaz_models.train.dataset import Dataset, Ids
from mujaz_models.train.recipe import Stage
from mujaz_models.train.vocabulary import EOS, PAD

_WINDOW: Final = 12_000
"""Examples sorted by length together: enough for even batches, few enough to stay mixed."""
_RUNNING_TEXT: Final = 6
"""More target pieces than this make a sentence; noise needs one."""
_LEAST_NOISED: Final = 4
_MOST_OFTEN: Final = 3.0
"""A corpus read more often in an epoch is not restored from noise any more often."""


_Group = tuple[Ids, Ids]  # of the pairs of a batch, and of their kinds
_NOTHING: Final[_Group] = (np.empty(0, np.int64), np.empty(0, np.int64))


class Kind(IntEnum):
    """What of a pair the encoder reads."""

    PLAIN = 0
    BARE = 1
    NOISED_ENGLISH = 2


@dataclass(frozen=True, slots=True)
class Position:
    """Where the reading stands: the next batch is this one of this epoch, both from 0.

    Workers side by side read batches of the same number, each its own.
    """

    epoch: int = 0
    batch: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are trained together.

    Attributes:
        pairs, kinds: what each row is, by the pair's index in the dataset.
        source: source ids with `</s>`; `target`: target ids without special tokens.
        tokens: target tokens of the batches of this number, of all workers.
        after: the position once this batch is done.

    It has no rows where the worker has come to the end of its share before the others have.
    """

    pairs: Sequence[int]
    kinds: Sequence[Kind]
    source: Sequence[Ids]
    target: Sequence[Ids]
    tokens: int
    after: Position

    @property
    def target_tokens(self) -> int:
        """Target tokens that the loss is taken of, `</s>` included."""
        return sum(len(row) + 1 for row in self.target)


class Batches:
    """The batches of one stage, or a worker's share of them.

    Args:
        dataset: what is read.
        weights: of each pair; 1 is once an epoch, 0.25 every fourth epoch.
        stage: its name, token budget, shares of bare and of noised text, and number of workers.
        seed: of all chance.
        rank: of the worker, from 0.
    """

    def __init__(
        self,
        dataset: Dataset,
        weights: npt.NDArray[np.float64],
        stage: Stage,
        seed: int,
        rank: int = 0,
    ) -> None:
        if not weights.any():
            raise ValueError(f"stage {stage.name!r} has nothing to read")
        self._dataset = dataset
        self._weights = weights
        self._stage = stage
        self._rank = rank
        self._seed = (seed, zlib.crc32(stage.name.encode()))
        self._source_lengths = (dataset.plain, dataset.bare, dataset.english)

    def since(self, position: Position) -> Iterator[Batch]:
        """Yield the batches from a position on, without end."""
        epoch, skipped = position.epoch, position.batch
        while True:
            for number, groups in enumerate(self._epoch(epoch)):
                if number >= skipped:
                    yield self._batch(groups, Position(epoch, number))
            epoch, skipped = epoch + 1, 0

    def _epoch(self, epoch: int) -> Iterator[tuple[_Group, ...]]:
        """Yield what the workers read, each its own, of one batch number after the other."""
        rng = np.random.default_rng((*self._seed, epoch))
        pairs, kinds = self._examples(rng)
        readers = pairs % self._stage.workers
        shares = [readers == rank for rank in range(self._stage.workers)]
        streams = [self._windows(pairs[share], kinds[share], rng) for share in shares]
        return zip_longest(*streams, fillvalue=_NOTHING)

    def _windows(self, pairs: Ids, kinds: Ids, rng: np.random.Generator) -> Iterator[_Group]:
        for start in range(0, len(pairs), _WINDOW):
            window = slice(start, start + _WINDOW)
            yield from self._window(pairs[window], kinds[window], rng)

    def _examples(self, rng: np.random.Generator) -> tuple[Ids, Ids]:
        """Draw the examples of an epoch: the pairs by weight, and noised English beside them."""
        often = np.floor(self._weights)
        often += rng.random(len(often)) < self._weights - often
        pairs = np.repeat(np.arange(len(often)), often.astype(np.int64))
        kinds = np.where(rng.random(len(pairs)) < self._stage.bare_share, Kind.BARE, Kind.PLAIN)
        sentences = np.where(self._dataset.target.lengths > _RUNNING_TEXT, self._weights, 0)
        chances = np.minimum(sentences, _MOST_OFTEN)
        share = self._stage.english_share
        noised = round(len(pairs) * share / (1 - share)) if chances.any() else 0
        if noised:
            drawn = rng.choice(len(chances), noised, p=chances / chances.sum())
            pairs = np.concatenate([pairs, drawn])
            kinds = np.concatenate([kinds, np.full(noised, Kind.NOISED_ENGLISH)])
        order = rng.permutation(len(pairs))
        return pairs[order], kinds[order]

    def _window(self, pairs: Ids, kinds: Ids, rng: np.random.Generator) -> Iterator[_Group]:
        """Cut examples into batches of like length, in any order."""
        source = np.choose(kinds, [rows.lengths[pairs] for rows in self._source_lengths]) + 1
        target = self._dataset.target.lengths[pairs] + 1
        order = np.lexsort((source + rng.random(len(pairs)), target // 3))
        cuts = cut(np.maximum(source, target)[order], self._stage.batch_tokens)
        groups = np.split(order, cuts)
        for number in rng.permutation(len(groups)):
            yield pairs[groups[number]], kinds[groups[number]]

    def _batch(self, groups: Sequence[_Group], position: Position) -> Batch:
        pairs, kinds = groups[self._rank]
        number = (position.epoch, position.batch, 1 + self._rank)
        rng = np.random.default_rng((*self._seed, *number))
        source = []
        for pair, kind in zip(pairs, kinds, strict=True):
            row = self._source_lengths[kind][pair]
            row = noised(row, rng) if kind == Kind.NOISED_ENGLISH else row
            source.append(np.append(row, EOS))
        return Batch(
            pairs.tolist(),
            [Kind(kind) for kind in kinds],
            source,
            [self._dataset.target[pair] for pair in pairs],
            sum(int((self._dataset.target.lengths[read] + 1).sum()) for read, _ in groups),
            Position(position.epoch, position.batch + 1),
        )


def cut(lengths: npt.NDArray[np.int64], tokens: int) -> list[int]:
    """Return where to cut rows so that rows × longest row stays within so many tokens.

    A row that alone is longer makes a batch of its own.
    """
    cuts, start, longest = [], 0, 0
    for index, length in enumerate(lengths.tolist()):
        longest = max(longest, length)
        if index > start and longest * (index - start + 1) > tokens:
            cuts.append(index)
            start, longest = index, length
    return cuts


def noised(row: Ids, rng: np.random.Generator) -> Ids:
    """Drop a twentieth to a fifth of the pieces and move others by up to three places."""
    if len(row) < _LEAST_NOISED:
        return row
    kept = row[rng.random(len(row)) > rng.choice((0.05, 0.1, 0.2))]
    kept = kept if len(kept) else row
    places = np.arange(len(kept)) + rng.random(len(kept)) * rng.choice((1, 3))
    return kept[np.argsort(places, kind="stable")]


def pad(rows: Sequence[Any]) -> Ids:
    """Put rows of ids into one array, filled up with `<pad>` on the right."""
    padded = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
