"""Corpora in, one file of clean pairs out: no repeats, and nothing of any evaluation set.

The same inputs give the same bytes, and the file is made anew only when an input has changed.
"""

import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from mujaz_models.train import corpora, spelling
from mujaz_models.train.corpora import Pair
from mujaz_models.train.recipe import Substitution
from mujaz_models.train.substitution import gazetteer
from mujaz_models.train.substitution.substitute import substitute

PAIRS = "pairs.tsv.xz"
REPORT = "prepared.json"
_VERSION: Final = 1  # of the rules: another number makes the pairs anew
_RUN: Final = 8
"""Words in a row, alike in training text and evaluation set, that make a leak. Formulas of the
wire ("the Syrian Observatory for Human Rights said on Monday that") are seldom so long once
figures and names differ."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Clean pairs, each with the corpus it came from, and the digest of all inputs."""

    pairs: Sequence[tuple[str, Pair]]
    digest: str


class HeldOut:
    """What evaluation sets hold, folded, so that copies with other punctuation are found too."""

    def __init__(self, lines: Iterable[str]) -> None:
        folded = [spelling.fold(line) for line in lines]
        self._whole = {words for words in folded if words}
        self._runs = {run for words in folded for run in _runs(words)}

    def holds(self, text: str) -> bool:
        """Whether the text is a line of the sets, or shares a long run of words with one."""
        words = spelling.fold(text)
        return words in self._whole or not self._runs.isdisjoint(_runs(words))


def prepare(
    weights: Mapping[str, float],
    folders: Sequence[Path],
    held_out: Sequence[Path],
    work: Path,
    substitution: Substitution | None = None,
    seed: int = 1,
) -> Prepared:
    """Clean the corpora into the work folder, or take what is there if no input has changed.

    Args:
        weights: of the corpora by name; a pair that is in two stays in the heavier one.
        folders: where the corpora are, the first that has one.
        held_out: files of evaluation sets, of which nothing may be in the training text.
        work: the folder for `pairs.tsv.xz` and `prepared.json`, which counts what was dropped.
        substitution: what to derive from the clean pairs; it is cleaned as they are.
        seed: of the names and figures that are put in.

    Raises:
        CorpusError: a corpus is missing or cannot be read.
    """
    read = [name for name in weights if not substitution or name != substitution.name]
    files = {name: corpora.find(f"{name}.tsv.xz", folders) for name in read}
    digest = _digest(weights, [*files.values(), *held_out], _rules(substitution, seed))
    if not _is_current(work, digest):
        kept = HeldOut(line for path in held_out for line in corpora.held_out_lines(path))
        heaviest_first = sorted(read, key=lambda name: (-weights[name], name))
        counts: dict[str, dict[str, int]] = {}
        sources = {name: corpora.read(files[name]) for name in heaviest_first}
        pairs: list[tuple[str, Pair]] = []
        if substitution:  # read last, when all other pairs are there
            sources[substitution.name] = _derived(pairs, substitution, Random(seed))  # noqa: S311 (no secret)
        for named in select(sources.items(), kept, counts):
            pairs.append(named)  # noqa: PERF402 (the last source reads what is there)
        _write(work, pairs, {"digest": digest, "corpora": counts})
    return Prepared(list(_read(work / PAIRS)), digest)


def select(
    sources: Iterable[tuple[str, Iterable[tuple[str, str]]]],
    held_out: HeldOut,
    counts: dict[str, dict[str, int]],
) -> Iterator[tuple[str, Pair]]:
    """Yield the clean pairs of the corpora in their order, each once, and fill the counts."""
    seen: set[bytes] = set()
    for name, lines in sources:
        count = counts[name] = dict.fromkeys(("read", "unclean", "held_out", "repeated", "kept"), 0)
        for arabic, english in lines:
            count["read"] += 1
            pair = corpora.clean(arabic, english)
            fate = "unclean" if pair is None else _fate(pair, held_out, seen)
            count[fate] += 1
            if pair is not None and fate == "kept":
                yield name, pair


def _derived(
    pairs: Sequence[tuple[str, Pair]], substitution: Substitution, rng: Random
) -> Iterator[tuple[str, str]]:
    """Yield what is derived from the pairs that are there when the first is asked for."""
    originals = [pair for name, pair in pairs if name in substitution.of]
    for _ in range(substitution.times):
        for original in originals:
            if pair := substitute(original, rng):
                yield pair.arabic, pair.english


def _fate(pair: Pair, held_out: HeldOut, seen: set[bytes]) -> str:
    if held_out.holds(pair.arabic) or held_out.holds(pair.english):
        return "held_out"
    folded = repr((spelling.fold(pair.arabic), spelling.fold(pair.english)))
    key = hashlib.sha256(folded.encode()).digest()[:12]
    if key in seen:
        return "repeated"
    seen.add(key)
    return "kept"


def _runs(words: tuple[str, ...]) -> set[int]:
    return {hash(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}


def _rules(substitution: Substitution | None, seed: int) -> bytes:
    return repr((substitution, seed, gazetteer.read())).encode() if substitution else b""


def _digest(weights: Mapping[str, float], files: Sequence[Path], rules: bytes) -> str:
    total = hashlib.sha256(repr((_VERSION, sorted(weights.items()))).encode() + rules)
    for path in files:
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _is_current(work: Path, digest: str) -> bool:
    report = work / REPORT
    return report.is_file() and json.loads(report.read_bytes())["digest"] == digest


def _write(work: Path, pairs: Sequence[tuple[str, Pair]], report: dict[str, Any]) -> None:
    content = "".join(f"{name}\t{pair.arabic}\t{pair.english}\n" for name, pair in pairs)
    (work / PAIRS).write_bytes(lzma.compress(content.encode(), preset=1))
    text = json.dumps(report, ensure_ascii=False, indent=2, sort_keys=True)
    (work / REPORT).write_text(f"{text}\n", encoding="utf-8")  # last: it vouches for the pairs


def _read(path: Path) -> Iterator[tuple[str, Pair]]:
    for line in lzma.decompress(path.read_bytes()).decode().split("\n")[:-1]:
        name, arabic, english = line.split("\t")
        yield name, Pair(arabic, english)
