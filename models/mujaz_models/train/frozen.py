"""States of the encoder's frozen lower layers, kept from one epoch to the next.

Layers that do not change give the same states for the same sentence each time. Reading them from
memory instead leaves a CPU half the work of the encoder. They are read without dropout, so that
they can be kept.
"""

from typing import Final

import torch

from mujaz_models.train.batches import Batch, Kind, pad
from mujaz_models.train.model import TranslationModel, source_mask

MOST_BYTES: Final = 6 << 30
"""Kept by all the workers of a machine together."""


class LowerStates:
    """The states after the lower layers, for the rows of batches.

    Args:
        model: its layers below `layers` and the source embeddings must not change.
        layers: 0 keeps nothing and gives the embeddings, with their gradient.
        most_bytes: kept at most; a GPU computes them faster than it would be sent them.
    """

    def __init__(self, model: TranslationModel, layers: int, most_bytes: int = MOST_BYTES) -> None:
        self._model = model
        self._layers = layers
        self._room = 0 if model.output_bias.is_cuda else most_bytes
        self._kept: dict[tuple[int, Kind], torch.Tensor] = {}

    def freeze(self) -> None:
        """Take the frozen layers out of training and their dropout with them."""
        if self._layers:
            for module in (self._model.source, *self._model.encoder[: self._layers]):
                module.eval().requires_grad_(requires_grad=False)

    def read(self, batch: Batch, kind: torch.dtype) -> torch.Tensor:
        """Return the states of a batch, rows × longest row × width."""
        device = self._model.output_bias.device
        if not self._layers:
            ids = torch.from_numpy(pad(batch.source)).to(device)
            return self._model.lower(ids, source_mask(ids), 0)
        rows = list(zip(batch.pairs, batch.kinds, strict=True))
        missing = [number for number, row in enumerate(rows) if row not in self._kept]
        new = dict(zip(missing, self._compute(batch, missing), strict=True))
        width = self._model.memory_deviation.shape[0]
        longest = max(map(len, batch.source))
        states = torch.zeros(len(rows), longest, width, dtype=kind, device=device)
        for number, (row, ids) in enumerate(zip(rows, batch.source, strict=True)):
            found = new[number] if number in new else self._kept[row]
            states[number, : len(ids)] = found
            if number in new:
                self._keep(row, found)
        return states

    def _compute(self, batch: Batch, numbers: list[int]) -> list[torch.Tensor]:
        if not numbers:
            return []
        sources = [batch.source[number] for number in numbers]
        ids = torch.from_numpy(pad(sources)).to(self._model.output_bias.device)
        with torch.no_grad():
            states = self._model.lower(ids, source_mask(ids), self._layers)
        # Rounded as they are kept, so that a run that goes on with nothing kept reads the same.
        rounded = states.to(torch.bfloat16)
        return [found[: len(row)] for found, row in zip(rounded, sources, strict=True)]

    def _keep(self, row: tuple[int, Kind], states: torch.Tensor) -> None:
        size = states.numel() * states.element_size()
        if row[1] != Kind.NOISED_ENGLISH and size <= self._room:
            self._room -= size
            self._kept[row] = states.clone()
