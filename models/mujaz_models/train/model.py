"""A MarianMT model in plain torch: post-norm, sinusoidal positions, scaled embeddings, GELU.

It computes what `transformers.MarianMTModel` computes, with the projections of queries, keys and
values in one matrix, for training on few cores. What is not MarianMT's is folded away at export:
the encoder's output is standardized by fixed means and deviations before the decoder reads it.
"""

import math
from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812 (its customary name)
from torch import nn

from mujaz_models.train.recipe import Shape
from mujaz_models.train.vocabulary import PAD

POSITIONS: Final = 512
EPSILON: Final = 1e-5
"""Of the layer norms: MarianMT's."""


class Dropout(nn.Module):
    """Dropout that on a CPU cuts its masks from one pool of random numbers.

    Drawing a mask of Bernoulli numbers takes a CPU longer than the layer around it. The pool is
    the same in every process, so a run that goes on draws what it would have drawn.
    """

    _SIZE: Final = 1 << 24
    _pools: Final[dict[tuple[float, torch.dtype], torch.Tensor]] = {}

    def __init__(self, share: float) -> None:
        super().__init__()
        self._share = share

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Zero a share of the states, scale up the others; in training only."""
        if not self.training or not self._share:
            return states
        size = states.numel()
        if states.is_cuda or size >= self._SIZE:
            return F.dropout(states, self._share)
        start = int(torch.randint(0, self._SIZE - size, (1,)))
        return states * self._pool(states.dtype)[start : start + size].view(states.shape)

    def _pool(self, kind: torch.dtype) -> torch.Tensor:
        key = (self._share, kind)
        if key not in self._pools:
            chance = torch.rand(self._SIZE, generator=torch.Generator().manual_seed(1))
            self._pools[key] = ((chance > self._share).float() / (1 - self._share)).to(kind)
        return self._pools[key]


class SelfAttention(nn.Module):
    """Multi-head attention over the states themselves."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self, states: torch.Tensor, mask: torch.Tensor | None = None, *, causal: bool = False
    ) -> torch.Tensor:
        """Attend where the mask is true or, causally, to what came before."""
        query, key, value = self.qkv(states).chunk(3, -1)
        return self.out(_attend(query, key, value, self._heads, mask, causal=causal))


class CrossAttention(nn.Module):
    """Multi-head attention of the decoder's states over the encoder's."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(
        self, states: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Attend to the memory where the mask is true."""
        key, value = self.key_value(memory).chunk(2, -1)
        return self.out(_attend(self.query(states), key, value, self._heads, mask))


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    heads: int,
    mask: torch.Tensor | None,
    *,
    causal: bool = False,
) -> torch.Tensor:
    def split(states: torch.Tensor) -> torch.Tensor:
        rows, length, _ = states.shape
        return states.view(rows, length, heads, -1).transpose(1, 2)

    read = F.scaled_dot_product_attention(
        split(query), split(key), split(value), attn_mask=mask, is_causal=causal
    )
    return read.transpose(1, 2).reshape(query.shape)


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each added and then normed."""

    def __init__(self, shape: Shape, epsilon: float = EPSILON) -> None:
        super().__init__()
        width, inner = shape.width, shape.encoder_feed_forward
        self.self_attention = SelfAttention(width, shape.encoder_heads)
        self.self_attention_norm = nn.LayerNorm(width, epsilon)
        self.expand = nn.Linear(width, inner)
        self.contract = nn.Linear(inner, width)
        self.feed_forward_norm = nn.LayerNorm(width, epsilon)
        self.dropout = Dropout(shape.dropout)

    def forward(self, states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Return the layer's states."""
        read = self.self_attention(states, mask)
        states = self.self_attention_norm(states + self.dropout(read))
        fed = self.contract(F.gelu(self.expand(states)))
        return self.feed_forward_norm(states + self.dropout(fed))


class DecoderLayer(nn.Module):
    """Causal self-attention, attention over the encoder's states, feed-forward."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inner = shape.width, shape.decoder_feed_forward
        self.self_attention = SelfAttention(width, shape.decoder_heads)
        self.self_attention_norm = nn.LayerNorm(width, EPSILON)
        self.cross_attention = CrossAttention(width, shape.decoder_heads)
        self.cross_attention_norm = nn.LayerNorm(width, EPSILON)
        self.expand = nn.Linear(width, inner)
        self.contract = nn.Linear(inner, width)
        self.feed_forward_norm = nn.LayerNorm(width, EPSILON)
        self.dropout = Dropout(shape.dropout)

    def forward(
        self, states: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the layer's states."""
        read = self.self_attention(states, causal=True)
        states = self.self_attention_norm(states + self.dropout(read))
        read = self.cross_attention(states, memory, mask)
        states = self.cross_attention_norm(states + self.dropout(read))
        fed = self.contract(F.gelu(self.expand(states)))
        return self.feed_forward_norm(states + self.dropout(fed))


class Embedding(nn.Module):
    """Token embeddings times √width plus sinusoidal positions; `<pad>` counts as zero."""

    positions: torch.Tensor

    def __init__(self, size: int, width: int, dropout: float) -> None:
        super().__init__()
        self._scale = math.sqrt(width)
        self.tokens = nn.Embedding(size, width)
        nn.init.normal_(self.tokens.weight, 0, width**-0.5)
        self.register_buffer("positions", sinusoids(width), persistent=False)
        self.dropout = Dropout(dropout)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Embed ids, rows × length, in the precision of the surrounding autocast."""
        tokens = self.tokens(ids) * (ids != PAD)[..., None]
        states = self.dropout(tokens * self._scale + self.positions[: ids.shape[1]])
        kind = states.device.type
        if torch.is_autocast_enabled(kind):
            return states.to(torch.get_autocast_dtype(kind))
        return states


def sinusoids(width: int) -> torch.Tensor:
    """Return MarianMT's positions: sines in the first half of the width, cosines in the other."""
    rates = torch.pow(10000, 2 * torch.arange(width // 2)[None].float() / width)
    angles = torch.arange(POSITIONS)[:, None].float() / rates
    return torch.cat([angles.sin(), angles.cos()], 1)


class TranslationModel(nn.Module):
    """The encoder and the decoder, with vocabularies of their own.

    The output layer is the target embeddings and a bias. `memory_mean` (of Arabic and of English
    input) and `memory_deviation` standardize the encoder's states: e5's have a large mean in a few
    dimensions, which a fresh decoder takes long to learn to ignore.
    """

    memory_mean: torch.Tensor
    memory_deviation: torch.Tensor

    def __init__(self, shape: Shape, source_size: int, target_size: int) -> None:
        super().__init__()
        self.source = Embedding(source_size, shape.width, shape.dropout)
        self.target = Embedding(target_size, shape.width, shape.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(shape) for _ in range(shape.decoder_layers))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        self.output_bias = nn.Parameter(torch.zeros(target_size))
        self.register_buffer("memory_mean", torch.zeros(2, shape.width))
        self.register_buffer("memory_deviation", torch.ones(shape.width))

    def lower(self, ids: torch.Tensor, mask: torch.Tensor | None, layers: int) -> torch.Tensor:
        """Return the states of the source after so many layers."""
        return self._through(self.source(ids), mask, 0, layers)

    def upper(self, states: torch.Tensor, mask: torch.Tensor | None, layers: int) -> torch.Tensor:
        """Return the encoder's states from those after so many layers."""
        return self._through(states, mask, layers, len(self.encoder))

    def _through(
        self, states: torch.Tensor, mask: torch.Tensor | None, first: int, end: int
    ) -> torch.Tensor:
        for layer in self.encoder[first:end]:
            states = layer(states, mask)
        return states

    def standardize(self, states: torch.Tensor, languages: torch.Tensor) -> torch.Tensor:
        """Return what the decoder reads; `languages` is 0 for a row of Arabic, 1 for English."""
        mean = self.memory_mean[languages][:, None].to(states.dtype)
        return (states - mean) / self.memory_deviation.to(states.dtype)

    def decode(
        self, ids: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the decoder's states for target ids that begin with START."""
        states = self.target(ids)
        for layer in self.decoder:
            states = layer(states, memory, mask)
        return states


def source_mask(ids: torch.Tensor) -> torch.Tensor | None:
    """Return where tokens are, rows × 1 × 1 × length; None where there is no padding."""
    tokens = ids != PAD
    return None if bool(tokens.all()) else tokens[:, None, None, :]
