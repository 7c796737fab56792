"""Which part of the documents each belongs to, from its id alone."""

import hashlib

FOLDS = 5
INNER_FOLDS = 4


def fold(article_id: str) -> int:
    """Returns the outer fold of a document, from 0 to `FOLDS` - 1."""
    return _number(article_id) % FOLDS


def inner_fold(article_id: str) -> int:
    """Returns its inner fold, from 0 to `INNER_FOLDS` - 1; the outer one tells nothing of it."""
    return _number(article_id) // FOLDS % INNER_FOLDS


def _number(article_id: str) -> int:
    return int(hashlib.md5(article_id.encode(), usedforsecurity=False).hexdigest(), 16)
