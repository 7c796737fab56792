import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.centrality import centralities
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


@given(documents)
def test_degrees_are_the_sums_of_the_whole_matrix(sentences: list[list[str]]) -> None:
    cosines = dense_cosines(sentences)
    np.fill_diagonal(cosines, 0.0)
    degrees = cosines.sum(axis=1)
    vectors = SentenceVectors.of(sentences)
    assert vectors.degrees() == pytest.approx(degrees)
    if degrees.max() > 1e-6:
        assert centralities(vectors) == pytest.approx(degrees / degrees.max())


@given(documents)
def test_twins_are_close_or_contained(sentences: list[list[str]]) -> None:
    vectors = SentenceVectors.of(sentences)
    cosines = dense_cosines(sentences)
    for row, terms in enumerate(sentences):
        for other, twin in enumerate(vectors.twins(row)):
            shared, smaller = (
                {*terms} & {*sentences[other]},
                min({*terms}, {*sentences[other]}, key=len),
            )
            contained = len(smaller) >= 5 and len(shared) >= 0.9 * len(smaller)
            if abs(cosines[row, other] - 0.7) > 1e-9:
                assert twin == (cosines[row, other] > 0.7 or contained)


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
    assert centralities(SentenceVectors.of([[], []])).tolist() == [0.0, 0.0]


def test_the_hub_is_central_and_the_stranger_is_not() -> None:
    sentences = [["a", "b", "c"], ["a", "x"], ["b", "y"], ["c", "z"], ["q", "r"]]
    rank = centralities(SentenceVectors.of(sentences)).tolist()
    assert rank[0] == 1.0
    assert rank[4] == 0.0
    assert all(0 < value < 1 for value in rank[1:4])
