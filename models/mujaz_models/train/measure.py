"""The loss on sets that are not trained on, in nats per character: comparable over vocabularies."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (its customary name)

from mujaz_models.train.batches import pad
from mujaz_models.train.checkpoint import Weights
from mujaz_models.train.corpora import Pair
from mujaz_models.train.model import TranslationModel, source_mask
from mujaz_models.train.precision import Place
from mujaz_models.train.vocabulary import EOS, PAD, START, Processors

_EVERY: Final = 5
_PAIRS: Final = 100
_ROWS: Final = 25


class Measure:
    """Measures a model on up to a hundred pairs of each set, every fifth one."""

    def __init__(
        self, sets: Mapping[str, Sequence[Pair]], processors: Processors, place: Place
    ) -> None:
        self._place = place
        self._sets = {
            name: [
                (
                    [*processors.source.encode(pair.arabic), EOS],
                    processors.target.encode(pair.english),
                    len(pair.english),
                )
                for pair in pairs[::_EVERY][:_PAIRS]
            ]
            for name, pairs in sets.items()
        }

    def __call__(self, model: TranslationModel) -> dict[str, float]:
        """Return the nats per target character of each set."""
        was = model.training
        model.eval()
        measured = {name: self._set(model, rows) for name, rows in self._sets.items()}
        model.train(was)
        return measured

    def _set(
        self, model: TranslationModel, rows: Sequence[tuple[list[int], list[int], int]]
    ) -> float:
        ordered = sorted(rows, key=lambda row: len(row[0]))
        nats = sum(
            total_nats(model, [r[0] for r in part], [r[1] for r in part], self._place)
            for part in (ordered[n : n + _ROWS] for n in range(0, len(ordered), _ROWS))
        )
        return nats / sum(row[2] for row in rows)


def total_nats(
    model: TranslationModel, source: Sequence[list[int]], target: Sequence[list[int]], place: Place
) -> float:
    """Return the nats of targets given sources, of Arabic, that end with `</s>`."""
    device = model.output_bias.device
    ids = torch.from_numpy(pad(source)).to(device)
    read = torch.from_numpy(pad([[START, *row] for row in target])).to(device)
    wanted = torch.from_numpy(pad([[*row, EOS] for row in target])).to(device)
    mask = source_mask(ids)
    with torch.no_grad(), place.autocast():
        states = model.lower(ids, mask, len(model.encoder))
        memory = model.standardize(states, torch.zeros(len(source), dtype=torch.long))
        hidden = model.decode(read, memory, mask)
    kept = wanted != PAD
    with torch.no_grad():
        logits = hidden[kept].float() @ model.target.tokens.weight.t() + model.output_bias
        return float(F.cross_entropy(logits, wanted[kept], reduction="sum"))


@contextlib.contextmanager
def averaged(model: TranslationModel, averages: Weights) -> Iterator[None]:
    """Put the averages in the place of the weights for as long as the context lasts."""
    parameters = dict(model.named_parameters())
    kept = {name: parameters[name].detach().clone() for name in averages}
    _put(parameters, averages)
    try:
        yield
    finally:
        _put(parameters, kept)


def _put(parameters: Weights, values: Weights) -> None:
    with torch.no_grad():
        for name, value in values.items():
            parameters[name].copy_(value)
