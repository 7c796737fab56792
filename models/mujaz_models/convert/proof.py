"""Proof that a converted model works: it loads, knows its pieces, and translates."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ctranslate2
from sentencepiece import SentencePieceProcessor

from mujaz_models.convert import ConvertError
from mujaz_models.convert.chrf import chrf2
from mujaz_models.convert.golden import Golden
from mujaz_models.convert.pieces import read_pieces
from mujaz_models.convert.source import SOURCE_PIECES, TARGET_PIECES
from mujaz_models.convert.vocabulary import END, PAD, UNKNOWN
from mujaz_models.manifest import Manifest

_SPECIAL = frozenset({END, UNKNOWN, PAD, "<s>"})
_SAMPLE = 12  # pieces


def prove(
    folder: Path,
    manifest: Manifest,
    source_vocabulary: Sequence[str],
    target_vocabulary: Sequence[str],
    golden: Golden | None,
) -> float | None:
    """Translate with a converted model.

    Args:
        folder: the model's.
        manifest: the model's.
        source_vocabulary: the model's pieces.
        target_vocabulary: the model's pieces.
        golden: sentences to translate; without them, a row of the model's own pieces.

    Returns:
        chrF2 on the golden sentences, if there are some.

    Raises:
        ConvertError: the model does not load, its SentencePiece models are of another model, its
            scores are no numbers, or it translates worse than asked for.
    """
    source_pieces = read_pieces(folder / SOURCE_PIECES, source_vocabulary)
    target_pieces = read_pieces(folder / TARGET_PIECES, target_vocabulary)
    if unknown := set(manifest.source_prefix) - set(source_vocabulary):
        raise ConvertError(f"the vocabulary has no piece {', '.join(sorted(unknown))}")
    texts = [source for source, _ in golden.pairs] if golden else []
    rows = [source_pieces.encode(text, out_type=str) for text in texts]
    rows = rows or [[p for p in source_vocabulary if p not in _SPECIAL][:_SAMPLE]]
    results = _translate(folder, manifest, rows)
    if not all(math.isfinite(result.scores[0]) for result in results):
        raise ConvertError("the model's scores are not numbers: its weights are damaged")
    return _score(golden, results, target_pieces) if golden else None


def _translate(folder: Path, manifest: Manifest, rows: list[list[str]]) -> list[Any]:
    try:
        translator = ctranslate2.Translator(str(folder), device="cpu", intra_threads=1)
        results: list[Any] = translator.translate_batch(
            [[*manifest.source_prefix, *row[: manifest.max_source_tokens], END] for row in rows],
            beam_size=1,
            max_batch_size=16,
            max_decoding_length=min(manifest.max_target_tokens, 2 * max(map(len, rows)) + 32),
            disable_unk=True,
            return_scores=True,
        )
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConvertError(f"the model does not translate ({reason})") from error
    return results


def _score(golden: Golden, results: list[Any], target_pieces: SentencePieceProcessor) -> float:
    texts = [
        target_pieces.decode([piece for piece in result.hypotheses[0] if piece not in _SPECIAL])
        for result in results
    ]
    references = [reference for _, reference in golden.pairs]
    score = chrf2(zip(texts, references, strict=True))
    if score < golden.floor:
        raise ConvertError(
            f"the golden sentences score {score:.1f} chrF2, under the floor of {golden.floor:g}:"
            " the model is refused"
        )
    return score
