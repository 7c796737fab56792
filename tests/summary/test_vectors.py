import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.centrality import lexrank
from mujaz_server.summary.vectors import Floats, SentenceVectors

documents = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=6), min_size=1, max_size=12)


def dense_cosines(sentences: list[list[str]]) -> Floats:
    """The whole matrix of similarities, spelled out as the definition has it."""
    vocabulary = sorted({term for sentence in sentences for term in sentence})
    counts = np.array([[s.count(term) for term in vocabulary] for s in sentences], dtype=float)
    counts = counts.reshape(len(sentences), len(vocabulary))
    weights = counts * (1 + np.log(len(sentences) / np.maximum((counts > 0).sum(axis=0), 1)))
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    unit = np.divide(weights, norms, out=np.zeros_like(weights), where=norms > 0)
    cosines: Floats = unit @ unit.T
    return cosines


@given(documents)
def test_similarities_are_the_rows_of_the_whole_matrix(sentences: list[list[str]]) -> None:
    vectors = SentenceVectors.of(sentences)
    expected = dense_cosines(sentences)
    for row in range(len(sentences)):
        assert vectors.similarities(row) == pytest.approx(expected[row])
        assert vectors.similarities_to(sentences[row]) == pytest.approx(expected[row])


@given(documents, st.randoms(use_true_random=False))
def test_pull_is_the_product_with_the_whole_matrix(sentences: list[list[str]], rng) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    weights = np.array([rng.random() for _ in sentences])
    cosines = dense_cosines(sentences)
    np.fill_diagonal(cosines, 0.0)
    assert SentenceVectors.of(sentences).pull(weights) == pytest.approx(cosines @ weights)


@given(documents)
def test_lexrank_is_the_stationary_distribution_of_the_walk(sentences: list[list[str]]) -> None:
    cosines = dense_cosines(sentences)
    np.fill_diagonal(cosines, 0.0)
    degrees = cosines.sum(axis=1, keepdims=True)
    size = len(sentences)
    walk = np.divide(cosines, degrees, out=np.full_like(cosines, 1 / size), where=degrees > 1e-6)
    rank = np.full(size, 1 / size)
    for _ in range(300):
        rank = 0.15 / size + 0.85 * walk.T @ rank
    spread = rank.max() - rank.min()
    expected = (rank - rank.min()) / spread if spread * size > 1e-3 else None
    if expected is not None:
        assert lexrank(SentenceVectors.of(sentences)) == pytest.approx(expected, abs=0.01)


def test_a_term_that_no_sentence_has_is_ignored() -> None:
    vectors = SentenceVectors.of([["a", "b"], ["c"]])
    assert vectors.similarities_to(["c", "z"]).tolist() == [0.0, 1.0]
    assert vectors.similarities_to(["z"]).tolist() == [0.0, 0.0]


def test_a_rare_term_counts_more_than_a_common_one() -> None:
    vectors = SentenceVectors.of([["common", "rare"], ["common"], ["rare", "other"], ["common"]])
    to_common, to_rare = vectors.similarities(0)[1], vectors.similarities(0)[2]
    assert to_common == pytest.approx(
        (1 + math.log(4 / 3)) / math.hypot(1 + math.log(4 / 3), 1 + math.log(2))
    )
    assert to_rare > 0


def test_sentences_without_terms_resemble_nothing() -> None:
    vectors = SentenceVectors.of([[], ["a"], []])
    assert vectors.similarities(0).tolist() == [0.0, 0.0, 0.0]
    assert lexrank(SentenceVectors.of([[], []])).tolist() == [0.0, 0.0]


def test_the_hub_is_central_and_the_stranger_is_not() -> None:
    sentences = [["a", "b", "c"], ["a", "x"], ["b", "y"], ["c", "z"], ["q", "r"]]
    rank = lexrank(SentenceVectors.of(sentences)).tolist()
    assert rank[0] == 1.0
    assert rank[4] == 0.0
    assert all(0 < value < 1 for value in rank[1:4])
