"""MarianMT in memory: weights by their role, whichever file they came from.

The architecture is the Transformer of Vaswani et al. (2017) with normalization after each sublayer,
sinusoidal positions and no normalization of embeddings: what OPUS-MT trains and transformers calls
`MarianMTModel`.
"""

import enum
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Activation(enum.Enum):
    """What stands between the two layers of a feed-forward network."""

    RELU = "relu"
    SWISH = "swish"
    GELU = "gelu"  # the exact one, x · Φ(x)
    GELU_TANH = "gelu with tanh"
    GELU_SIGMOID = "gelu with sigmoid"  # x · σ(1.702 x), what Marian means by gelu


@dataclass(frozen=True, slots=True)
class Linear:
    """y = weight · x + bias; weight (out, in), bias (out,)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """Both (d,)."""

    gamma: Floats
    beta: Floats


@dataclass(frozen=True, slots=True)
class Attention:
    """One multi-head attention and the normalization after it."""

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    norm: LayerNorm


@dataclass(frozen=True, slots=True)
class FeedForward:
    """One feed-forward network and the normalization after it."""

    inner: Linear
    outer: Linear
    norm: LayerNorm


@dataclass(frozen=True, slots=True)
class EncoderLayer:
    """A layer of the encoder."""

    attention: Attention
    feed_forward: FeedForward


@dataclass(frozen=True, slots=True)
class DecoderLayer:
    """A layer of the decoder; `cross` attends to the encoder."""

    attention: Attention
    cross: Attention
    feed_forward: FeedForward


@dataclass(frozen=True, slots=True)
class Marian:
    """A whole model. Rows of embeddings are in the order of the vocabularies.

    Attributes:
        source_vocabulary: pieces by id.
        target_vocabulary: pieces by id.
        source_embedding: (pieces, d).
        target_embedding: (pieces, d).
        output: from d to the target's pieces.
        encoder: its layers.
        decoder: its layers.
        encoder_heads: of each attention in the encoder.
        decoder_heads: of each attention in the decoder.
        activation: of the feed-forward networks.
        scale_embedding: whether embeddings are multiplied by √d.
        positions: how many positions source and target may have, `</s>` included.
        start: the token that the decoder starts with; None where it starts with zeros.
    """

    source_vocabulary: tuple[str, ...]
    target_vocabulary: tuple[str, ...]
    source_embedding: Floats
    target_embedding: Floats
    output: Linear
    encoder: tuple[EncoderLayer, ...]
    decoder: tuple[DecoderLayer, ...]
    encoder_heads: int
    decoder_heads: int
    activation: Activation
    scale_embedding: bool
    positions: int
    start: str | None


def restricted(model: Marian, source: NDArray[np.bool_], target: NDArray[np.bool_]) -> Marian:
    """Return a model with some of its pieces, in the order as before.

    Args:
        model: any.
        source: which of the source's pieces to keep, (pieces,).
        target: which of the target's pieces to keep, (pieces,).
    """

    def kept(vocabulary: tuple[str, ...], mask: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(piece for piece, stays in zip(vocabulary, mask, strict=True) if stays)

    return replace(
        model,
        source_vocabulary=kept(model.source_vocabulary, source),
        target_vocabulary=kept(model.target_vocabulary, target),
        source_embedding=model.source_embedding[source],
        target_embedding=model.target_embedding[target],
        output=Linear(model.output.weight[target], model.output.bias[target]),
    )


def sinusoids(positions: int, width: int) -> Floats:
    """Return Marian's position encodings (positions, width): sines first, then cosines."""
    frequencies = 10000.0 ** (-2 * np.arange((width + 1) // 2) / width)
    angles = np.arange(positions)[:, None] * frequencies
    table = np.concatenate([np.sin(angles), np.cos(angles)[:, : width // 2]], axis=1)
    return table.astype(np.float32)
