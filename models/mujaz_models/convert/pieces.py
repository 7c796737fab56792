"""SentencePiece models: which pieces they hand out, and whether they are a vocabulary's own."""

from collections.abc import Sequence
from pathlib import Path

from sentencepiece import SentencePieceProcessor

from mujaz_models.convert import ConvertError

_LEAST_KNOWN = 0.25  # of its pieces; those of OPUS-MT know nearly all, half where it was trimmed


def read_pieces(path: Path, vocabulary: Sequence[str]) -> SentencePieceProcessor:
    """Read a SentencePiece model.

    Args:
        path: `source.spm` or `target.spm`.
        vocabulary: the pieces of that side.

    Raises:
        ConvertError: it is none, or the vocabulary is of another model.
    """
    try:
        processor = SentencePieceProcessor(model_proto=path.read_bytes())
    except RuntimeError as error:
        raise ConvertError(f"{path.name} is no SentencePiece model") from error
    pieces = pieces_of(processor)
    if len(pieces & set(vocabulary)) < _LEAST_KNOWN * len(pieces):
        raise ConvertError(f"{path.name} is of another model: the vocabulary lacks its pieces")
    return processor


def pieces_of(processor: SentencePieceProcessor) -> set[str]:
    """Return the pieces that a SentencePiece model holds."""
    return {processor.id_to_piece(id_) for id_ in range(processor.get_piece_size())}


def hands_out(pieces: set[str], piece: str) -> bool:
    """Tell whether a SentencePiece model of these pieces can make a piece of any text.

    It makes its own pieces, and leaves a run of characters as it stands where it knows none of
    them: such a run is looked up in the vocabulary like any piece.
    """
    return piece in pieces or pieces.isdisjoint(piece)
