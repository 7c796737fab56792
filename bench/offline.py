"""The offline limit: sentences a second of CTranslate2 alone, over every way to set it up.

    python bench/offline.py [--texts FILE] [--json FILE] [--quick]

First every cell of a grid once: padded tokens of a batch × batches at once × threads on each × beam
× type of the weights. Then, for each beam, the fastest cell and the one that the server's defaults
are, in turn, on more sentences: the faster of the two is the limit that `served.py` measures
against, and the other says what the defaults cost. A smaller grid for the stand-in of
opus-mt-ar-en (`full_size.py`), which `--quick` leaves out.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import full_size
import texts
from full_size import FullSize
from limit import Offline, Rows, Shape, server_batch_tokens
from rounds import (
    ROUNDS,
    Chart,
    Goal,
    Spread,
    Table,
    at_least,
    figure,
    finished,
    paired,
    parser,
    ratio,
)
from signature import cores, signature

from mujaz_models import store
from mujaz_server.calibration import WIDTHS

BATCH_TOKENS = (64, 128, 256, 512, 1024)
FEW_BATCH_TOKENS = (256, 1024)


@dataclass(frozen=True, slots=True)
class Setup:
    """One way to run CTranslate2.

    Attributes:
        compute_type: Of the weights.
        inter: Batches at once.
        intra: Threads on each.
        batch_tokens: Padded tokens of a batch.
        beam: The width of the beam.
    """

    compute_type: str
    inter: int
    intra: int
    batch_tokens: int
    beam: int

    @property
    def shape(self) -> Shape:
        """What of it a loaded model is bound to."""
        return Shape(self.inter, self.intra, self.compute_type)

    def __str__(self) -> str:
        return f"{self.inter} × {self.intra} threads, {self.batch_tokens} tokens"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one pass of a setup gave."""

    setup: Setup
    sentences_per_s: float
    tokens_per_s: float


@dataclass(frozen=True, slots=True)
class Study:
    """A model, and how much of it is measured.

    Attributes:
        key: What the files of its charts are called.
        name: What the report calls it.
        load: Sets it up.
        grid: The cells.
        screened: Sentences of each cell.
        final: Sentences of each comparison, by beam: so many that a pass takes as long for each.
        rounds: Of each comparison.
        loaded: The model in the shapes that were asked for.
    """

    key: str
    name: str
    load: Callable[[Shape], Offline]
    grid: Sequence[Setup]
    screened: int
    final: Mapping[int, int]
    rounds: int
    loaded: dict[Shape, Offline] = field(default_factory=dict)

    def model(self, shape: Shape) -> Offline:
        """Returns the model in a shape, loaded and warm."""
        if shape not in self.loaded:
            self.loaded[shape] = self.load(shape)
            rows = self.loaded[shape].rows(texts.sentences(4))
            self.loaded[shape].seconds(rows, 2, WIDTHS[0])
        return self.loaded[shape]

    def rate(self, rows: Rows, setup: Setup) -> float:
        """Translates the rows once; returns sentences a second."""
        return len(rows) / self.model(setup.shape).seconds(rows, setup.beam, setup.batch_tokens)


def starter(*, quick: bool) -> Study:
    """The embedded model: every cell on all cores at int8, some of them otherwise."""
    many, wide, one = (cores(), 1), (1, cores()), (1, 1)
    cells = [
        Setup(compute_type, inter, intra, tokens, beam)
        for beam in (1, 2, 5)
        for compute_type, (inter, intra), sizes in (
            ("int8", many, BATCH_TOKENS),
            ("int8", wide, FEW_BATCH_TOKENS),
            ("int8", one, FEW_BATCH_TOKENS),
            ("float32", many, FEW_BATCH_TOKENS),
        )
        for tokens in sizes
    ]
    load = partial(Offline, store.embedded())
    grid = list(dict.fromkeys(cells))  # on one core some are the same
    if quick:
        return Study("starter", "starter", load, grid, 8, {1: 16, 2: 12, 5: 8}, 1)
    return Study("starter", "starter", load, grid, 112, {1: 400, 2: 280, 5: 128}, ROUNDS)


def stand_in() -> Study:
    """The stand-in of opus-mt-ar-en as `mujaz-models import` makes it."""
    many = [
        Setup("int8", cores(), 1, tokens, beam) for beam in (1, 2) for tokens in BATCH_TOKENS[1:]
    ]
    wide = [Setup("int8", 1, cores(), BATCH_TOKENS[-1], beam) for beam in (1, 2)]
    grid = list(dict.fromkeys([*many, *wide]))
    load = partial(FullSize, full_size.model())
    return Study("opus", "opus-mt-ar-en's architecture", load, grid, 32, {1: 80, 2: 48}, ROUNDS)


def screened(study: Study, rows: Rows) -> list[Cell]:
    """Returns what each cell of the grid gives in one pass."""
    per_sentence = sum(map(len, rows)) / len(rows)
    rates = ((setup, study.rate(rows, setup)) for setup in study.grid)
    return [Cell(setup, rate, rate * per_sentence) for setup, rate in rates]


def fastest(cells: Sequence[Cell], beam: int) -> Setup:
    """Returns the fastest setup of a beam."""
    of_beam = [cell for cell in cells if cell.setup.beam == beam]
    return max(of_beam, key=lambda cell: cell.sentences_per_s).setup


def limit(study: Study, best: Setup, rows: Rows) -> list[Goal]:
    """Returns the rows of a beam: the limit, and what the server's defaults are of it."""
    on_all_cores = Shape(cores(), 1, "int8")
    chosen = server_batch_tokens(study.model(on_all_cores), rows, best.beam)
    default = Setup("int8", cores(), 1, chosen, best.beam)
    rates = paired(
        {str(setup): partial(study.rate, rows, setup) for setup in (best, default)}, study.rounds
    )
    name = max(rates, key=lambda each: Spread.of(rates[each]).median)
    spread = Spread.of(rates[name])
    tokens = spread.median * sum(map(len, rows)) / len(rows)
    what = f"{study.name}, beam {best.beam}"
    share = ratio(rates[str(default)], rates[name])
    return [
        figure(f"{what}, sentences/s: {name}", spread, "{:.1f}"),
        figure(f"{what}, source tokens/s", tokens, "{:.0f}"),
        at_least(
            f"{what}: the server's batches of {chosen} tokens, of the limit", 0.95, share, "{:.1%}"
        ),
    ]


def table(study: Study, cells: Sequence[Cell]) -> Table:
    """Returns sentences/s of the grid: a line for each setup, a column for each beam."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for cell in cells:
        setup = cell.setup
        key = (setup.compute_type, f"{setup.inter} × {setup.intra}", str(setup.batch_tokens))
        lines.setdefault(key, []).append(f"{cell.sentences_per_s:.1f}")
    return Table(
        f"Sentences/s of CTranslate2 alone, {study.name}: {study.screened} sentences, one pass",
        ("weights", "batches × threads", "batch tokens", *(f"beam {beam}" for beam in study.final)),
        [[*key, *rates] for key, rates in lines.items()],
    )


def chart(study: Study, cells: Sequence[Cell], beam: int) -> Chart:
    """Returns sentences/s over batch size."""
    series: dict[str, list[tuple[float, float]]] = {}
    for cell in cells:
        setup = cell.setup
        if setup.beam == beam:
            name = f"{setup.compute_type}, {setup.shape}"
            series.setdefault(name, []).append((setup.batch_tokens, cell.sentences_per_s))
    return Chart(
        f"{study.key}-beam-{beam}",
        f"CTranslate2 alone, {study.name}, beam {beam}",
        "padded tokens of a batch",
        "sentences/s",
        series,
        logarithmic=True,
    )


def main() -> int:
    """Prints the grids and the limits."""
    options = parser(__doc__)
    texts.add_option(options)
    given = options.parse_args()
    goals: list[Goal] = []
    tables, charts = [], []
    for study in [starter(quick=True)] if given.quick else [starter(quick=False), stand_in()]:
        sentences = texts.sentences(max(study.final.values()), given.texts)
        rows_of = study.model(Shape(cores(), 1, "int8")).rows
        cells = screened(study, rows_of(sentences[: study.screened]))
        tables.append(table(study, cells))
        print(tables[-1], end="\n\n", flush=True)
        for beam, count in study.final.items():
            goals += limit(study, fastest(cells, beam), rows_of(sentences[:count]))
            charts.append(chart(study, cells, beam))
        study.loaded.clear()
    data = {"tables": list(map(asdict, tables)), "charts": list(map(asdict, charts))}
    return finished(given.json, "offline", goals, data, signature(set=given.texts.name))


if __name__ == "__main__":
    sys.exit(main())
