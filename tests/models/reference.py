"""MarianMT's forward pass in plain numpy, written from the paper and not from the converters."""

from collections.abc import Callable
from math import erf

import numpy as np

from models.tiny import END, HEADS, LAYERS, UNKNOWN, WIDTH, Floats, Tiny

_ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + np.vectorize(erf)(x / 2**0.5).astype(np.float32)) / 2,
}


def greedy(
    model: Tiny, row: list[str], longest: int, start: Floats | None = None
) -> tuple[list[str], float]:
    """Translate one row of pieces (with </s>) greedily by the forward pass of the paper.

    Returns:
        The pieces and the mean log-probability of a token, </s> included.
    """
    weights = model.weights
    known = {piece: id_ for id_, piece in enumerate(model.source_vocabulary)}
    ids = [known.get(piece, UNKNOWN) for piece in row]
    memory = _embedded(weights["model.encoder.embed_tokens.weight"][ids])
    for number in range(LAYERS):
        memory = _layer(model, f"model.encoder.layers.{number}", memory, None)
    table = weights["model.decoder.embed_tokens.weight"]
    first = np.zeros(WIDTH, np.float32) if start is None else start
    output: list[int] = []
    scores: list[float] = []
    while len(output) < longest and END not in output:
        state = _embedded(np.stack([first, *table[output]]))
        for number in range(LAYERS):
            state = _layer(model, f"model.decoder.layers.{number}", state, memory)
        logits = state[-1] @ table.T + weights["final_logits_bias"][0]
        logits[[UNKNOWN, END] if not output else UNKNOWN] = -np.inf  # one token at least
        output.append(int(logits.argmax()))
        scores.append(float(-np.log(np.exp(logits - logits.max()).sum())))
    return [model.target_vocabulary[id_] for id_ in output if id_ != END], float(np.mean(scores))


def _embedded(rows: Floats) -> Floats:
    places, half = np.arange(len(rows))[:, None], np.arange(WIDTH // 2)
    angles = places / 10000 ** (2 * half / WIDTH)
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    embedded: Floats = (rows * np.sqrt(np.float32(WIDTH)) + waves).astype(np.float32)
    return embedded


def _layer(model: Tiny, prefix: str, state: Floats, memory: Floats | None) -> Floats:
    weights = model.weights
    causal = memory is not None
    attended = _attention(weights, f"{prefix}.self_attn", state, state, causal=causal)
    state = _normed(weights, f"{prefix}.self_attn_layer_norm", state + attended)
    if memory is not None:
        attended = _attention(weights, f"{prefix}.encoder_attn", state, memory, causal=False)
        state = _normed(weights, f"{prefix}.encoder_attn_layer_norm", state + attended)
    inner = _ACTIVATIONS[model.activation](_linear(weights, f"{prefix}.fc1", state))
    changed = state + _linear(weights, f"{prefix}.fc2", inner)
    return _normed(weights, f"{prefix}.final_layer_norm", changed)


def _linear(weights: dict[str, Floats], prefix: str, state: Floats) -> Floats:
    changed: Floats = state @ weights[f"{prefix}.weight"].T + weights[f"{prefix}.bias"]
    return changed


def _normed(weights: dict[str, Floats], prefix: str, state: Floats) -> Floats:
    centred = state - state.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    normed: Floats = scaled * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"]
    return normed


def _attention(
    weights: dict[str, Floats], prefix: str, state: Floats, memory: Floats, *, causal: bool
) -> Floats:
    query, key, value = (
        _linear(weights, f"{prefix}.{role}_proj", of)
        .reshape(len(of), HEADS, WIDTH // HEADS)
        .swapaxes(0, 1)
        for role, of in (("q", state), ("k", memory), ("v", memory))
    )
    scores = query @ key.swapaxes(1, 2) / np.sqrt(np.float32(WIDTH // HEADS))
    if causal:
        scores += np.triu(np.full(scores.shape[1:], -np.inf, np.float32), 1)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    mixed = (shares @ value).swapaxes(0, 1).reshape(len(state), WIDTH)
    return _linear(weights, f"{prefix}.out_proj", mixed)
