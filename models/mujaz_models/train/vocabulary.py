"""The two vocabularies of a model, as SentencePiece models.

Ids in both: 0 `<pad>`, 1 `</s>`, 2 `<unk>`; the last of the source is `<s>`, with which the
pretrained encoder begins every text (only `bake` uses it).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sentencepiece

PAD, EOS, UNKNOWN = 0, 1, 2
START: Final = PAD
"""The decoder begins with the embedding of `<pad>`, which is zero, as in MarianMT."""
SOURCE_FILE: Final = "source.spm"
TARGET_FILE: Final = "target.spm"


@dataclass(frozen=True, slots=True)
class Processors:
    """The two SentencePiece processors of a model."""

    source: Any
    target: Any

    @classmethod
    def load(cls, folder: Path) -> "Processors":
        """Load `source.spm` and `target.spm` of a folder."""
        return cls(
            *(
                sentencepiece.SentencePieceProcessor(model_file=str(folder / name))
                for name in (SOURCE_FILE, TARGET_FILE)
            )
        )
