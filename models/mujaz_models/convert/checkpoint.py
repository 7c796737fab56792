"""Checkpoints of transformers' `MarianMTModel`, read without transformers.

`config.json`, `model.safetensors` (or `pytorch_model.bin`, for which torch is needed),
`source.spm`, `target.spm` and `vocab.json`, with `target_vocab.json` where the vocabularies are
separate.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mujaz_models.convert import ConvertError, vocabulary
from mujaz_models.convert.form import (
    Activation,
    Attention,
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    Floats,
    Linear,
    Marian,
    sinusoids,
)
from mujaz_models.convert.padding import without_pad
from mujaz_models.convert.pickled import read_pickled
from mujaz_models.convert.safetensors import read_safetensors
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES, Source, natural, needed
from mujaz_models.convert.tensors import Tensors

CONFIG = "config.json"
_READERS: Mapping[str, Callable[[Path], Tensors]] = {
    "model.safetensors": read_safetensors,
    "pytorch_model.bin": read_pickled,
}
_ACTIVATIONS = {
    "gelu": Activation.GELU,
    "gelu_new": Activation.GELU_TANH,
    "relu": Activation.RELU,
    "silu": Activation.SWISH,
    "swish": Activation.SWISH,
}
# What MarianMT could be configured to, and transformers' own class no longer reads.
_FIXED = {
    "model_type": "marian",
    "normalize_before": False,
    "normalize_embedding": False,
    "static_position_embeddings": True,
    "add_final_layer_norm": False,
}
_POSITION_TOLERANCE = 0.01  # checkpoints may keep the table in half precision


@dataclass(frozen=True, slots=True)
class _Side:
    """The encoder's or the decoder's part of the configuration."""

    name: str
    layers: int
    heads: int
    inner: int
    width: int


def read_checkpoint(folder: Path) -> Source:
    """Read a checkpoint.

    Args:
        folder: with the files named above.

    Raises:
        ConvertError: a file is missing or damaged, or the model is no MarianMT that the engine can
            load.
    """
    config = _config(folder)
    weights = _weights_file(folder)
    names = [CONFIG, weights, SOURCE_PIECES, TARGET_PIECES, "vocab.json"]
    if config.get("share_encoder_decoder_embeddings", True) is False:
        names.append("target_vocab.json")
    files = {name: needed(folder, name) for name in names}
    source_vocabulary = vocabulary.read_json(files["vocab.json"])
    target_vocabulary = vocabulary.read_json(files[names[-1]])
    tensors = _READERS[weights](files[weights])
    model = _model(config, tensors, source_vocabulary, target_vocabulary)
    return Source("transformers MarianMT checkpoint", model, tuple(files.values()))


def _config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads(needed(folder, CONFIG).read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{CONFIG} is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise ConvertError(f"{CONFIG} is not a JSON object")
    for key, expected in _FIXED.items():
        if (found := config.get(key, expected)) != expected:
            raise ConvertError(f"{CONFIG}: {key} is {found!r}, and {expected!r} alone can be read")
    return config


def _weights_file(folder: Path) -> str:
    for name in _READERS:
        if (folder / name).is_file():
            return name
    raise ConvertError(f"{folder} holds neither {' nor '.join(_READERS)}")


def _model(
    config: dict[str, Any],
    tensors: Tensors,
    source_vocabulary: tuple[str, ...],
    target_vocabulary: tuple[str, ...],
) -> Marian:
    encoder, decoder = _side(config, "encoder"), _side(config, "decoder")
    positions = natural(config.get("max_position_embeddings"), "max_position_embeddings", 1 << 14)
    for side in (encoder, decoder):
        _check_positions(tensors, side, positions)
    width = encoder.width
    source, target = _embeddings(tensors, len(source_vocabulary), len(target_vocabulary), width)
    output = target
    if not config.get("tie_word_embeddings", True):
        output = tensors.take("lm_head.weight", *target.shape)
    bias = np.zeros(len(target), np.float32)
    if "final_logits_bias" in tensors:
        bias = tensors.take("final_logits_bias", 1, len(target))[0]
    return without_pad(
        Marian(
            source_vocabulary=source_vocabulary,
            target_vocabulary=target_vocabulary,
            source_embedding=source,
            target_embedding=target,
            output=Linear(output, bias),
            encoder=tuple(_encoder_layer(tensors, encoder, n) for n in range(encoder.layers)),
            decoder=tuple(_decoder_layer(tensors, decoder, n) for n in range(decoder.layers)),
            encoder_heads=encoder.heads,
            decoder_heads=decoder.heads,
            activation=_activation(config),
            scale_embedding=bool(config.get("scale_embedding", False)),
            positions=positions,
            start=None,
        ),
        config.get("decoder_start_token_id", config.get("pad_token_id")),
    )


def _side(config: dict[str, Any], name: str) -> _Side:
    side = _Side(
        name=name,
        layers=natural(config.get(f"{name}_layers"), f"{name}_layers", 100),
        heads=natural(config.get(f"{name}_attention_heads"), f"{name}_attention_heads", 100),
        inner=natural(config.get(f"{name}_ffn_dim"), f"{name}_ffn_dim", 1 << 16),
        width=natural(config.get("d_model"), "d_model", 1 << 14),
    )
    if side.width % side.heads:
        raise ConvertError(f"{side.heads} heads do not divide d_model {side.width}")
    return side


def _activation(config: dict[str, Any]) -> Activation:
    name = config.get("activation_function")
    if name not in _ACTIVATIONS:
        raise ConvertError(f"activation_function {name!r} is none of {', '.join(_ACTIVATIONS)}")
    return _ACTIVATIONS[name]


def _embeddings(tensors: Tensors, sources: int, targets: int, width: int) -> tuple[Floats, Floats]:
    """Take both embeddings; files leave out what is shared, under any of its names."""

    def first(names: Iterable[str], rows: int) -> Floats:
        name = next((name for name in names if name in tensors), "model.shared.weight")
        return tensors.take(name, rows, width)

    encoder, decoder = "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"
    shared = ("model.shared.weight", "lm_head.weight")
    return first((encoder, *shared), sources), first((decoder, *shared), targets)


def _check_positions(tensors: Tensors, side: _Side, positions: int) -> None:
    name = f"model.{side.name}.embed_positions.weight"
    if name in tensors:
        found = tensors.take(name, positions, side.width)
        if np.abs(found - sinusoids(positions, side.width)).max() > _POSITION_TOLERANCE:
            raise ConvertError(f"{tensors.origin}: {name} holds learnt positions, not sinusoids")


def _encoder_layer(tensors: Tensors, side: _Side, number: int) -> EncoderLayer:
    prefix = f"model.encoder.layers.{number}"
    return EncoderLayer(
        _attention(tensors, f"{prefix}.self_attn", side.width),
        _feed_forward(tensors, prefix, side),
    )


def _decoder_layer(tensors: Tensors, side: _Side, number: int) -> DecoderLayer:
    prefix = f"model.decoder.layers.{number}"
    return DecoderLayer(
        _attention(tensors, f"{prefix}.self_attn", side.width),
        _attention(tensors, f"{prefix}.encoder_attn", side.width),
        _feed_forward(tensors, prefix, side),
    )


def _attention(tensors: Tensors, prefix: str, width: int) -> Attention:
    query, key, value, output = (
        tensors.linear(f"{prefix}.{role}_proj", width, width) for role in ("q", "k", "v", "out")
    )
    return Attention(query, key, value, output, tensors.norm(f"{prefix}_layer_norm", width))


def _feed_forward(tensors: Tensors, prefix: str, side: _Side) -> FeedForward:
    return FeedForward(
        tensors.linear(f"{prefix}.fc1", side.inner, side.width),
        tensors.linear(f"{prefix}.fc2", side.width, side.inner),
        tensors.norm(f"{prefix}.final_layer_norm", side.width),
    )
