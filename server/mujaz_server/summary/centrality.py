"""Which sentences say what many others say."""

from mujaz_server.summary.vectors import Floats, SentenceVectors

# Rounding alone may leave a sum of cosines above zero.
_TOLERANCE = 1e-9


def centralities(vectors: SentenceVectors) -> Floats:
    """Returns the centrality of each sentence: 1 for the most central, 0 for a stranger to all.

    This is degree centrality (Erkan and Radev, "LexRank: Graph-based Lexical Centrality as
    Salience in Text Summarization", 2004, section 3.1), without a threshold: the sum of the
    cosines to all other sentences, here as a share of the highest. The walk over the same
    graph for which that paper is named picks no better summaries of news. Where no sentence
    resembles another, all have 0.
    """
    degrees = vectors.degrees()
    highest = float(degrees.max(initial=0.0))
    return degrees / highest if highest > _TOLERANCE else degrees
