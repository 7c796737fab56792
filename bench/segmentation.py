"""Measures sentence boundaries against sentencex and pysbd on hard Arabic ends.

    python bench/segmentation.py [--half held|tune|all] [--misses] [--json FILE]

The set is `bench/data/segmentation.tsv`; its head says what counts as a segment. Every splitter
gets one line at a time, because a line break is an end that all of them are given for free, and
only ends inside the line count. A boundary is compared by where the sentence ends before white
space, so whether a splitter keeps trailing space does not matter. Precision, recall and F1 are
over all boundaries together.

With `--misses` mujaz's errors in the `tune` half are printed. Those of the `held` half are
not: its use is that nobody tunes on it.
"""

import argparse
import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import sentencex
from signature import signature as machine

from mujaz_server.text.segment import segment

SET = Path(__file__).parent / "data" / "segmentation.tsv"
MARK = "\N{PILCROW SIGN}"

Splitter = Callable[[str], set[int]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the set: its text without marks and where segments end inside it."""

    half: str
    genre: str
    text: str
    ends: frozenset[int]


@dataclass(frozen=True, slots=True)
class Score:
    """How many boundaries a splitter found, invented and missed."""

    system: str
    found: int
    invented: int
    missed: int

    @property
    def precision(self) -> float:
        """The share of its boundaries that are right."""
        return self.found / max(1, self.found + self.invented)

    @property
    def recall(self) -> float:
        """The share of the right boundaries that it found."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.found / max(1, 2 * self.found + self.invented + self.missed)


def read(path: Path) -> Iterator[Line]:
    """Yields the lines of the labelled set."""
    for row in path.read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            continue
        half, genre, marked = row.split("\t")
        text, ends = "", set()
        for piece in marked.split(MARK):
            text += piece
            ends.add(len(text.rstrip()))
        yield Line(half, genre, text, frozenset(ends - {len(text)}))


def systems() -> dict[str, Splitter]:
    """Returns the splitters by name; each gives the ends it sees inside a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pysbd writes escapes that Python warns about
        import pysbd  # noqa: PLC0415  so that the warnings are caught
    arabic = pysbd.Segmenter(language="ar", clean=False)
    return {
        "mujaz": lambda text: {each.end for each in segment(text)},
        "sentencex": lambda text: _ends(text, sentencex.segment("ar", text)),
        "pysbd": lambda text: _ends(text, arabic.segment(text)),
    }


def _ends(text: str, sentences: list[str]) -> set[int]:
    """Finds where each sentence ends in the text, whatever became of the white space."""
    ends, position = set(), 0
    for sentence in sentences:
        ink = sentence.strip()
        position = text.index(ink, position) + len(ink)
        ends.add(position)
    return ends


def measure(system: str, split: Splitter, lines: list[Line]) -> Score:
    """Counts one splitter's boundaries over the lines."""
    found = invented = missed = 0
    for line in lines:
        ends = split(line.text) - {len(line.text)}
        found += len(ends & line.ends)
        invented += len(ends - line.ends)
        missed += len(line.ends - ends)
    return Score(system, found, invented, missed)


def misses(lines: list[Line]) -> Iterator[str]:
    """Yields what mujaz gets wrong, with a little of either side."""
    for line in lines:
        ours = {each.end for each in segment(line.text)} - {len(line.text)}
        for end in sorted(ours ^ line.ends):
            verdict = "invented" if end in ours else "missed"
            yield f"{verdict}: {line.text[max(0, end - 30) : end]}{MARK}{line.text[end : end + 25]}"


def signature() -> str:
    """What the figures depend on: the set, versions, machine and commit."""
    digest = hashlib.sha256(SET.read_bytes()).hexdigest()[:12]
    packages = ",".join(f"{name} {version(name)}" for name in ("sentencex", "pysbd"))
    return f"set {digest}|{packages}|{machine()}"


def main() -> None:
    """Prints the table, and writes it as JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=["held", "tune", "all"], default="all")
    parser.add_argument("--misses", action="store_true", help="print the errors in the tune half")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    options = parser.parse_args()
    everything = list(read(SET))
    lines = [line for line in everything if options.half in {"all", line.half}]
    scores = [measure(name, split, lines) for name, split in systems().items()]
    ends = sum(len(line.ends) for line in lines)
    print(f"{ends} sentence ends inside {len(lines)} lines ({options.half})")
    print(f"{'':<10} {'F1':>6} {'prec.':>6} {'recall':>6}")
    for score in scores:
        figures = (score.f1, score.precision, score.recall)
        print(f"{score.system:<10} " + " ".join(f"{100 * figure:6.2f}" for figure in figures))
    print(signature())
    if options.misses:
        print("\n".join(misses([line for line in lines if line.half == "tune"])))
    if options.json:
        table = [
            asdict(s) | {"f1": s.f1, "precision": s.precision, "recall": s.recall} for s in scores
        ]
        report = {"half": options.half, "ends": ends, "signature": signature(), "systems": table}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
