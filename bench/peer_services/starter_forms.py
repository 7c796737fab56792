"""The embedded model in the forms that the peers take: the same weights for everybody.

The repository has no float32 weights of the starter. Those that transformers gets are the int8 ones
multiplied by their scales: what CTranslate2 computes with, less its rounding of activations.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mujaz_models import store
from mujaz_models.convert.binary import read_variables

sys.path.append(str(Path(__file__).parents[2] / "tests"))

from models.tiny import write_safetensors

Floats = NDArray[np.float32]
Weights = dict[str, Floats]
_TOKENIZER = {
    "tokenizer_class": "MarianTokenizer",
    "separate_vocabs": True,
    "source_lang": "ar",
    "target_lang": "en",
    "unk_token": "<unk>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
}


def write_packages(folder: Path) -> None:
    """Writes the model as an installed package of Argos Translate, and one that translates nothing.

    CTranslate2 is told to end each source with `</s>`, which Argos Translate does not. The other
    package keeps LibreTranslate from the network: it fetches packages unless it finds two.
    """
    starter, package = store.embedded(), folder / "translate-ar_en-starter"
    shutil.copytree(starter, package / "model", ignore=shutil.ignore_patterns("*.spm", "*.md"))
    config = json.loads((starter / "config.json").read_text("utf-8")) | {"add_source_eos": True}
    (package / "model" / "config.json").write_text(json.dumps(config), "utf-8")
    shutil.copy(starter / "source.spm", package / "sentencepiece.model")
    languages = {"from_code": "ar", "from_name": "Arabic", "to_code": "en", "to_name": "English"}
    versions = {"package_version": "1.0", "argos_version": "1.11"}
    (package / "metadata.json").write_text(json.dumps(languages | versions), "utf-8")
    (folder / "nothing").mkdir()
    (folder / "nothing" / "metadata.json").write_text('{"type": "none"}', "utf-8")


def write_checkpoint(folder: Path) -> None:
    """Writes the model as transformers reads it, in float32."""
    folder.mkdir(parents=True)
    starter, weights = store.embedded(), dequantized()
    write_safetensors(folder / "model.safetensors", tensors(weights))
    for side, name in (("source", "vocab.json"), ("target", "target_vocab.json")):
        shutil.copy(starter / f"{side}.spm", folder)
        pieces = json.loads((starter / f"{side}_vocabulary.json").read_text("utf-8"))
        ids = {piece: id_ for id_, piece in enumerate([*pieces, "<pad>"])}
        (folder / name).write_text(json.dumps(ids), "utf-8")
    (folder / "config.json").write_text(json.dumps(configuration(weights)), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(_TOKENIZER), "utf-8")


def dequantized() -> Weights:
    """Returns the variables of the embedded `model.bin` by name, in float32."""
    held = {each.name: each.array for each in read_variables(store.embedded() / "model.bin")}
    return {name: array.astype(np.float32) / scales(held, name) for name, array in held.items()}


def scales(held: Mapping[str, NDArray[np.generic]], name: str) -> Floats:
    """Returns what the rows of a variable were multiplied with to be rounded; 1 where not."""
    found = held.get(f"{name}_scale")
    return np.ones((), np.float32) if found is None else found.astype(np.float32)[:, None]


def tensors(weights: Weights) -> Weights:
    """Returns the tensors of a MarianMTModel; `<pad>`, the last piece, is zero."""
    bias = weights["decoder/projection/bias"]
    made = {
        "model.encoder.embed_tokens.weight": padded(weights["encoder/embeddings_0/weight"]),
        "model.decoder.embed_tokens.weight": padded(weights["decoder/embeddings/weight"]),
        "final_logits_bias": padded(bias[:, None]).T,
    }
    for side in ("encoder", "decoder"):
        for number in range(layers(weights, side)):
            ours, theirs = f"{side}/layer_{number}", f"model.{side}.layers.{number}"
            made |= {f"{theirs}.{name}": array for name, array in layer(weights, ours).items()}
    return {name: np.ascontiguousarray(array) for name, array in made.items()}


def padded(rows: Floats) -> Floats:
    """Returns rows with one of zeros more."""
    return np.concatenate([rows, np.zeros_like(rows[:1])])


def layers(weights: Weights, side: str) -> int:
    """Returns how many layers the encoder or the decoder has."""
    return sum(
        name.startswith(f"{side}/layer_") and name.endswith("ffn/linear_0/bias") for name in weights
    )


_LINEARS = {
    "self_attention/linear_0": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "self_attention/linear_1": ("self_attn.out_proj",),
    "attention/linear_0": ("encoder_attn.q_proj",),
    "attention/linear_1": ("encoder_attn.k_proj", "encoder_attn.v_proj"),
    "attention/linear_2": ("encoder_attn.out_proj",),
    "ffn/linear_0": ("fc1",),
    "ffn/linear_1": ("fc2",),
}
_NORMS = {
    "self_attention/layer_norm": "self_attn_layer_norm",
    "attention/layer_norm": "encoder_attn_layer_norm",
    "ffn/layer_norm": "final_layer_norm",
}


def layer(weights: Weights, prefix: str) -> Weights:
    """Returns the tensors of one layer by transformers' names; joined projections are parted."""
    made: Weights = {}
    for ours, theirs in _LINEARS.items():
        for kind in ("weight", "bias"):
            if (joined := weights.get(f"{prefix}/{ours}/{kind}")) is not None:
                parts = np.split(joined, len(theirs))
                made |= {f"{name}.{kind}": part for name, part in zip(theirs, parts, strict=True)}
    for ours, name in _NORMS.items():
        if (gamma := weights.get(f"{prefix}/{ours}/gamma")) is not None:
            made |= {f"{name}.weight": gamma, f"{name}.bias": weights[f"{prefix}/{ours}/beta"]}
    return made


def configuration(weights: Weights) -> dict[str, Any]:
    """Returns the `config.json` of the MarianMTModel; what is not said here is its default."""
    pad, width = weights["decoder/embeddings/weight"].shape
    sides = {
        f"{side}_{what}": value
        for side in ("encoder", "decoder")
        for what, value in (
            ("layers", layers(weights, side)),
            ("attention_heads", int(weights[f"{side}/num_heads"])),
            ("ffn_dim", len(weights[f"{side}/layer_0/ffn/linear_0/bias"])),
        )
    }
    return sides | {
        "architectures": ["MarianMTModel"],
        "model_type": "marian",
        "vocab_size": len(weights["encoder/embeddings_0/weight"]) + 1,
        "decoder_vocab_size": pad + 1,
        "share_encoder_decoder_embeddings": False,
        "tie_word_embeddings": True,
        "d_model": width,
        "activation_function": "gelu",
        "scale_embedding": True,
        "max_position_embeddings": len(weights["decoder/position_encodings/encodings"]),
        "eos_token_id": 0,
        "forced_eos_token_id": None,
        "pad_token_id": pad,
        "decoder_start_token_id": pad,
        "bad_words_ids": [[pad]],
        "num_beams": 1,
        "dtype": "float32",
    }
