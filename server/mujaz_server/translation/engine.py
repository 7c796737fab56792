"""The engine: pieces of Arabic in, English out, by one MarianMT model in CTranslate2.

What is peculiar to MarianMT stands here and nowhere else: `</s>` after the source, the language
tokens before it where the manifest has some, a hypothesis that ends in `</s>`.

Both silent cuts of CTranslate2 are closed. Its input limit (1,024 tokens by default) is set to what
the manifest allows, and a longer row is refused; its output limit (256) is set for each batch, and
a hypothesis that reached it is marked `truncated`: the end token is asked for, so its absence is
knowledge, not a guess from the length.

Threads: CTranslate2 runs `threads` batches side by side and releases the GIL; no lock is held while
it does. Weights are shared between them. One thread a batch (`intra_threads`) serves most tokens a
second. CTranslate2 brings its own OpenMP runtime; another one in the process may deadlock with it,
so none is imported here.

Determinism: on an x86 processor without VNNI (oneDNN, AVX2) the text of 117 sentences was the same
alone and in batches of 4, 16 and 64 of near or mixed lengths, at beam 1 and at beam 4; scores moved
by up to 0.02 with the company. Another processor or another release may round otherwise, and a near
tie then falls the other way: equal text is promised by nobody, across machines least of all.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import ctranslate2
from sentencepiece import SentencePieceProcessor

from mujaz_models.manifest import Manifest
from mujaz_models.verify import VerifyError, read
from mujaz_server.translation.pace import Pace

_END = "</s>"
_SPECIAL = frozenset({_END, "<s>", "<pad>", "<unk>"})
_SOURCE_PIECES = "source.spm"
_TARGET_PIECES = "target.spm"
_SOON_S = 0.2
"""A batch that has ended by then is left to end by itself: cancelled work is to be out of the
engine within 250 ms, and the rest is for what no estimate knows. Asking at each step of each row
whether anybody waits for it slows every batch, since every step waits for the interpreter's lock,
and CTranslate2 knows no asking at some steps alone."""
_WARM_UP_TEXT = "صباح الخير"


class EngineError(RuntimeError):
    """The model cannot be used; the message is one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a batch is decoded; hashable, because rows of one batch share it.

    Attributes:
        beam_size: 1 is greedy search.
        hypotheses: how many translations to return for a row, at most `beam_size`.
        no_repeat_ngram_size: no n-gram of this many tokens occurs twice in the output; 0 for off.
        repetition_penalty: divides the score of tokens already in the output; 1 for off.
    """

    beam_size: int = 1
    hypotheses: int = 1
    no_repeat_ngram_size: int = 0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.hypotheses <= self.beam_size:
            raise ValueError("a beam yields from 1 to beam_size hypotheses. This is a bug")


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation of one row.

    Attributes:
        text: English, on one line; empty when the model returned nothing.
        score: the mean natural log-probability of a target token, `</s>` included; at most 0.
        source_tokens: without prefix and `</s>`.
        target_tokens: without `</s>`.
        truncated: the output reached its limit, or was ended because its reader was gone.
        alternatives: other translations, best first, each unlike `text` and the others.
    """

    text: str
    score: float
    source_tokens: int
    target_tokens: int
    truncated: bool
    alternatives: tuple[str, ...]


class Engine:
    """One loaded model. Every method but `close` may be called from several threads at once.

    Args:
        translator: the model in CTranslate2.
        source_pieces: cuts Arabic.
        target_pieces: joins English.
        manifest: what the model allows and needs.
        clock: seconds of a steady clock, by which batches are timed.
    """

    def __init__(
        self,
        translator: ctranslate2.Translator,
        source_pieces: SentencePieceProcessor,
        target_pieces: SentencePieceProcessor,
        manifest: Manifest,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._translator = translator
        self._source_pieces = source_pieces
        self._target_pieces = target_pieces
        self._prefix = manifest.source_prefix
        self._max_target_tokens = manifest.max_target_tokens
        self.max_source_tokens = manifest.max_source_tokens
        self._clock = clock
        self._pace = Pace()

    @classmethod
    def load(
        cls, folder: Path, manifest: Manifest, *, threads: int = 1, intra_threads: int = 1
    ) -> Self:
        """Load a model from bytes that were verified against its manifest.

        Args:
            folder: the model's folder.
            manifest: its manifest.
            threads: how many batches are translated side by side.
            intra_threads: how many threads work on one batch.

        Raises:
            EngineError: a file is missing or not what the manifest says, or is no such model.
        """
        if manifest.architecture != "marian":
            raise EngineError(
                f"model {manifest.name} is of architecture {manifest.architecture!r}:"
                " name one of architecture 'marian'"
            )
        try:
            files = read(folder, manifest, {*manifest.files, _SOURCE_PIECES, _TARGET_PIECES})
            source_pieces = SentencePieceProcessor(model_proto=files.pop(_SOURCE_PIECES))
            target_pieces = SentencePieceProcessor(model_proto=files.pop(_TARGET_PIECES))
            translator = ctranslate2.Translator(
                manifest.name,
                device="cpu",
                files=files,
                inter_threads=threads,
                intra_threads=intra_threads,
            )
        except VerifyError as error:
            raise EngineError(str(error)) from error
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise EngineError(
                f"model {manifest.name} does not load ({reason}): fetch or convert it again"
            ) from error
        return cls(translator, source_pieces, target_pieces, manifest)

    def warm_up(self) -> None:
        """Translate a greeting, so that the first caller does not pay for first allocations.

        Raises:
            EngineError: the model loads but does not translate.
        """
        try:
            translations = self.translate([self.encode(_WARM_UP_TEXT)], Decoding())
        except RuntimeError as error:
            raise EngineError(
                f"the model does not translate ({error}): convert it again"
            ) from error
        if not translations[0].text:
            raise EngineError("the model translates a greeting into nothing: convert it again")

    def close(self) -> None:
        """Free the weights once running batches have ended; `translate` raises from then on."""
        self._translator.unload_model()

    def encode(self, text: str) -> list[str]:
        """Cut normalized text into the model's pieces, without prefix and `</s>`."""
        pieces: list[str] = self._source_pieces.encode(text, out_type=str)
        return pieces

    def translate(
        self,
        rows: Sequence[Sequence[str]],
        decoding: Decoding,
        gone: Callable[[int], bool] | None = None,
    ) -> list[Translation]:
        """Translate one batch, as it is: it is neither split nor sorted into smaller ones.

        The output may be twice as long as the batch's longest source and 32 tokens more, within
        the manifest's limit: newswire English needs far less, and a loop ends there.

        Args:
            rows: pieces as `encode` gives them, each from 1 to `max_source_tokens`.
            decoding: how to decode them.
            gone: tells whether nobody waits for the row of this index any more. At beam 1 it is
                asked at each step of each row, on a thread of the engine, and ends that row alone.
                It is not asked where the batch will have ended soon in any case, as those before
                it tell, nor at a wider beam, where CTranslate2 cannot be asked to stop.

        Returns:
            One translation for each row, in the same order.

        Raises:
            ValueError: a row is empty or too long; the caller splits before.
            RuntimeError: CTranslate2 failed, or the engine is closed.
        """
        if not rows:
            return []
        self._check_lengths(rows)
        longest = max(map(len, rows))
        limit = min(self._max_target_tokens, 2 * longest + 32)
        greedy = decoding.beam_size == 1
        asked = greedy and self._pace.expected(len(rows), longest) > _SOON_S
        began = self._clock()
        results = self._translator.translate_batch(
            [[*self._prefix, *row, _END] for row in rows],
            max_batch_size=0,
            beam_size=decoding.beam_size,
            num_hypotheses=decoding.hypotheses,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            repetition_penalty=decoding.repetition_penalty,
            max_input_length=len(self._prefix) + self.max_source_tokens + 1,
            max_decoding_length=limit,
            disable_unk=True,
            return_end_token=True,
            return_scores=True,
            callback=_row_stopper(gone) if gone and asked else None,
        )
        seconds = self._clock() - began
        translations = [self._translation(*pair) for pair in zip(rows, results, strict=True)]
        if greedy:
            tokens = sum(translation.target_tokens + 1 for translation in translations)
            self._pace.record(len(rows), tokens, seconds)
        return translations

    def _check_lengths(self, rows: Sequence[Sequence[str]]) -> None:
        for row in rows:
            if not 1 <= len(row) <= self.max_source_tokens:
                raise ValueError(
                    f"a row of {len(row)} tokens reached the engine, which takes from 1 to"
                    f" {self.max_source_tokens}. This is a bug"
                )

    def _translation(self, row: Sequence[str], result: Any) -> Translation:  # noqa: ANN401
        hypotheses = result.hypotheses  # made anew, string by string, each time it is asked for
        best = hypotheses[0]
        ended = best[-1:] == [_END]
        text, *others = map(self._decode, hypotheses)
        return Translation(
            text=text,
            score=result.scores[0],
            source_tokens=len(row),
            target_tokens=len(best) - ended,
            truncated=not ended,
            alternatives=tuple(other for other in dict.fromkeys(others) if other != text),
        )

    def _decode(self, hypothesis: Sequence[str]) -> str:
        text: str = self._target_pieces.decode([p for p in hypothesis if p not in _SPECIAL])
        return " ".join(text.split())


def _row_stopper(
    gone: Callable[[int], bool],
) -> Callable[[ctranslate2.GenerationStepResult], bool]:
    def stop(step: ctranslate2.GenerationStepResult) -> bool:
        return gone(step.batch_id)

    return stop
