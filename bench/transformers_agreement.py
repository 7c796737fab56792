"""Does transformers read an exported checkpoint as CTranslate2 does at float32?

    python bench/transformers_agreement.py CHECKPOINT SENTENCES [COUNT]

CHECKPOINT is the folder of a MarianMTModel (`mujaz-models train` writes one, `WORK/marian`),
SENTENCES a file with one Arabic sentence a line, or Arabic TAB English; the first 50 that are not
empty are taken. Both translate by greedy search; what differs is printed. Needs torch and
transformers (`pip install -r requirements-models.lock`).
"""

import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import ctranslate2
import torch
from sentencepiece import SentencePieceProcessor
from transformers import MarianMTModel

from mujaz_models.convert import convert_folder
from mujaz_server.text.normalize import normalize

_LONGEST = 200
_SENTENCES = 50
_END = "</s>"


def by_transformers(checkpoint: Path, rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """Returns the ids of each translation, without special ones."""
    model = MarianMTModel.from_pretrained(checkpoint, dtype=torch.float32).eval()
    special = {model.config.eos_token_id, model.config.pad_token_id}
    found = []
    with torch.no_grad():
        for row in rows:
            (ids,) = model.generate(
                torch.tensor([row]),
                num_beams=1,
                do_sample=False,
                max_new_tokens=_LONGEST,
                forced_eos_token_id=None,
            ).tolist()
            found.append([each for each in ids if each not in special])
    return found


def by_ctranslate2(checkpoint: Path, rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Returns the pieces of each translation."""
    with tempfile.TemporaryDirectory() as folder:
        convert_folder(
            checkpoint,
            Path(folder) / "model",
            name="checkpoint",
            source_language="ar",
            target_language="en",
            license="Apache-2.0",
            quantization="float32",
            provenance={},
        )
        translator = ctranslate2.Translator(str(Path(folder) / "model"), intra_threads=2)
        results = translator.translate_batch(
            list(map(list, rows)), beam_size=1, max_decoding_length=_LONGEST, max_batch_size=1
        )
    return [result.hypotheses[0] for result in results]


def main() -> int:
    """Prints the agreement; 0 where all agree."""
    checkpoint, sentences = map(Path, sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else _SENTENCES
    lines = (line.split("\t")[0].strip() for line in sentences.open(encoding="utf-8"))
    texts = [normalize(line).text for line in islice(filter(None, lines), count)]
    source, target = (
        SentencePieceProcessor(model_file=str(checkpoint / f"{side}.spm"))
        for side in ("source", "target")
    )
    # The checkpoint's ids are the SentencePiece models' without `<pad>`, their first.
    ids = [[piece - 1 for piece in source.encode(text)] + [0] for text in texts]
    theirs = [target.decode([each + 1 for each in row]) for row in by_transformers(checkpoint, ids)]
    pieces = [[*source.encode(text, out_type=str), _END] for text in texts]
    ours = by_ctranslate2(checkpoint, pieces)
    alike = 0
    for text, one, two in zip(texts, theirs, ours, strict=True):
        if one == (decoded := target.decode(two)):
            alike += 1
        else:
            print(f"{text}\n  transformers: {one}\n  CTranslate2:  {decoded} ({len(two)} pieces)")
    print(
        f"{alike} of {len(texts)} alike|greedy|float32|transformers {version('transformers')}"
        f"|torch {torch.__version__}|CTranslate2 {ctranslate2.__version__}"
    )
    return int(alike < len(texts))


if __name__ == "__main__":
    sys.exit(main())
