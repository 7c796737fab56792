"""`<pad>`, which transformers adds to Marian's vocabulary to start the decoder with.

Its embedding is zero, and so is what Marian itself starts with: the piece goes out again. Where
training on has made its embedding something else, it stays as the piece to start with, and can
never be generated.
"""

from dataclasses import replace

import numpy as np

from mujaz_models.convert import ConvertError
from mujaz_models.convert.form import Marian, restricted
from mujaz_models.convert.vocabulary import PAD

_NEVER = np.float32(-1e9)  # a logit that no search prefers


def without_pad(model: Marian, start_id: object) -> Marian:
    """Take `<pad>` out of a model.

    Args:
        model: with `<pad>` in its vocabularies.
        start_id: the id of the target's piece that the decoder starts with.

    Raises:
        ConvertError: that piece is not `<pad>`.
    """
    pieces = model.target_vocabulary
    if type(start_id) is not int or not 0 <= start_id < len(pieces):
        raise ConvertError(f"decoder_start_token_id {start_id!r} is no piece's id")
    if pieces[start_id] != PAD:
        raise ConvertError(f"the decoder starts with {pieces[start_id]!r}, not {PAD}")
    if model.target_embedding[start_id].any():
        model.output.bias[start_id] = _NEVER
        return replace(model, start=PAD)
    source, target = (
        np.array([piece != PAD for piece in vocabulary])
        for vocabulary in (model.source_vocabulary, pieces)
    )
    return restricted(model, source, target)
