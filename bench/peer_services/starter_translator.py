"""The embedded model as a few lines of one's own would load it: CTranslate2 and SentencePiece."""

import ctranslate2
from sentencepiece import SentencePieceProcessor

from mujaz_models import store

_LONGEST = 256


class StarterTranslator:
    """Translates lines by one call of `translate_batch`, greedily.

    Args:
        inter_threads: translations side by side; CTranslate2's default is 1.
        intra_threads: threads of each; 0 is CTranslate2's default, up to four cores.
    """

    def __init__(self, inter_threads: int = 1, intra_threads: int = 0) -> None:
        folder = store.embedded()
        self._translator = ctranslate2.Translator(
            str(folder), inter_threads=inter_threads, intra_threads=intra_threads
        )
        self._source = SentencePieceProcessor(model_file=str(folder / "source.spm"))
        self._target = SentencePieceProcessor(model_file=str(folder / "target.spm"))

    def translate(self, lines: list[str]) -> list[str]:
        """Translates lines as one batch."""
        rows = [[*self._source.encode(line, out_type=str), "</s>"] for line in lines]
        results = self._translator.translate_batch(rows, beam_size=1, max_decoding_length=_LONGEST)
        return [self._target.decode(result.hypotheses[0]) for result in results]
