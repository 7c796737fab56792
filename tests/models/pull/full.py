"""A checkpoint of exactly opus-mt-ar-en's architecture and file set, with random weights."""

import json
import struct
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from sentencepiece import sentencepiece_model_pb2

PIECES, WIDTH, INNER, LAYERS, POSITIONS = 62_834, 512, 2048, 6, 512
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_SOURCE_COUNT = 31_416
_pb2: Any = sentencepiece_model_pb2  # it is generated, without types


def full_checkpoint() -> dict[str, bytes]:
    """Return the files by name: 62,834 joint pieces, 6 + 6 layers, d 512, in half precision.

    Each SentencePiece model knows the other language's letters too, as that of any true text does.
    """
    source = [_SPACE, *_pieces(_ARABIC, _SOURCE_COUNT - 1)]
    target = _pieces(_LATIN, PIECES - 3 - _SOURCE_COUNT)
    vocabulary = ["</s>", "<unk>", *source, *target, "<pad>"]
    return {
        "README.md": b"---\nlicense: apache-2.0\n---\n\n### opus-mt-ar-en\n",
        "config.json": json.dumps(config()).encode(),
        "generation_config.json": b"{}",
        "model.safetensors": _weights(),
        "source.spm": _sentencepiece([*source, *target[: 2 * len(_LATIN)]]),
        "target.spm": _sentencepiece([*target, *source[: 2 * len(_ARABIC) + 1]]),
        "tokenizer_config.json": b'{"source_lang": "ar", "target_lang": "en"}',
        "vocab.json": json.dumps({piece: i for i, piece in enumerate(vocabulary)}).encode(),
    }


def _pieces(letters: str, count: int) -> list[str]:
    """Return single letters first, so that every word has a segmentation."""
    words = (
        start + "".join(word)
        for length in (1, 2, 3, 4)
        for word in product(letters, repeat=length)
        for start in ("", _SPACE)
    )
    return [next(words) for _ in range(count)]


def _sentencepiece(pieces: list[str]) -> bytes:
    model = _pb2.ModelProto()
    kind = _pb2.ModelProto.SentencePiece
    for piece, type_ in (("<unk>", kind.UNKNOWN), ("<s>", kind.CONTROL), ("</s>", kind.CONTROL)):
        model.pieces.add(piece=piece, score=0, type=type_)
    for rank, piece in enumerate(pieces):
        model.pieces.add(piece=piece, score=-np.log(rank + 2))
    return bytes(model.SerializeToString())


def config() -> dict[str, object]:
    """Return the content of `config.json`."""
    sides = {
        f"{side}_{key}": value
        for side in ("encoder", "decoder")
        for key, value in (("layers", LAYERS), ("attention_heads", 8), ("ffn_dim", INNER))
    }
    return {
        "model_type": "marian",
        "architectures": ["MarianMTModel"],
        "activation_function": "swish",
        "vocab_size": PIECES,
        "decoder_vocab_size": PIECES,
        "share_encoder_decoder_embeddings": True,
        "d_model": WIDTH,
        **sides,
        "scale_embedding": True,
        "static_position_embeddings": True,
        "normalize_before": False,
        "normalize_embedding": False,
        "max_position_embeddings": POSITIONS,
        "pad_token_id": PIECES - 1,
        "decoder_start_token_id": PIECES - 1,
        "eos_token_id": 0,
        "tie_word_embeddings": True,
    }


def shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Return the name and the shape of each tensor."""
    yield "final_logits_bias", (1, PIECES)
    yield "model.shared.weight", (PIECES, WIDTH)
    for side, attentions in (("encoder", ("self",)), ("decoder", ("self", "encoder"))):
        for number in range(LAYERS):
            layer = f"model.{side}.layers.{number}"
            for attention in attentions:
                for role in ("q", "k", "v", "out"):
                    yield f"{layer}.{attention}_attn.{role}_proj.weight", (WIDTH, WIDTH)
                    yield f"{layer}.{attention}_attn.{role}_proj.bias", (WIDTH,)
                yield f"{layer}.{attention}_attn_layer_norm.weight", (WIDTH,)
                yield f"{layer}.{attention}_attn_layer_norm.bias", (WIDTH,)
            yield f"{layer}.fc1.weight", (INNER, WIDTH)
            yield f"{layer}.fc1.bias", (INNER,)
            yield f"{layer}.fc2.weight", (WIDTH, INNER)
            yield f"{layer}.fc2.bias", (WIDTH,)
            yield f"{layer}.final_layer_norm.weight", (WIDTH,)
            yield f"{layer}.final_layer_norm.bias", (WIDTH,)


def _weights() -> bytes:
    """Write safetensors; each tensor repeats one block of noise, which is quickly made."""
    noise = (np.random.default_rng(5).standard_normal(1 << 20) * 0.05).astype("<f2")
    header, contents, end = {}, [], 0
    for name, shape in shapes():
        content = np.resize(noise, shape).tobytes()
        header[name] = {
            "dtype": "F16",
            "shape": list(shape),
            "data_offsets": [end, end + len(content)],
        }
        contents.append(content)
        end += len(content)
    text = json.dumps(header).encode()
    return b"".join([struct.pack("<Q", len(text)), text, *contents])
