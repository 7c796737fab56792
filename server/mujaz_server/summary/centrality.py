"""Which sentences say what many others say."""

import numpy as np

from mujaz_server.summary.vectors import Floats, SentenceVectors

_DAMPING = 0.15
_TOLERANCE = 1e-6
_MOST_ROUNDS = 100


def lexrank(vectors: SentenceVectors) -> Floats:
    """Returns the centrality of each sentence: 1 for the most central, 0 for the least.

    This is continuous LexRank (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as
    Salience in Text Summarization", 2004): the stationary distribution of a walk that goes
    from a sentence to another with a probability in proportion to their cosine, and with
    probability 0.15 to any. Unlike the paper, no sentence leads to itself, or one that
    resembles nothing would keep what it has and come out average. Where all are equally
    central, all have 0. There must be at least one sentence.
    """
    count = len(vectors)
    degrees = vectors.pull(np.ones(count))
    connected = degrees > _TOLERANCE
    shares = np.divide(1.0, degrees, out=np.zeros(count), where=connected)
    rank = np.full(count, 1.0 / count)
    for _ in range(_MOST_ROUNDS):
        stranded = float(rank[~connected].sum())
        before = rank
        anywhere = (_DAMPING + (1.0 - _DAMPING) * stranded) / count
        rank = anywhere + (1.0 - _DAMPING) * vectors.pull(rank * shares)
        if float(np.abs(rank - before).sum()) < _TOLERANCE:
            break
    above = rank - rank.min()
    highest = float(above.max())
    return above / highest if highest * count > _TOLERANCE else np.zeros(count)
