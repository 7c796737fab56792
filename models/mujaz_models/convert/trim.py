"""A smaller output layer: the pieces that no translation needs leave the vocabularies.

OPUS-MT has one vocabulary for both languages, so that each step of decoding scores 31,000 pieces of
Arabic that English never has. CTranslate2 holds a vocabulary and a matrix for each side, and each
is cut to what its side can have; the layers between know nothing of it.

The source keeps what `source.spm` can make of a text, and the tokens that may stand before one: no
other row is ever looked up, so that this changes nothing. The target keeps what `target.spm` can
make of a text, as no other piece was ever to be written while the model was trained; of these, the
pieces go that have a letter of a script foreign to the target's language. Pieces without a letter
stay. What is kept is scored as before: greedy search translates alike unless what is left out would
have won a step, and the probabilities of what is kept grow by what was given to what is not.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mujaz_models.convert.form import Marian, restricted
from mujaz_models.convert.pieces import hands_out, pieces_of, read_pieces
from mujaz_models.convert.scripts import foreign_script, scripts_of
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES
from mujaz_models.convert.vocabulary import END, PAD, UNKNOWN

_SPECIAL = re.compile(rf"{END}|{UNKNOWN}|{PAD}|<s>|<0x[0-9A-F]{{2}}>|>>.*<<")
_UNMADE = "not made by {}"
_FOREIGN = "has a letter of {}"


@dataclass(frozen=True, slots=True)
class Cut:
    """What one side of a model lost.

    Attributes:
        pieces: how many it had.
        kept: how many it has.
        dropped: how many went, by the rule.
    """

    pieces: int
    kept: int
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class Cuts:
    """What both sides of a model lost, for the manifest's provenance."""

    source: Cut
    target: Cut


def trim(
    model: Marian, folder: Path, target_language: str, source_prefix: Sequence[str]
) -> tuple[Marian, Cuts]:
    """Cut the vocabularies of a model to what each side can have.

    Args:
        model: as it was read.
        folder: with its `source.spm` and `target.spm`.
        target_language: BCP-47; where its scripts are not known, none is foreign.
        source_prefix: tokens that go before every source.

    Returns:
        The model with what it keeps, in the order as before, and what it lost.

    Raises:
        ConvertError: a SentencePiece model is none, or is of another model.
    """
    scripts = scripts_of(target_language)
    source = _losses(folder / SOURCE_PIECES, model.source_vocabulary, None, set(source_prefix))
    target = _losses(folder / TARGET_PIECES, model.target_vocabulary, scripts, set())
    kept = restricted(model, _kept(source), _kept(target))
    return kept, Cuts(_cut(source), _cut(target))


def _losses(
    path: Path, vocabulary: Sequence[str], scripts: frozenset[str] | None, needed: set[str]
) -> list[str | None]:
    """Return, for each piece, the rule by which it goes; None where it stays."""
    made = pieces_of(read_pieces(path, vocabulary))

    def loss(piece: str) -> str | None:
        if _SPECIAL.fullmatch(piece) or piece in needed:
            return None
        if not hands_out(made, piece):
            return _UNMADE.format(path.name)
        script = None if scripts is None else foreign_script(piece, scripts)
        return None if script is None else _FOREIGN.format(script)

    return [loss(piece) for piece in vocabulary]


def _kept(losses: Sequence[str | None]) -> np.ndarray:
    return np.array([loss is None for loss in losses])


def _cut(losses: Sequence[str | None]) -> Cut:
    dropped = Counter(loss for loss in losses if loss is not None)
    return Cut(len(losses), len(losses) - dropped.total(), dict(dropped.most_common()))
