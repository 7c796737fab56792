"""Releases of OPUS-MT: weights as Marian trained them, read without Marian, torch or transformers.

`decoder.yml` names the weights (`.npz`) and the vocabularies; `source.spm` and `target.spm` lie
beside it. The weights bring Marian's own configuration in the array `special:model.yml`.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from mujaz_models.convert import ConvertError, vocabulary
from mujaz_models.convert.archive import unpack
from mujaz_models.convert.form import (
    Activation,
    Attention,
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    Floats,
    LayerNorm,
    Linear,
    Marian,
)
from mujaz_models.convert.npz import read_npz
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES, Source, natural, needed
from mujaz_models.convert.tensors import Tensors

DECODER = "decoder.yml"
_CONFIG = "special:model.yml"
_LONGEST_YAML = 1 << 20
_POSITIONS = 512  # Marian computes positions as it goes; transformers' conversion keeps as many
_WANTED = (".npz", ".spm", ".yml", ".vocab", ".md")
_ACTIVATIONS = {
    "relu": Activation.RELU,
    "swish": Activation.SWISH,
    "gelu": Activation.GELU_SIGMOID,
}
_FIXED: Mapping[str, object] = {
    "type": "transformer",
    "transformer-decoder-autoreg": "self-attention",
    "transformer-no-projection": False,
    "transformer-train-position-embeddings": False,
    "transformer-preprocess": "",
    "transformer-postprocess": "dan",
    "transformer-postprocess-top": "",
    "transformer-tied-layers": [],
    "transformer-ffn-depth": 2,
}
_WITHOUT_NORM = {"", "d"}  # for embeddings; d is dropout, which is of training


def unpack_release(archive: Path, destination: Path) -> None:
    """Unpack what is needed of a release into an empty folder.

    Raises:
        ConvertError: the archive is refused or damaged.
    """
    unpack(archive, destination, lambda name: name.endswith(_WANTED))


def read_release(folder: Path) -> Source:
    """Read an unpacked release.

    Raises:
        ConvertError: a file is missing or damaged, or the model is no Transformer of the form that
            the engine can load.
    """
    decoder = _yaml(needed(folder, DECODER).read_bytes(), DECODER)
    (weights,) = _named(folder, decoder, "models", 1)
    vocabularies = _named(folder, decoder, "vocabs", 2)
    source_vocabulary, target_vocabulary = map(_vocabulary, vocabularies)
    tensors = read_npz(weights)
    config = _yaml(tensors.raw(_CONFIG).tobytes().rstrip(b"\0"), _CONFIG)
    model = _Reader(tensors, config).model(source_vocabulary, target_vocabulary)
    pieces = (needed(folder, SOURCE_PIECES), needed(folder, TARGET_PIECES))
    files = dict.fromkeys([folder / DECODER, weights, *vocabularies, *pieces])
    return Source("OPUS-MT release of Marian", model, tuple(files))


def _yaml(content: bytes, name: str) -> dict[str, Any]:
    try:
        if len(content) > _LONGEST_YAML:
            raise ConvertError(f"{name} is longer than {_LONGEST_YAML} bytes")
        document = yaml.safe_load(content.decode("utf-8"))
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ConvertError(f"{name} is not YAML ({' '.join(str(error).split())})") from error
    if not isinstance(document, dict):
        raise ConvertError(f"{name} is not a YAML mapping")
    return document


def _named(folder: Path, decoder: dict[str, Any], key: str, count: int) -> list[Path]:
    names = decoder.get(key)
    if not isinstance(names, list) or len(names) != count:
        raise ConvertError(f"{DECODER}: {key} must be a list of {count}, not {names!r}")
    return [needed(folder, PurePosixPath(str(name)).name) for name in names]


def _vocabulary(path: Path) -> tuple[str, ...]:
    if path.suffix in {".yml", ".yaml"}:
        return vocabulary.read_yaml(path)
    return vocabulary.read_lines(path)


class _Reader:
    """Takes the weights of one model out of Marian's arrays, whose matrices are (in, out)."""

    def __init__(self, tensors: Tensors, config: dict[str, Any]) -> None:
        _check(config)
        self._tensors = tensors
        self._config = config
        self._width = self._natural("dim-emb", 1 << 14)
        self._inner = self._natural("transformer-dim-ffn", 1 << 16)
        self._heads = self._natural("transformer-heads", 100)
        if self._width % self._heads:
            raise ConvertError(f"{self._heads} heads do not divide dim-emb {self._width}")

    def model(self, sources: tuple[str, ...], targets: tuple[str, ...]) -> Marian:
        """Take the whole model."""
        target_embedding = self._embedding("decoder", len(targets))
        return Marian(
            source_vocabulary=sources,
            target_vocabulary=targets,
            source_embedding=self._embedding("encoder", len(sources)),
            target_embedding=target_embedding,
            output=self._output(target_embedding),
            encoder=tuple(
                EncoderLayer(self._attention(f"{layer}_self"), self._feed_forward(layer))
                for layer in self._layers("encoder", "enc-depth")
            ),
            decoder=tuple(
                DecoderLayer(
                    self._attention(f"{layer}_self"),
                    self._attention(f"{layer}_context"),
                    self._feed_forward(layer),
                )
                for layer in self._layers("decoder", "dec-depth")
            ),
            encoder_heads=self._heads,
            decoder_heads=self._heads,
            activation=_ACTIVATIONS[self._config["transformer-ffn-activation"]],
            scale_embedding=True,
            positions=_POSITIONS,
            start=None,
        )

    def _natural(self, key: str, most: int) -> int:
        return natural(self._config.get(key), key, most)

    def _layers(self, side: str, depth: str) -> list[str]:
        return [f"{side}_l{number + 1}" for number in range(self._natural(depth, 100))]

    def _embedding(self, side: str, rows: int) -> Floats:
        own = f"{side}_Wemb"
        return self._tensors.take(own if own in self._tensors else "Wemb", rows, self._width)

    def _output(self, target_embedding: Floats) -> Linear:
        rows, prefix = len(target_embedding), "decoder_ff_logit_out"
        bias = self._tensors.take(f"{prefix}_b", 1, rows)[0]
        if f"{prefix}_Wt" in self._tensors:
            return Linear(self._tensors.take(f"{prefix}_Wt", rows, self._width), bias)
        if f"{prefix}_W" in self._tensors:
            return Linear(self._tensors.take(f"{prefix}_W", self._width, rows).T.copy(), bias)
        return Linear(target_embedding, bias)

    def _linear(self, prefix: str, suffix: str, inputs: int, outputs: int) -> Linear:
        weight = self._tensors.take(f"{prefix}_W{suffix}", inputs, outputs).T.copy()
        return Linear(weight, self._tensors.take(f"{prefix}_b{suffix}", 1, outputs)[0])

    def _norm(self, prefix: str) -> LayerNorm:
        gamma = self._tensors.take(f"{prefix}_ln_scale", 1, self._width)[0]
        return LayerNorm(gamma, self._tensors.take(f"{prefix}_ln_bias", 1, self._width)[0])

    def _attention(self, prefix: str) -> Attention:
        query, key, value, output = (
            self._linear(prefix, role, self._width, self._width) for role in "qkvo"
        )
        return Attention(query, key, value, output, self._norm(f"{prefix}_Wo"))

    def _feed_forward(self, layer: str) -> FeedForward:
        return FeedForward(
            self._linear(f"{layer}_ffn", "1", self._width, self._inner),
            self._linear(f"{layer}_ffn", "2", self._inner, self._width),
            self._norm(f"{layer}_ffn_ffn"),
        )


def _check(config: dict[str, Any]) -> None:
    for key, expected in _FIXED.items():
        if (found := config.get(key, expected)) != expected:
            raise ConvertError(f"{_CONFIG}: {key} is {found!r}, and {expected!r} alone can be read")
    if config.get("transformer-postprocess-emb", "") not in _WITHOUT_NORM:
        raise ConvertError(f"{_CONFIG}: normalized embeddings cannot be read")
    if config.get("transformer-ffn-activation") not in _ACTIVATIONS:
        raise ConvertError(
            f"{_CONFIG}: transformer-ffn-activation is none of {', '.join(_ACTIVATIONS)}"
        )
