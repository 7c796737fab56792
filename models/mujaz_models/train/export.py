"""A training checkpoint as a MarianMTModel: the folder that transformers and every converter read.

What training adds to MarianMT is folded away: the standardization of the encoder's states goes into
the decoder's keys and values. Ids are reordered to Marian's: `</s>` first, `<pad>` last, with a
zero embedding, which the decoder starts from.
"""

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from mujaz_models.train.checkpoint import Weights
from mujaz_models.train.dataset import MOST_PIECES
from mujaz_models.train.model import POSITIONS
from mujaz_models.train.recipe import Shape
from mujaz_models.train.vocabulary import PAD, SOURCE_FILE, TARGET_FILE, Processors

_EOS: Final = 0  # in Marian's order


def export(
    weights: Weights, shape: Shape, vocabulary: Path, folder: Path, languages: tuple[str, str]
) -> None:
    """Write a MarianMT checkpoint with separate vocabularies, at full precision.

    Args:
        weights: of the model, the averages where there are any.
        shape: of the model.
        vocabulary: the folder of `source.spm` and `target.spm`.
        folder: is made; what it holds is replaced.
        languages: codes of source and target.
    """
    processors = Processors.load(vocabulary)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tensors = {
        name: value.contiguous().clone() for name, value in tensors_of(weights, shape).items()
    }
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    for name, processor, file in (
        (SOURCE_FILE, processors.source, "vocab.json"),
        (TARGET_FILE, processors.target, "target_vocab.json"),
    ):
        shutil.copy(vocabulary / name, folder / name)
        pieces = [processor.id_to_piece(n) for n in range(PAD + 1, processor.get_piece_size())]
        _write(folder / file, {piece: n for n, piece in enumerate([*pieces, "<pad>"])})
    sizes = (processors.source.get_piece_size(), processors.target.get_piece_size())
    _write(folder / "config.json", config(shape, *sizes))
    _write(folder / "generation_config.json", _generation(sizes[1]))
    _write(folder / "tokenizer_config.json", _tokenizer(*languages))


def config(shape: Shape, source_size: int, target_size: int) -> dict[str, Any]:
    """Return the `config.json` of a MarianMTModel."""
    pad = target_size - 1
    return {
        "architectures": ["MarianMTModel"],
        "model_type": "marian",
        "is_encoder_decoder": True,
        "vocab_size": source_size,
        "decoder_vocab_size": target_size,
        "share_encoder_decoder_embeddings": False,
        "tie_word_embeddings": True,
        "d_model": shape.width,
        "encoder_layers": shape.encoder_layers,
        "encoder_attention_heads": shape.encoder_heads,
        "encoder_ffn_dim": shape.encoder_feed_forward,
        "decoder_layers": shape.decoder_layers,
        "decoder_attention_heads": shape.decoder_heads,
        "decoder_ffn_dim": shape.decoder_feed_forward,
        "activation_function": "gelu",
        "scale_embedding": True,
        "static_position_embeddings": True,
        "normalize_before": False,
        "normalize_embedding": False,
        "max_position_embeddings": POSITIONS,
        "dropout": shape.dropout,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "bos_token_id": None,
        "eos_token_id": _EOS,
        "forced_eos_token_id": _EOS,
        "pad_token_id": pad,
        "decoder_start_token_id": pad,
        "num_beams": 1,
        "bad_words_ids": [[pad]],
        "dtype": "float32",
        "torch_dtype": "float32",
    }


def _generation(target_size: int) -> dict[str, Any]:
    pad = target_size - 1
    return {
        "bad_words_ids": [[pad]],
        "decoder_start_token_id": pad,
        "eos_token_id": _EOS,
        "forced_eos_token_id": _EOS,
        "max_length": POSITIONS,
        "num_beams": 1,
        "pad_token_id": pad,
    }


def _tokenizer(source: str, target: str) -> dict[str, Any]:
    return {
        "tokenizer_class": "MarianTokenizer",
        "separate_vocabs": True,
        "source_lang": source,
        "target_lang": target,
        "unk_token": "<unk>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "model_max_length": MOST_PIECES,
    }


def tensors_of(weights: Weights, shape: Shape) -> Weights:
    """Return the tensors of a MarianMTModel by its own names.

    The output layer is tied to the decoder's embeddings, and positions are computed: neither is
    among them.
    """
    held = {name: value.detach().float().cpu() for name, value in weights.items()}
    source, target = _rotated(held["source.tokens.weight"]), _rotated(held["target.tokens.weight"])
    bias = _rotated(held["output_bias"])
    source[-1], target[-1], bias[-1] = 0, 0, 0
    tensors = {
        "model.encoder.embed_tokens.weight": source,
        "model.decoder.embed_tokens.weight": target,
        "final_logits_bias": bias[None],
    }
    for side, layers in (("encoder", shape.encoder_layers), ("decoder", shape.decoder_layers)):
        for number in range(layers):
            ours, theirs = f"{side}.{number}.", f"model.{side}.layers.{number}."
            for name, value in _layer(held, ours):
                tensors[theirs + name] = value
    return tensors


_SAME: Final = {
    "self_attention.out": "self_attn.out_proj",
    "self_attention_norm": "self_attn_layer_norm",
    "cross_attention.query": "encoder_attn.q_proj",
    "cross_attention.out": "encoder_attn.out_proj",
    "cross_attention_norm": "encoder_attn_layer_norm",
    "expand": "fc1",
    "contract": "fc2",
    "feed_forward_norm": "final_layer_norm",
}


def _layer(held: Weights, ours: str) -> list[tuple[str, torch.Tensor]]:
    found = []
    for kind in ("weight", "bias"):
        for name, theirs in _SAME.items():
            if (value := held.get(f"{ours}{name}.{kind}")) is not None:
                found.append((f"{theirs}.{kind}", value))
        parts = held[f"{ours}self_attention.qkv.{kind}"].chunk(3)
        for letter, part in zip("qkv", parts, strict=True):
            found.append((f"self_attn.{letter}_proj.{kind}", part))
    if ours.startswith("decoder."):
        weight, bias = _key_value(held, f"{ours}cross_attention.key_value")
        for kind, value in (("weight", weight), ("bias", bias)):
            for letter, part in zip("kv", value.chunk(2), strict=True):
                found.append((f"encoder_attn.{letter}_proj.{kind}", part))
    return found


def _key_value(held: Weights, name: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Fold the standardization of Arabic input in: W (x - m) / d + b = (W / d) x + (b - W/d m)."""
    weight = held[f"{name}.weight"] / held["memory_deviation"][None]
    return weight, held[f"{name}.bias"] - weight @ held["memory_mean"][0]


def _rotated(values: torch.Tensor) -> torch.Tensor:
    """Move `<pad>` from the first id to the last."""
    return torch.cat([values[PAD + 1 :], values[: PAD + 1]])


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
