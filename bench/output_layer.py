"""Past CTranslate2's limit: a smaller output layer.

    python bench/output_layer.py [--json FILE] [--quick]

The stand-in for opus-mt-ar-en (`full_size.py`), whole and trimmed as `mujaz-models import` does by
default: sentences a second of each on all cores, in turn and in the batches that suit the whole one
best, and how many sentences both translate alike. Its weights are random: this says what trimming
gains, and that what is kept is scored as before. That a trained model has no use for what goes
follows from how it was trained (`mujaz_models/convert/trim.py`).

Then what was tried and is not offered, on the trained starter, whose target the rules of trimming
leave whole, and on sentences held out: one rule more, by which pieces with letters go that no
English text of the training data has; and CTranslate2's vocabulary map (`shortlist.py`).
"""

import json
import lzma
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import ctranslate2
import full_size
import shortlist
import texts
from full_size import FullSize
from limit import BATCH_TOKENS, Rows
from rounds import ROUNDS, Goal, Spread, at_least, figure, finished, paired, parser, ratio
from sentencepiece import SentencePieceProcessor
from signature import cores, signature

from mujaz_models import store
from mujaz_models.convert.chrf import chrf2
from mujaz_models.manifest import Manifest
from mujaz_server.text.normalize import normalize

WHOLE, TRIMMED, LISTED = "whole", "trimmed", "with a shortlist"
SENTENCES = {1: 2000, 4: 200}
"""By beam, of all rounds together."""
LISTED_SENTENCES = 200
TUNED = 32
"""Sentences on which the best batch is sought."""
HELD_OUT = 400
_WRITTEN = texts.DATA.with_name("written.tsv.xz")
Outputs = list[list[str]]


class Candidate:
    """A stand-in that is timed, and what it has translated."""

    def __init__(self, folder: Path, *, use_vmap: bool = False) -> None:
        self.model = FullSize(folder)
        self._use_vmap = use_vmap
        self.outputs: Outputs = []

    def rate(self, rows: Rows, beam: int, batch_tokens: int) -> float:
        """Translates rows; returns sentences a second."""
        began = time.perf_counter()
        self.outputs += self.model.translated(rows, beam, batch_tokens, use_vmap=self._use_vmap)
        return len(rows) / (time.perf_counter() - began)

    def rate_of_next(self, parts: Iterator[Rows], beam: int, batch_tokens: int) -> float:
        """Translates the next part; returns sentences a second."""
        return self.rate(next(parts), beam, batch_tokens)

    def best_batch(self, rows: Rows, beam: int) -> int:
        """Returns the padded tokens of a batch at which it is fastest, each size tried once."""
        return max(BATCH_TOKENS, key=lambda size: self.rate(rows, beam, size))


class Starter:
    """The embedded model, with a vocabulary map that it uses where it is told to."""

    def __init__(self, folder: Path) -> None:
        self._translator = ctranslate2.Translator(str(folder), inter_threads=cores())

    def translated(self, rows: Rows, **options: object) -> Outputs:
        """Returns what greedy search makes of rows."""
        results = self._translator.translate_batch(
            rows,
            max_batch_size=BATCH_TOKENS[1],
            batch_type="tokens",
            beam_size=1,
            disable_unk=True,
            **options,
        )
        return [result.hypotheses[0] for result in results]

    def rate(self, rows: Rows, *, use_vmap: bool) -> float:
        """Translates rows; returns sentences a second."""
        began = time.perf_counter()
        self.translated(rows, use_vmap=use_vmap)
        return len(rows) / (time.perf_counter() - began)


class Data:
    """The starter's training data in its pieces; some of the newswire is held out."""

    def __init__(self) -> None:
        self.source, self.target = (
            SentencePieceProcessor(model_file=str(store.embedded() / f"{side}.spm"))
            for side in ("source", "target")
        )
        newswire, self._written = _pairs(texts.DATA), _pairs(_WRITTEN)
        held, self._learnt = newswire[:HELD_OUT], newswire[HELD_OUT:]
        self.held = sorted(held, key=lambda pair: len(pair[0]), reverse=True)

    def rows(self) -> Rows:
        """Returns the Arabic that is held out."""
        return [[*row, "</s>"] for row in self._cut(self.source, [a for a, _ in self.held])]

    def score(self, outputs: Outputs) -> float:
        """Returns the chrF2 of translations of what is held out."""
        decoded = map(self.target.decode, outputs)
        return chrf2(zip(decoded, (english for _, english in self.held), strict=True))

    def aligned(self) -> list[shortlist.Pair]:
        """Returns the newswire that is not held out."""
        arabic, english = zip(*self._learnt, strict=True)
        return list(
            zip(self._cut(self.source, arabic), self._cut(self.target, english), strict=True)
        )

    def unseen(self, vocabulary: Sequence[str]) -> list[str]:
        """Returns the pieces with letters that none of the English has but what is held out."""
        english = [english for _, english in (*self._learnt, *self._written)]
        seen = {piece for row in self._cut(self.target, english) for piece in row}
        lettered = (piece for piece in vocabulary[2:] if any(map(str.isalpha, piece)))
        return [piece for piece in lettered if piece not in seen]

    @staticmethod
    def _cut(processor: SentencePieceProcessor, texts: Sequence[str]) -> Rows:
        rows: Rows = processor.encode(list(texts), out_type=str)
        return rows


def _pairs(path: Path) -> list[tuple[str, str]]:
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    random.Random(6).shuffle(pairs)
    return [(normalize(arabic).text, english) for arabic, english in pairs]


def alike(ours: Sequence[object], theirs: Sequence[object]) -> float:
    """Returns which share of them is the same."""
    return sum(one == other for one, other in zip(ours, theirs, strict=True)) / len(ours)


def sizes() -> list[Goal]:
    """Returns what trimming saves of the model's files."""
    manifests = [Manifest.load(full_size.model(trimmed=trimmed)) for trimmed in (False, True)]
    whole, trimmed = (sum(file.size for file in m.files.values()) / 1e6 for m in manifests)
    cuts = manifests[1].provenance["trimmed"]
    kept = " and ".join(f"{cut['kept']:,} of {cut['pieces']:,}" for cut in cuts.values())
    return [
        Goal("source and target pieces that stay", "", kept, None),
        Goal("files, MB: whole, trimmed", "", f"{whole:.1f}, {trimmed:.1f}", None),
    ]


def rates(
    candidates: Mapping[str, Candidate], sentences: Sequence[str], beam: int, rounds: int
) -> dict[str, list[float]]:
    """Returns sentences a second by round; each round translates other sentences."""
    first, *_ = candidates.values()
    rows = first.model.rows
    parts = [rows(sentences[start::rounds]) for start in range(rounds)]
    sample = rows(sentences[:TUNED])
    batch = first.best_batch(sample, beam)
    for candidate in candidates.values():
        candidate.rate(sample, beam, batch)  # the first pass allocates
        candidate.outputs.clear()
    measures = {
        name: partial(candidate.rate_of_next, iter(parts), beam, batch)
        for name, candidate in candidates.items()
    }
    return paired(measures, rounds)


def compared(
    whole: Candidate, trimmed: Candidate, beam: int, rounds: int, count: int
) -> list[Goal]:
    """Returns the rows of a beam."""
    found = rates({WHOLE: whole, TRIMMED: trimmed}, texts.sentences(count), beam, rounds)
    same = alike(trimmed.outputs, whole.outputs)
    return [
        *(
            figure(f"beam {beam}, sentences/s: {name}", Spread.of(values), "{:.1f}")
            for name, values in found.items()
        ),
        at_least(f"beam {beam}: trimmed, times whole", 1.4, ratio(found[TRIMMED], found[WHOLE])),
        at_least(f"beam {beam}: alike of {count:,} sentences", 0.999, same, "{:.2%}"),
    ]


def listed(trimmed: Candidate, folder: Path, rounds: int, count: int) -> Goal:
    """Returns the row of what a shortlist would gain beyond trimming."""
    candidates = {TRIMMED: trimmed, LISTED: Candidate(folder, use_vmap=True)}
    found = rates(candidates, texts.sentences(count), 1, rounds)
    gain = ratio(found[LISTED], found[TRIMMED])
    return figure("beam 1: trimmed and with a shortlist, times trimmed", gain)


def tried(data: Data, starter: Starter, vocabulary: Sequence[str], rounds: int) -> list[Goal]:
    """Returns what the starter gains and loses by what is not offered."""
    rows, unseen = data.rows(), data.unseen(vocabulary)
    plain, listed = (starter.translated(rows, use_vmap=each) for each in (False, True))
    without = starter.translated(rows, suppress_sequences=[[piece] for piece in unseen])
    rates = paired(
        {str(each): partial(starter.rate, rows, use_vmap=each) for each in (False, True)}, rounds
    )
    of_all = f"{len(unseen)} of {len(vocabulary):,}"
    scores = f"{data.score(plain):.2f}, {data.score(listed):.2f}"
    return [
        Goal("starter: target pieces that no training text has", "", of_all, None),
        figure("starter: alike without these", alike(without, plain), "{:.2%}"),
        figure("starter: with a shortlist, times without", ratio(rates["True"], rates["False"])),
        figure("starter: alike with a shortlist", alike(listed, plain), "{:.2%}"),
        Goal("starter: chrF2 without and with a shortlist", "", scores, None),
    ]


def main() -> int:
    """Prints the table."""
    given = parser(__doc__).parse_args()
    rounds, scale = (1, 50) if given.quick else (ROUNDS, 1)
    whole, trimmed = (Candidate(full_size.model(trimmed=each)) for each in (False, True))
    rows = sizes()
    for beam, count in SENTENCES.items():
        rows += compared(whole, trimmed, beam, rounds, count // scale)
    data = Data()
    lines = list(shortlist.lines(data.aligned()))
    vocabulary = json.loads((store.embedded() / "target_vocabulary.json").read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        full = shortlist.copied(Path(folder, "full"), full_size.model(), lines)
        rows.append(listed(trimmed, full, rounds, LISTED_SENTENCES // scale))
        starter = Starter(shortlist.copied(Path(folder, "starter"), store.embedded(), lines))
        rows += tried(data, starter, vocabulary, rounds)
    signed = signature(full_size.model(), sentences=SENTENCES)
    return finished(given.json, "output_layer", rows, {}, signed)


if __name__ == "__main__":
    sys.exit(main())
