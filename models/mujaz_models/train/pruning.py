"""Pruning XLM-R's vocabulary to the pieces that Arabic and English need.

The 250,000 pieces of the pretrained encoder are mostly of other scripts. What is left of them are
still XLM-R's own pieces with their own scores, so the encoder's embeddings fit them, and a rebuilt
unigram model cuts most words as before. Dropping pieces makes sentences a few per cent longer.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from mujaz_models.train.recipe import Vocabulary
from mujaz_models.train.vocabulary import SOURCE_FILE, TARGET_FILE, UNKNOWN

_XLMR_START, _XLMR_PAD, _XLMR_EOS, _XLMR_UNKNOWN = range(4)
_SPECIAL: Final = (_XLMR_PAD, _XLMR_EOS, _XLMR_UNKNOWN)
_ARABIC_PIECE: Final = re.compile("[▁ء-غف-ي٠-٩،؛؟٪٫٬]+")
_LATIN_PIECE: Final = re.compile("[▁\\x20-\u017f€£]+")
_NORMAL, _IS_UNKNOWN, _CONTROL = 1, 2, 3  # of SentencePiece's ModelProto.SentencePiece.Type
_UNIGRAM: Final = 1
_MODEL: Final[Any] = sentencepiece_model_pb2.ModelProto  # type: ignore[attr-defined]
_COUNTED_TOGETHER: Final = 20_000


@dataclass(frozen=True, slots=True)
class Pieces:
    """A unigram vocabulary: the score (log-probability) of every piece, by id."""

    names: Sequence[str]
    scores: Sequence[float]

    def keep(self, ids: Iterable[int]) -> "Pieces":
        """Return only these, in this order."""
        chosen = list(ids)
        return Pieces([self.names[i] for i in chosen], [self.scores[i] for i in chosen])


@dataclass(frozen=True, slots=True)
class Pruned:
    """Which of XLM-R's ids the two vocabularies are, in the order of their own ids."""

    source: Sequence[int]
    target: Sequence[int]


def count(xlmr: Pieces, lines: Iterable[tuple[str, float]]) -> Counter[int]:
    """Count XLM-R's pieces in weighted lines of text."""
    processor = sentencepiece.SentencePieceProcessor(
        model_proto=model(xlmr, {_XLMR_START, _XLMR_PAD, _XLMR_EOS}, _XLMR_UNKNOWN)
    )
    counts: Counter[int] = Counter()
    batch: list[tuple[str, float]] = []

    def add() -> None:
        for ids, (_, weight) in zip(processor.encode([t for t, _ in batch]), batch, strict=True):
            for piece in ids:
                counts[piece] += weight  # type: ignore[assignment]
        batch.clear()

    for line in lines:
        batch.append(line)
        if len(batch) == _COUNTED_TOGETHER:
            add()
    add()
    return counts


def prune(xlmr: Pieces, counts: Counter[int], settings: Vocabulary) -> Pruned:
    """Choose the pieces of both vocabularies.

    Args:
        xlmr: the whole vocabulary.
        counts: of XLM-R's ids in the target language's text.
        settings: how many target pieces, and how frequent.
    """
    ordinary = range(len(_SPECIAL) + 1, len(xlmr.names))
    latin = {i for i in ordinary if _LATIN_PIECE.fullmatch(xlmr.names[i])}
    single = [
        i
        for i in ordinary
        if i in latin
        and len(xlmr.names[i].replace("▁", "")) <= 1
        and (xlmr.names[i].isascii() or xlmr.names[i][-1].isascii() or counts[i] > 0)
    ]
    frequent = [
        i
        for i, found in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if i in latin and i not in set(single) and found >= settings.least_count
    ]
    target = [*single, *frequent][: settings.target_pieces - len(_SPECIAL)]
    taken = set(target)
    arabic = [i for i in ordinary if i not in taken and _ARABIC_PIECE.fullmatch(xlmr.names[i])]
    return Pruned([*_SPECIAL, *target, *arabic, _XLMR_START], [*_SPECIAL, *target])


def write(xlmr: Pieces, pruned: Pruned, folder: Path) -> None:
    """Write `source.spm` and `target.spm`."""
    for name, ids in ((SOURCE_FILE, pruned.source), (TARGET_FILE, pruned.target)):
        control = {n for n, i in enumerate(ids) if i in {_XLMR_PAD, _XLMR_EOS, _XLMR_START}}
        (folder / name).write_bytes(model(xlmr.keep(ids), control, UNKNOWN))


def model(pieces: Pieces, control: set[int], unknown: int) -> bytes:
    """Build a unigram SentencePiece model with XLM-R's normalization (nmt_nfkc).

    Args:
        pieces: all of them, by id.
        control: ids that never come from text.
        unknown: the id of `<unk>`.
    """
    built = _MODEL()
    for number, (name, score) in enumerate(zip(pieces.names, pieces.scores, strict=True)):
        kind = _CONTROL if number in control else _NORMAL
        kind = _IS_UNKNOWN if number == unknown else kind
        built.pieces.add(piece=name, score=score, type=kind)
    ids = {name: number for number, name in enumerate(pieces.names) if number in control}
    trainer = built.trainer_spec
    trainer.model_type, trainer.vocab_size = _UNIGRAM, len(pieces.names)
    trainer.unk_id, trainer.pad_piece = unknown, "<pad>"
    trainer.pad_id = ids.get("<pad>", -1)
    trainer.eos_id, trainer.bos_id = ids.get("</s>", -1), ids.get("<s>", -1)
    stock = sentencepiece.SentencePieceNormalizer(rule_name="nmt_nfkc")
    rules = _MODEL.FromString(stock.serialized_model_proto()).normalizer_spec
    spec = built.normalizer_spec
    spec.name, spec.precompiled_charsmap = "nmt_nfkc", rules.precompiled_charsmap
    spec.add_dummy_prefix = spec.remove_extra_whitespaces = spec.escape_whitespaces = True
    return bytes(built.SerializeToString())
