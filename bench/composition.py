"""Does the translation of a sentence depend on those it shares a batch with?

    python bench/composition.py [--texts FILE] [--json FILE] [--quick]

Every sentence is translated alone, on one thread; then again alone, and in batches of 4, 16 and 64
of near lengths (sorted) and of any (shuffled), with one thread and some with two on each batch, by
greedy search and by a beam of 2. Counted is what comes out otherwise than the first time: texts,
and by how much scores do. Sums of floating-point numbers depend on their order, which batches and
threads change; where two words are nearly as likely, the other one may win.
"""

import random
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import texts
from rounds import Goal, Table, finished, parser
from signature import cores, signature

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.text.normalize import normalize
from mujaz_server.translation.engine import Decoding, Engine, Translation

BEAMS = (1, 2)
BATCHES = (4, 16, 64)
ORDERS = ("sorted", "shuffled")
SENTENCES = 480


@dataclass(frozen=True, slots=True)
class Company:
    """How sentences are put together.

    Attributes:
        beam: The width of the beam.
        rows: Of a batch.
        order: Of the sentences before they are cut into batches.
        threads: On each batch.
    """

    beam: int
    rows: int = 1
    order: str = "sorted"
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """What company changed, of all sentences.

    Attributes:
        share: Of sentences with another text.
        score: The most that a score moved where the text is the same, in natural logarithms.
    """

    share: float
    score: float


def companies(beam: int) -> list[Company]:
    """Returns what is compared with each sentence alone."""
    with_one = [Company(beam, rows, order) for rows in BATCHES for order in ORDERS]
    with_two = [Company(beam, rows, "shuffled", threads=2) for rows in BATCHES[1:]]
    return [Company(beam), *with_one, *with_two]


def changed(alone: Sequence[Translation], others: Sequence[Translation]) -> Change:
    """Compares translations of the same sentences."""
    pairs = list(zip(alone, others, strict=True))
    moved = [abs(one.score - two.score) for one, two in pairs if one.text == two.text]
    return Change(
        sum(one.text != two.text for one, two in pairs) / len(pairs), max(moved, default=0.0)
    )


class Model:
    """The embedded model with so many threads on each batch, and all cores at work."""

    def __init__(self, threads: int) -> None:
        folder = store.embedded()
        at_once = max(1, cores() // threads)
        self._engine = Engine.load(
            folder, Manifest.load(folder), threads=at_once, intra_threads=threads
        )
        self._pool = ThreadPoolExecutor(at_once)

    def rows(self, sentences: Sequence[str]) -> list[list[str]]:
        """Returns the pieces of each sentence."""
        return [self._engine.encode(normalize(text).text) for text in sentences]

    def translated(self, rows: Sequence[list[str]], company: Company) -> list[Translation]:
        """Translates rows in such company; returns the translations in the order of the rows."""
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        if company.order == "shuffled":
            random.Random(6).shuffle(order)
        decoding = Decoding(beam_size=company.beam)
        cut = [order[at : at + company.rows] for at in range(0, len(order), company.rows)]
        made = self._pool.map(
            lambda batch: self._engine.translate([rows[index] for index in batch], decoding), cut
        )
        back = dict(
            pair
            for batch, done in zip(cut, made, strict=True)
            for pair in zip(batch, done, strict=True)
        )
        return [back[index] for index in range(len(rows))]


def table(found: Mapping[Company, Change]) -> Table:
    """Returns every company with what it changes."""
    return Table(
        "What company changes",
        ("beam", "batches of", "order", "threads on each", "other texts", "scores within"),
        [
            [
                str(company.beam),
                str(company.rows),
                company.order if company.rows > 1 else "",
                str(company.threads),
                f"{change.share:.2%}",
                f"{change.score:.4f}",
            ]
            for company, change in found.items()
        ],
    )


def summary(found: Mapping[Company, Change]) -> list[Goal]:
    """Returns the most that any company changes, by beam."""
    rows = []
    for beam in BEAMS:
        changes = [change for company, change in found.items() if company.beam == beam]
        most, score = (max(each.share for each in changes), max(each.score for each in changes))
        told = f"{most:.2%} other texts, scores within {score:.4f}"
        rows.append(Goal(f"beam {beam}: the most that any company changes", "", told, None))
    return rows


def main() -> int:
    """Prints the table."""
    options = parser(__doc__)
    texts.add_option(options)
    given = options.parse_args()
    sentences = texts.sentences(8 if given.quick else SENTENCES, given.texts)
    models = {threads: Model(threads) for threads in (1, 2)}
    rows = models[1].rows(sentences)
    found: dict[Company, Change] = {}
    for beam in BEAMS:
        alone = models[1].translated(rows, Company(beam))
        for company in companies(beam):
            found[company] = changed(alone, models[company.threads].translated(rows, company))
    print(grid := table(found), end="\n\n")
    data = {"tables": [asdict(grid)]}
    signed = signature(sentences=len(sentences), set=given.texts.name)
    return finished(given.json, "composition", summary(found), data, signed)


if __name__ == "__main__":
    sys.exit(main())
