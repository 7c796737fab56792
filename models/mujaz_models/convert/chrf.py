"""chrF2: how like a reference a translation is, by its characters.

Popović, "chrF: character n-gram F-score for automatic MT evaluation", WMT 2015; the same figures as
sacrebleu's chrF2 (`nc:6|nw:0|space:no|eff:yes`), which `evaluate` uses. It stands here too so that
the proof of a converted model needs no further package.
"""

from collections import Counter
from collections.abc import Iterable

_ORDERS = range(1, 7)
_BETA_SQUARED = 4.0


def chrf2(pairs: Iterable[tuple[str, str]]) -> float:
    """Score translations as a corpus.

    Args:
        pairs: translation and reference.

    Returns:
        From 0 to 100.
    """
    matched, proposed, expected = Counter[int](), Counter[int](), Counter[int]()
    for translation, reference in pairs:
        for order in _ORDERS:
            ours, theirs = _ngrams(translation, order), _ngrams(reference, order)
            if theirs:  # sacrebleu leaves out what is shorter than the n-gram
                matched[order] += (ours & theirs).total()
                proposed[order] += ours.total()
                expected[order] += theirs.total()
    return _f_score([(matched[n], proposed[n], expected[n]) for n in _ORDERS])


def _ngrams(text: str, order: int) -> Counter[str]:
    letters = "".join(text.split())
    return Counter(letters[start : start + order] for start in range(len(letters) - order + 1))


def _f_score(statistics: list[tuple[int, int, int]]) -> float:
    effective = [(m, p, e) for m, p, e in statistics if p and e]
    if not effective:
        return 0.0
    precision = sum(m / p for m, p, _ in effective) / len(effective)
    recall = sum(m / e for m, _, e in effective) / len(effective)
    if not precision + recall:
        return 0.0
    return 100 * (1 + _BETA_SQUARED) * precision * recall / (_BETA_SQUARED * precision + recall)
