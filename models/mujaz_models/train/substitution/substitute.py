"""New pairs from old: names and figures are swapped on both sides at once for others of their kind.

A model that has read `Damascus` only beside `Syria`, and `17` only where the corpus has it, learns
those sentences. Here it meets other names and figures in the same ones, and learns to carry over
what is written. Where it is not sure that both sides say the same, nothing is swapped.
"""

from random import Random
from typing import Final

from mujaz_models.train.corpora import Pair
from mujaz_models.train.substitution import figures, gazetteer, persons
from mujaz_models.train.substitution.slots import apply, disjoint

_SHARE: Final = 0.85


def substitute(pair: Pair, rng: Random) -> Pair | None:
    """Return the pair with other names and figures, or None where none can be swapped.

    Each that can be is swapped with a probability of 85 %, at least one is. The same pair and
    state of `rng` give the same result.
    """
    found = [
        *gazetteer.load().slots(pair, rng),
        *persons.slots(pair, rng),
        *figures.slots(pair, rng),
    ]
    sure = disjoint(found)
    if not sure:
        return None
    chosen = [slot for slot in sure if rng.random() < _SHARE] or sure[:1]
    return Pair(
        apply(pair.arabic, [edit for slot in chosen for edit in slot.arabic]),
        apply(pair.english, [edit for slot in chosen for edit in slot.english]),
    )
