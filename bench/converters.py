"""Do the two converters agree? One model of random weights, as a checkpoint and as a release.

    python bench/converters.py

For each form of vocabulary, activation and quantization: whether both `model.bin` are the same
bytes, how many sentences both translate alike (greedy and beam 4), and, at float32, how many the
greedy search translates as a forward pass in plain numpy does.
"""

import sys
import tempfile
from pathlib import Path

import ctranslate2
from sentencepiece import SentencePieceProcessor

from mujaz_models.convert import unpack_archive

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from models.reference import greedy
from models.tiny import Tiny, convert, sentences, tiny, write_checkpoint, write_release

_SENTENCES = 50
_LONGEST = 24


def converted(source: Path, destination: Path, quantization: str) -> Path:
    """Converts a folder and returns the model's."""
    convert(source, destination, quantization=quantization)
    return destination


def translated(folder: Path, rows: list[list[str]], beam: int) -> list[list[str]]:
    """Returns the pieces of each translation."""
    results = ctranslate2.Translator(str(folder), intra_threads=1).translate_batch(
        rows, beam_size=beam, max_decoding_length=_LONGEST, disable_unk=True
    )
    return [result.hypotheses[0] for result in results]


def alike(one: list[list[str]], two: list[list[str]]) -> str:
    """Returns how many are the same."""
    return f"{sum(a == b for a, b in zip(one, two, strict=True))} / {len(one)}"


def row(model: Tiny, quantization: str, folder: Path) -> str:
    """Returns a row of the table."""
    unpack_archive(write_release(model, folder / "release.zip"), folder / "release")
    checkpoint = converted(write_checkpoint(model, folder / "hf"), folder / "one", quantization)
    release = converted(folder / "release", folder / "two", quantization)
    same = (checkpoint / "model.bin").read_bytes() == (release / "model.bin").read_bytes()
    processor = SentencePieceProcessor(model_proto=model.source_pieces)
    rows = [[*processor.encode(text, out_type=str), "</s>"] for text in sentences(_SENTENCES)]
    found = {
        beam: [translated(made, rows, beam) for made in (checkpoint, release)] for beam in (1, 4)
    }
    numpy = "-"
    if quantization == "float32":
        numpy = alike(found[1][0], [greedy(model, its, _LONGEST)[0] for its in rows])
    return (
        f"{'joint' if model.joint else 'separate':<10} {model.activation:<10} {quantization:<8}"
        f" {'yes' if same else 'no':<10} {alike(*found[1]):>8} {alike(*found[4]):>8} {numpy:>8}"
    )


def main() -> None:
    """Prints the table."""
    print(f"{'vocabulary':<10} {'activation':<10} {'weights':<8} {'same bytes':<10}", end=" ")
    print(f"{'greedy':>8} {'beam 4':>8} {'numpy':>8}")
    for joint in (True, False):
        for activation in ("swish", "relu"):
            for quantization in ("float32", "int8"):
                with tempfile.TemporaryDirectory() as folder:
                    model = tiny(joint=joint, activation=activation)
                    print(row(model, quantization, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
