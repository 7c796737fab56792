"""A lexical shortlist for CTranslate2's vocabulary map: which pieces a source's pieces may become.

From sentence pairs, by the first model of Brown et al., "The mathematics of statistical machine
translation" (1993). With `use_vmap`, CTranslate2 scores for each batch only the pieces that its
sources' lists name, those of the empty source among them.
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pair = tuple[Sequence[str], Sequence[str]]
FILE_NAME = "vmap.txt"
BEST = 100
"""The most pieces that one piece may become."""
COMMON = 2000
"""Pieces that any source may become."""
_LEAST = 1e-3
"""The least probability of what a piece may become."""
_ROUNDS = 4
_LONGEST = 60
"""Pieces of a side; longer pairs cost much and align badly."""


def copied(folder: Path, model: Path, mapped: Sequence[str]) -> Path:
    """Makes a copy of a model that has a map of these lines beside it; returns its folder."""
    shutil.copytree(model, folder)
    (folder / FILE_NAME).write_text("\n".join(mapped) + "\n", encoding="utf-8")
    return folder


def lines(pairs: Sequence[Pair]) -> Iterator[str]:
    """Returns the lines of a map: a source's piece, a tab, and what it may become."""
    counted = Counter(piece for _, target in pairs for piece in target)
    letters = [piece for piece in counted if len(piece) == 1]
    common = [piece for piece, _ in counted.most_common(COMMON)]
    yield f"\t{' '.join(dict.fromkeys([*common, *letters]))}"
    for piece, becomes in translations(pairs).items():
        own = [piece] if piece in counted else []
        yield f"{piece}\t{' '.join(dict.fromkeys([*own, *becomes]))}"


def translations(pairs: Sequence[Pair]) -> Mapping[str, list[str]]:
    """Returns what each piece may become, the likeliest first."""
    short = [pair for pair in pairs if max(map(len, pair)) <= _LONGEST]
    sources, targets = (_numbered(side) for side in zip(*short, strict=True))
    keys, links, words = _cells(short, sources, targets)
    of_source = keys // len(targets)
    likely = np.ones(len(keys))
    for _ in range(_ROUNDS):
        shares = likely[links]
        shares /= np.bincount(words, shares)[words]
        expected = np.bincount(links, shares, len(keys))
        likely = expected / np.bincount(of_source, expected)[of_source]
    return _listed(keys, likely, list(sources), list(targets))


def _numbered(side: Sequence[Sequence[str]]) -> dict[str, int]:
    pieces = dict.fromkeys(piece for row in side for piece in row)
    return {piece: number for number, piece in enumerate(pieces)}


def _cells(
    pairs: Sequence[Pair], sources: Mapping[str, int], targets: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Returns each cell of each pair's table of pieces.

    Returns:
        The distinct pairs of pieces as source × targets + target; for each cell, its distinct
        pair; and for each cell, which word of all the targets it explains.
    """
    made, words, said = [], [], 0
    for source, target in pairs:
        ours = np.array([sources[piece] for piece in source], np.int64)
        theirs = np.array([targets[piece] for piece in target], np.int64)
        made.append((ours[:, None] * len(targets) + theirs).ravel())
        words.append(np.tile(np.arange(said, said + len(theirs)), len(ours)))
        said += len(theirs)
    keys, links = np.unique(np.concatenate(made), return_inverse=True)
    return keys, links, np.concatenate(words)


def _listed(
    keys: NDArray[np.int64], likely: NDArray[np.float64], sources: list[str], targets: list[str]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    enough = np.flatnonzero(likely >= _LEAST)
    for cell in enough[np.argsort(-likely[enough], kind="stable")]:
        source, target = divmod(int(keys[cell]), len(targets))
        found.setdefault(sources[source], []).append(targets[target])
    return {source: list(islice(becomes, BEST)) for source, becomes in found.items()}
