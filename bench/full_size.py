"""A stand-in for opus-mt-ar-en: its architecture and sizes to the piece, with random weights.

    python bench/full_size.py

prints where the checkpoint and the two models made of it lie; benchmarks call `checkpoint` and
`model`. All are made once, in `build/`, and anew where the converter changes.

It cuts text as the embedded model does: its SentencePiece models are the embedded ones, filled up
to the size with pieces that no text is cut into. So a sentence has as many tokens in both, and the
scripts of its pieces are those of a true vocabulary. Random weights end no sentence; how long a
translation is must be told (`target_tokens`). They write nonsense, but no piece that `target.spm`
cannot make: a bias keeps these from winning, as training does.
"""

import contextlib
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np
from limit import Offline, Rows
from numpy.typing import NDArray
from sentencepiece import sentencepiece_model_pb2

from mujaz_models import convert, store

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from models.pull.full import INNER, LAYERS, PIECES, WIDTH, config, shapes

TARGET_TOKENS = 1.1
"""Of a translation, by those of its source."""
SPM_PIECES = 31_997
"""Of each SentencePiece model, beside `<s>`, `</s>` and `<unk>`: OPUS-MT's 32,000."""
SHARED_PIECES = 2 * SPM_PIECES - (PIECES - 3)
"""Of both, so that the joint vocabulary with `</s>`, `<unk>` and `<pad>` has its size."""
_BUILD = Path(__file__).parents[1] / "build" / "full-size"
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_NEVER_CUT = -100.0
_NEVER_WINS = -15.0
_SHARPNESS = 3.0
"""The deviation of the output's scores: as decided as a trained model, not a coin tossed."""
_STRENGTH = 0.4
"""Of the layers, by what would keep a signal: weak ones let one piece call for another."""
_pb2: Any = sentencepiece_model_pb2  # it is generated, without types


def checkpoint() -> Path:
    """Returns the folder of the checkpoint, as transformers saves a MarianMT model."""
    folder = _home() / "checkpoint"
    if not folder.is_dir():
        with _staging() as staging:
            write_checkpoint(staging)
            staging.rename(folder)
    return folder


def model(*, trimmed: bool = True) -> Path:
    """Returns the folder of the model that `mujaz-models import` makes of the checkpoint.

    Args:
        trimmed: Whether without the pieces that no translation needs, as by default.
    """
    name = "full-size" if trimmed else "full-size-whole"
    folder = _home() / "models" / name
    if not folder.is_dir():
        command = [sys.executable, "-m", "mujaz_models.cli", "import", str(checkpoint())]
        command += ["--name", name, "--license", "CC0-1.0", *([] if trimmed else ["--no-trim"])]
        environment = os.environ | {"MUJAZ_HOME": str(_home())}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return folder


def target_tokens(source_tokens: int) -> int:
    """Returns how long the translation of a source is to be, `</s>` counted in both."""
    return max(2, round(TARGET_TOKENS * source_tokens))


class FullSize(Offline):
    """The stand-in in CTranslate2; each batch gets the length that its longest row needs."""

    def seconds(self, rows: Rows, beam: int, batch_tokens: int) -> float:
        """Translates all rows, in batches of so many padded tokens; returns what it took."""
        began = time.perf_counter()
        self.translated(rows, beam, batch_tokens)
        return time.perf_counter() - began

    def translated(
        self, rows: Rows, beam: int, batch_tokens: int, **options: object
    ) -> list[list[str]]:
        """Returns the pieces of each translation, in the order of the rows.

        Args:
            rows: The longest first.
            beam: The width of the beam.
            batch_tokens: Padded tokens of a batch.
            options: What else `translate_batch` takes.
        """
        waiting = []
        for batch in batches(rows, batch_tokens):
            tokens = target_tokens(len(batch[0]))
            waiting += self._translator.translate_batch(
                batch,
                asynchronous=True,
                beam_size=beam,
                disable_unk=True,
                max_input_length=0,
                min_decoding_length=tokens,
                max_decoding_length=tokens,
                **options,
            )
        return [each.result().hypotheses[0] for each in waiting]


def batches(rows: Rows, batch_tokens: int) -> Iterator[Rows]:
    """Cuts rows, the longest first, into batches of so many padded tokens."""
    start = 0
    while start < len(rows):
        count = max(1, batch_tokens // len(rows[start]))
        yield rows[start : start + count]
        start += count


def write_checkpoint(folder: Path) -> None:
    """Writes the checkpoint, 150 MB in half precision, into an empty folder."""
    source, target = _pieces()
    joint = ["</s>", "<unk>", *source, *(p for p in target if p not in set(source)), "<pad>"]
    assert len(joint) == PIECES
    files = {
        "config.json": config(),
        "generation_config.json": {},
        "tokenizer_config.json": {"source_lang": "ar", "target_lang": "en"},
        "vocab.json": {piece: id_ for id_, piece in enumerate(joint)},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    for side, pieces in (("source", source), ("target", target)):
        (folder / f"{side}.spm").write_bytes(_sentencepiece(side, pieces))
    written = np.isin(joint, target)
    written[:2] = True
    _write_weights(folder / "model.safetensors", written)


def _home() -> Path:
    """Returns the folder of what this file and the converter, as they are, have made."""
    made_by = [Path(__file__), *sorted(Path(convert.__file__).parent.glob("*.py"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in made_by)).hexdigest()
    home = _BUILD / digest[:12]
    if not home.is_dir():
        shutil.rmtree(_BUILD, ignore_errors=True)
        home.mkdir(parents=True)
    return home


@contextlib.contextmanager
def _staging() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_home(), ignore_cleanup_errors=True) as folder:
        staging = Path(folder) / "made"
        staging.mkdir()
        yield staging


def _pieces() -> tuple[list[str], list[str]]:
    """Returns the pieces of both sides: the embedded model's, then filling."""
    source, target = ([*_embedded(side)] for side in ("source", "target"))
    others = [piece for piece in source if not _latin(piece)]
    latin = sorted((p for p in source if _latin(p) and p in set(target)), key=len)
    latin = latin[: SHARED_PIECES - len(set(others) & set(target))]
    source = [*others, *latin]
    known = {*source, *target}
    return (
        source + list(islice(_filling(_ARABIC, known), SPM_PIECES - len(source))),
        target + list(islice(_filling(_LATIN, known), SPM_PIECES - len(target))),
    )


def _filling(letters: str, known: set[str]) -> Iterator[str]:
    words = map("".join, product(letters, repeat=4))
    return (word for word in words if word not in known)


def _latin(piece: str) -> bool:
    return any("a" <= letter <= "z" for letter in piece.lower())


def _embedded(side: str) -> dict[str, float]:
    """Returns the pieces of an embedded SentencePiece model with their scores."""
    kind = _pb2.ModelProto.SentencePiece
    return {p.piece: p.score for p in _proto(side).pieces if p.type == kind.NORMAL}


def _proto(side: str) -> Any:  # noqa: ANN401 (it is generated)
    proto = _pb2.ModelProto()
    proto.ParseFromString((store.embedded() / f"{side}.spm").read_bytes())
    return proto


def _sentencepiece(side: str, pieces: list[str]) -> bytes:
    scores, proto = _embedded(side), _proto(side)
    kind = _pb2.ModelProto.SentencePiece
    del proto.pieces[:]
    for piece, type_ in (("<unk>", kind.UNKNOWN), ("<s>", kind.CONTROL), ("</s>", kind.CONTROL)):
        proto.pieces.add(piece=piece, score=0, type=type_)
    for piece in pieces:
        proto.pieces.add(piece=piece, score=scores.get(piece, _NEVER_CUT))
    return bytes(proto.SerializeToString())


def _write_weights(path: Path, written: NDArray[np.bool_]) -> None:
    """Writes safetensors in half precision, one tensor after the other."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes():
        start, end = end, end + 2 * int(np.prod(shape))
        header[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    generator = np.random.default_rng(6)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes():
            file.write(_weight(generator, name, shape, written).astype("<f2").tobytes())


def _weight(
    generator: np.random.Generator, name: str, shape: tuple[int, ...], written: NDArray[np.bool_]
) -> NDArray[np.float32]:
    if name == "final_logits_bias":
        return np.where(written, 0, _NEVER_WINS).astype(np.float32)
    noise = generator.standard_normal(shape, np.float32)
    if name == "model.shared.weight":
        noise[-1] = 0  # <pad>
        return noise / np.float32(WIDTH**0.5)
    if "layer_norm.weight" in name:
        if name == f"model.decoder.layers.{LAYERS - 1}.final_layer_norm.weight":
            # Of one sign, each piece would call for itself.
            return np.float32(_SHARPNESS) * np.sign(noise)
        return 1 + np.float32(0.1) * noise
    if name.endswith("weight"):
        return noise * np.float32(_STRENGTH / shape[1] ** 0.5)
    return noise * np.float32(0.1)


if __name__ == "__main__":
    print(f"{PIECES:,} pieces, d {WIDTH}, inner {INNER}, {LAYERS} + {LAYERS} layers")
    for folder in (checkpoint(), model(trimmed=False), model(trimmed=True)):
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{folder}: {size / 1e6:.1f} MB")
