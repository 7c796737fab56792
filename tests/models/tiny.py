"""Small MarianMT models of random weights, in every form in which models are found.

`Tiny` holds the weights under transformers' names, without `<pad>`.
"""

import functools
import io
import json
import struct
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

from mujaz_models.convert import convert_folder
from mujaz_models.manifest import Manifest

WIDTH, INNER, HEADS, LAYERS, POSITIONS = 32, 64, 4, 2, 512
Floats = NDArray[np.float32]
END, UNKNOWN = 0, 1

_ARABIC = (
    "أعلنت وزارة الخارجية اليوم عن لقاء بين الوزيرين في العاصمة",
    "قال المتحدث باسم الحكومة إن الاجتماع سيعقد يوم الأحد المقبل",
    "وصل الرئيس إلى المدينة صباح أمس على رأس وفد رفيع المستوى",
    "ارتفعت أسعار النفط في الأسواق العالمية بعد قرار المنظمة",
    "نفت الشركة ما ذكرته تقارير صحفية عن بيع حصتها في المصنع",
    "أصيب ثلاثة أشخاص في حادث سير وقع شمال البلاد مساء الثلاثاء",
)
_ENGLISH = (
    "The foreign ministry announced a meeting of the two ministers in the capital",
    "A government spokesman said that the talks will be held next Sunday",
    "The president arrived in the city yesterday morning with a senior delegation",
    "Oil prices rose on world markets after the decision of the organisation",
    "The company denied press reports about the sale of its share in the factory",
    "Three people were hurt in a road accident in the north on Tuesday evening",
)


def sentences(count: int) -> list[str]:
    """Arabic sentences of words drawn from a few real ones."""
    generator = np.random.default_rng(7)
    words = " ".join(_ARABIC).split()
    return [
        " ".join(generator.choice(words, size=generator.integers(3, 14)).tolist())
        for _ in range(count)
    ]


def pieces_of(lines: Iterable[str], size: int) -> bytes:
    """Train a SentencePiece model."""
    written = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=written,
        vocab_size=size,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    return written.getvalue()


def vocabulary_of(*models: bytes) -> list[str]:
    """The vocabulary that Marian makes of SentencePiece models: </s>, <unk>, then the pieces."""
    pieces = dict.fromkeys(["</s>", "<unk>"])
    for model in models:
        processor = SentencePieceProcessor(model_proto=model)
        for id_ in range(processor.get_piece_size()):
            if not processor.is_control(id_):
                pieces[processor.id_to_piece(id_)] = None
    return list(pieces)


@dataclass(frozen=True)
class Tiny:
    source_pieces: bytes
    target_pieces: bytes
    source_vocabulary: list[str]
    target_vocabulary: list[str]
    activation: str
    weights: dict[str, Floats]

    @property
    def joint(self) -> bool:
        return self.source_vocabulary == self.target_vocabulary


@functools.cache
def tiny(*, joint: bool, activation: str, seed: int = 15, one: bool = False) -> Tiny:
    """A model; `one` has a single SentencePiece model, of both languages."""
    source, target = pieces_of(_ARABIC, 90), pieces_of(_ENGLISH, 50)
    if one:
        source = target = pieces_of(_ARABIC + _ENGLISH, 140)
    if joint:
        source_vocabulary = target_vocabulary = vocabulary_of(source, target)
    else:
        source_vocabulary, target_vocabulary = vocabulary_of(source), vocabulary_of(target)
    weights = dict(_random(seed, len(source_vocabulary), len(target_vocabulary), joint=joint))
    return Tiny(source, target, source_vocabulary, target_vocabulary, activation, weights)


def _random(seed: int, sources: int, targets: int, *, joint: bool) -> Iterable[tuple[str, Floats]]:
    generator = np.random.default_rng(seed)

    def normal(deviation: float, *shape: int) -> Floats:
        return (generator.standard_normal(shape) * deviation).astype(np.float32)

    def linear(prefix: str, outputs: int, inputs: int) -> Iterable[tuple[str, Floats]]:
        yield f"{prefix}.weight", normal(1.5 / inputs**0.5, outputs, inputs)
        yield f"{prefix}.bias", normal(0.1, outputs)

    def norm(prefix: str) -> Iterable[tuple[str, Floats]]:
        yield f"{prefix}.weight", 1 + normal(0.1, WIDTH)
        yield f"{prefix}.bias", normal(0.1, WIDTH)

    source_embedding = normal(1, sources, WIDTH)
    yield "model.encoder.embed_tokens.weight", source_embedding
    target_embedding = source_embedding if joint else normal(1, targets, WIDTH)
    yield "model.decoder.embed_tokens.weight", target_embedding
    bias = normal(0.5, 1, targets)
    bias[0, END] += 3  # so that some translations end
    yield "final_logits_bias", bias
    for side, attentions in (("encoder", ["self"]), ("decoder", ["self", "encoder"])):
        for number in range(LAYERS):
            layer = f"model.{side}.layers.{number}"
            for attention in attentions:
                for role in ("q", "k", "v", "out"):
                    yield from linear(f"{layer}.{attention}_attn.{role}_proj", WIDTH, WIDTH)
                yield from norm(f"{layer}.{attention}_attn_layer_norm")
            yield from linear(f"{layer}.fc1", INNER, WIDTH)
            yield from linear(f"{layer}.fc2", WIDTH, INNER)
            yield from norm(f"{layer}.final_layer_norm")


def write_checkpoint(
    model: Tiny, folder: Path, *, dtype: str = "F32", pad: Floats | None = None
) -> Path:
    """Write the model as transformers would save it, with `<pad>` as its last piece."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config_of(model)))
    write_safetensors(folder / "model.safetensors", padded(model, pad), dtype)
    (folder / "source.spm").write_bytes(model.source_pieces)
    (folder / "target.spm").write_bytes(model.target_pieces)
    vocabularies = {"vocab.json": model.source_vocabulary}
    if not model.joint:
        vocabularies["target_vocab.json"] = model.target_vocabulary
    for name, pieces in vocabularies.items():
        ids = {piece: id_ for id_, piece in enumerate([*pieces, "<pad>"])}
        (folder / name).write_text(json.dumps(ids))
    languages = {"source_lang": "ar", "target_lang": "en", "separate_vocabs": not model.joint}
    (folder / "tokenizer_config.json").write_text(json.dumps(languages))
    return folder


def config_of(model: Tiny) -> dict[str, object]:
    pad = len(model.target_vocabulary)
    return {
        "model_type": "marian",
        "architectures": ["MarianMTModel"],
        "vocab_size": len(model.source_vocabulary) + 1,
        "decoder_vocab_size": pad + 1,
        "share_encoder_decoder_embeddings": model.joint,
        "d_model": WIDTH,
        "encoder_layers": LAYERS,
        "decoder_layers": LAYERS,
        "encoder_attention_heads": HEADS,
        "decoder_attention_heads": HEADS,
        "encoder_ffn_dim": INNER,
        "decoder_ffn_dim": INNER,
        "activation_function": model.activation,
        "scale_embedding": True,
        "static_position_embeddings": True,
        "normalize_before": False,
        "normalize_embedding": False,
        "max_position_embeddings": POSITIONS,
        "pad_token_id": pad,
        "eos_token_id": END,
        "bos_token_id": None,
        "forced_eos_token_id": END,
        "decoder_start_token_id": pad,
        "tie_word_embeddings": True,
    }


def padded(model: Tiny, pad: Floats | None = None) -> dict[str, Floats]:
    """The weights with the rows of `<pad>`; of equal tensors safetensors keep one."""
    weights = dict(model.weights)
    row = np.zeros((1, WIDTH), np.float32) if pad is None else pad[None]
    for side in ("encoder", "decoder"):
        name = f"model.{side}.embed_tokens.weight"
        weights[name] = np.concatenate([weights[name], row])
    bias = weights["final_logits_bias"]
    weights["final_logits_bias"] = np.concatenate([bias, np.zeros((1, 1), np.float32)], axis=1)
    if model.joint:
        weights["model.shared.weight"] = weights.pop("model.encoder.embed_tokens.weight")
        del weights["model.decoder.embed_tokens.weight"]
    return weights


def write_safetensors(path: Path, weights: dict[str, Floats], dtype: str = "F32") -> None:
    convert: dict[str, Callable[[Floats], NDArray[np.generic]]] = {
        "F32": lambda array: array.astype("<f4"),
        "F16": lambda array: array.astype("<f2"),
        "BF16": lambda array: (array.view(np.uint32) >> np.uint32(16)).astype("<u2"),
    }
    header, content = {}, bytearray()
    for name, array in weights.items():
        written = convert[dtype](array).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": list(array.shape),
            "data_offsets": [len(content), len(content) + len(written)],
        }
        content += written
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)


def write_release(model: Tiny, path: Path) -> Path:
    """Write the model as OPUS-MT releases it."""
    names = ["model.vocab.yml"] * 2 if model.joint else ["source.vocab.yml", "target.vocab.yml"]
    decoder = f"models:\n  - model.npz\nvocabs:\n  - {names[0]}\n  - {names[1]}\nbeam-size: 6\n"
    weights = io.BytesIO()
    np.savez(weights, **marian_arrays(model))  # type: ignore[arg-type] # numpy's stubs
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", "# a release\n")
        archive.writestr("decoder.yml", decoder)
        archive.writestr("model.npz", weights.getvalue())
        archive.writestr("source.spm", model.source_pieces)
        archive.writestr("target.spm", model.target_pieces)
        pieces = (model.source_vocabulary, model.target_vocabulary)
        for name, vocabulary in dict(zip(names, pieces, strict=True)).items():
            archive.writestr(name, marian_vocabulary(vocabulary))
    return path


def marian_vocabulary(pieces: list[str]) -> str:
    """Write a vocabulary as yaml-cpp does: quotes where a piece would mean something in YAML."""

    def written(piece: str) -> str:
        plain = piece.replace("▁", "").isalnum() or piece in {"</s>", "<unk>"}
        return piece if plain else json.dumps(piece, ensure_ascii=False)

    return "".join(f"{written(piece)}: {id_}\n" for id_, piece in enumerate(pieces))


_ROLES = {"q_proj": "q", "k_proj": "k", "v_proj": "v", "out_proj": "o"}


def marian_arrays(model: Tiny) -> dict[str, NDArray[np.generic]]:
    """The weights under Marian's names, matrices (in, out) and vectors (1, n)."""
    arrays: dict[str, NDArray[np.generic]] = {}
    weights = model.weights
    if model.joint:
        arrays["Wemb"] = weights["model.encoder.embed_tokens.weight"]
    else:
        arrays["encoder_Wemb"] = weights["model.encoder.embed_tokens.weight"]
        arrays["decoder_Wemb"] = weights["model.decoder.embed_tokens.weight"]
    arrays["decoder_ff_logit_out_b"] = weights["final_logits_bias"]
    for name, array in weights.items():
        if ".layers." in name:
            arrays[_marian_name(name)] = array.T if array.ndim == 2 else array[None]
    sizes = [len(model.source_vocabulary), len(model.target_vocabulary)]
    arrays["special:model.yml"] = np.frombuffer(_marian_config(model, sizes), np.int8)
    return arrays


def _marian_config(model: Tiny, sizes: list[int]) -> bytes:
    config = {
        "type": "transformer",
        "dim-vocabs": sizes,
        "dim-emb": WIDTH,
        "enc-depth": LAYERS,
        "dec-depth": LAYERS,
        "transformer-heads": HEADS,
        "transformer-dim-ffn": INNER,
        "transformer-ffn-activation": model.activation,
        "transformer-ffn-depth": 2,
        "transformer-preprocess": "",
        "transformer-postprocess": "dan",
        "transformer-postprocess-emb": "d",
        "transformer-decoder-autoreg": "self-attention",
        "transformer-no-projection": False,
        "transformer-tied-layers": [],
        "transformer-guided-alignment-layer": "last",
    }
    return json.dumps(config, indent=1).encode() + b"\0"  # JSON is YAML


def _marian_name(name: str) -> str:
    _, side, _, number, *rest = name.split(".")
    layer, kind = f"{side}_l{int(number) + 1}", rest[-1]
    part = rest[0]
    if part == "final_layer_norm":
        return f"{layer}_ffn_ffn_ln_{'scale' if kind == 'weight' else 'bias'}"
    if part in {"fc1", "fc2"}:
        return f"{layer}_ffn_{kind[0].upper() if kind == 'weight' else 'b'}{part[-1]}"
    attention = f"{layer}_{'context' if part.startswith('encoder') else 'self'}"
    if part.endswith("_layer_norm"):
        return f"{attention}_Wo_ln_{'scale' if kind == 'weight' else 'bias'}"
    return f"{attention}_{'W' if kind == 'weight' else 'b'}{_ROLES[rest[1]]}"


def convert(source: Path, destination: Path, **changed: Any) -> Manifest:
    """Convert a checkpoint or a release, whole and to float32 unless asked otherwise."""
    asked: dict[str, Any] = {
        "name": "tiny",
        "source_language": "ar",
        "target_language": "en",
        "license": "MIT",
        "quantization": "float32",
        "trim": False,
        "provenance": {"made": "by a test"},
    }
    return convert_folder(source, destination, **(asked | changed))
