import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_models.train.batches import Batches, Kind, Position, cut, noised, pad
from mujaz_models.train.dataset import Dataset, Rows
from mujaz_models.train.recipe import Stage
from mujaz_models.train.vocabulary import EOS

PAIRS = 400


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    rng = np.random.default_rng(5)
    lengths = rng.integers(1, 30, PAIRS)
    rows = [rng.integers(3, 50, n).tolist() for n in lengths]
    longer = Rows.of([[*row, 3] for row in rows])
    corpus = np.arange(PAIRS) % 2
    return Dataset("d", ["a", "b"], corpus, longer, longer, longer, Rows.of(rows))


def _stage(**settings: object) -> Stage:
    given = {"learning_rate": 1e-3, "frozen_layers": 0, "batch_tokens": 90, "tokens": 10}
    return Stage("s", **(given | settings))  # type: ignore[arg-type]


def _epoch(batches: Batches, epoch: int = 0) -> list[tuple[int, Kind]]:
    read = itertools.takewhile(lambda b: b.after.epoch == epoch, batches.since(Position(epoch)))
    return [row for batch in read for row in zip(batch.pairs, batch.kinds, strict=True)]


@given(st.lists(st.integers(1, 40), min_size=1, max_size=80), st.integers(1, 200))
def test_a_batch_keeps_to_its_tokens_unless_a_row_alone_exceeds_them(
    lengths: list[int], tokens: int
) -> None:
    groups = np.split(np.asarray(lengths), cut(np.asarray(lengths), tokens))
    assert [n for group in groups for n in group.tolist()] == lengths
    for group in groups:
        assert len(group) == 1 or len(group) * max(group) <= tokens
    for group, following in itertools.pairwise(groups):
        assert (len(group) + 1) * max(*group, following[0]) > tokens


def test_an_epoch_reads_every_pair_of_weight_one_once(dataset: Dataset) -> None:
    batches = Batches(dataset, np.ones(PAIRS), _stage(), seed=1)
    assert sorted(pair for pair, _ in _epoch(batches)) == list(range(PAIRS))


def test_weights_say_how_often_a_pair_is_read(dataset: Dataset) -> None:
    weights = dataset.weights({"a": 3.0, "b": 0.25})
    batches = Batches(dataset, weights, _stage(), seed=1)
    counts = Counter(pair for epoch in range(8) for pair, _ in _epoch(batches, epoch))
    assert all(counts[pair] == 24 for pair in range(0, PAIRS, 2))
    rare = sum(counts[pair] for pair in range(1, PAIRS, 2))
    assert rare == pytest.approx(PAIRS / 2 * 8 * 0.25, rel=0.15)


def test_a_stage_of_some_corpora_reads_only_those(dataset: Dataset) -> None:
    weights = dataset.weights({"a": 1.0, "b": 1.0}, only=("b",))
    batches = Batches(dataset, weights, _stage(), seed=1)
    assert {pair % 2 for pair, _ in _epoch(batches)} == {1}


def test_a_stage_with_nothing_to_read_is_an_error(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="nothing to read"):
        Batches(dataset, np.zeros(PAIRS), _stage(), seed=1)


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_read_an_epoch_once_between_them(dataset: Dataset, workers: int) -> None:
    stage = _stage(workers=workers)
    crew = [Batches(dataset, np.ones(PAIRS), stage, seed=1, rank=rank) for rank in range(workers)]
    shares = [[pair for pair, _ in _epoch(batches)] for batches in crew]
    assert sorted(pair for share in shares for pair in share) == list(range(PAIRS))
    again = [[pair for pair, _ in _epoch(batches, 1)] for batches in crew]
    assert [set(share) for share in again] == [set(share) for share in shares]


def test_a_worker_knows_what_the_others_read(dataset: Dataset) -> None:
    stage = _stage(workers=2, english_share=0.2)
    crew = [Batches(dataset, np.ones(PAIRS), stage, seed=1, rank=rank) for rank in range(2)]
    streams = zip(*(batches.since(Position()) for batches in crew), strict=True)
    for one, other in itertools.islice(streams, 300):
        assert one.after == other.after
        assert one.tokens == other.tokens == one.target_tokens + other.target_tokens


def test_one_without_rows_left_waits_for_the_end_of_the_epoch(dataset: Dataset) -> None:
    weights = np.where(np.arange(PAIRS) % 2, 1.0, 4.0)
    batches = Batches(dataset, weights, _stage(workers=2), seed=1, rank=1)
    first = itertools.takewhile(lambda b: b.after.epoch == 0, batches.since(Position()))
    rows = [len(batch.pairs) for batch in first]
    ended = rows.index(0)
    assert ended > 0
    assert not any(rows[ended:])
    assert sum(rows) == PAIRS / 2


@pytest.mark.parametrize("taken", [0, 1, 7, 60])
def test_a_run_that_goes_on_reads_the_very_next_batch(dataset: Dataset, taken: int) -> None:
    batches = Batches(dataset, np.ones(PAIRS), _stage(english_share=0.3), seed=1)
    read = list(itertools.islice(batches.since(Position()), taken + 80))
    position = read[taken - 1].after if taken else Position()
    again = Batches(dataset, np.ones(PAIRS), _stage(english_share=0.3), seed=1)
    for expected, found in zip(read[taken:], again.since(position), strict=False):
        assert found.pairs == expected.pairs
        assert found.kinds == expected.kinds
        assert found.after == expected.after
        assert [row.tolist() for row in found.source] == [row.tolist() for row in expected.source]


def test_another_seed_and_another_epoch_read_in_another_order(dataset: Dataset) -> None:
    batches = Batches(dataset, np.ones(PAIRS), _stage(), seed=1)
    other = Batches(dataset, np.ones(PAIRS), _stage(), seed=2)
    assert _epoch(batches) != _epoch(batches, 1)
    assert _epoch(batches) != _epoch(other)


def test_the_shares_of_kinds_are_as_the_stage_says(dataset: Dataset) -> None:
    stage = _stage(english_share=0.2, bare_share=0.5)
    rows = _epoch(Batches(dataset, np.full(PAIRS, 10.0), stage, seed=1))
    kinds = Counter(kind for _, kind in rows)
    assert kinds[Kind.NOISED_ENGLISH] / len(rows) == pytest.approx(0.2, abs=0.01)
    assert kinds[Kind.BARE] / len(rows) == pytest.approx(0.4, abs=0.03)
    short = {pair for pair in range(PAIRS) if dataset.target.lengths[pair] <= 6}
    assert not short & {pair for pair, kind in rows if kind == Kind.NOISED_ENGLISH}


def test_every_source_ends_and_targets_count_their_end(dataset: Dataset) -> None:
    batch = next(Batches(dataset, np.ones(PAIRS), _stage(), seed=1).since(Position()))
    assert all(row[-1] == EOS for row in batch.source)
    assert batch.target_tokens == sum(len(row) + 1 for row in batch.target)


def test_padding_is_on_the_right() -> None:
    assert pad([[5], [6, 7, 8], []]).tolist() == [[5, 0, 0], [6, 7, 8], [0, 0, 0]]


@given(st.lists(st.integers(3, 99), min_size=1, max_size=50), st.integers(0, 1000))
def test_noise_adds_nothing_and_leaves_something(row: list[int], seed: int) -> None:
    changed = noised(np.asarray(row), np.random.default_rng(seed)).tolist()
    assert changed
    assert not Counter(changed) - Counter(row)
