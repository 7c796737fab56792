"""Sentences that were translated before, so that what comes again is not translated again.

The key of one is a digest of the model, the decoding, the caller, and the pieces that the engine
would be given. So nothing of a text is kept but its translation, and two spellings that the model
cannot tell apart are one sentence. The checks can tell them apart, for they read the text as it was
sent: where it is spelled otherwise they are made again.
"""

import hashlib
import json

from mujaz_server.pipeline.events import TranslatedSentence
from mujaz_server.pipeline.lru import LruCache
from mujaz_server.pipeline.plan import PlannedSentence
from mujaz_server.translation.checks import Findings, Flag, check
from mujaz_server.translation.engine import Decoding

# What an entry takes beside its bytes, the key and a place in the cache: the most that was measured
# (CPython 3.11 to 3.13), which is when the table has just grown.
_ENTRY_BYTES = 340
# Told by what was done; no check can find them.
_DONE = frozenset({Flag.RETRIED, Flag.SPLIT})
# What may be otherwise another time: the engine failed, or an output was ended by the limit of its
# batch or because nobody waited for it.
_UNFINISHED = frozenset({Flag.FAILED, Flag.TRUNCATED})

Finished = bytes
"""What is kept of a translated sentence, packed: nothing of where it stood, nor of its Arabic.

One object without references: a hundred thousand of them cost the garbage collector nothing.
"""


class FinishedSentences:
    """The finished sentences of one model, in as many bytes as may be.

    To be used on one thread; `size` may be read from any.

    Args:
        capacity: Bytes; with 0 none is kept.
        model_digest: The digest of the model's manifest.
    """

    def __init__(self, capacity: int, model_digest: str) -> None:
        self._cache: LruCache[bytes, Finished] = LruCache(capacity, _taken)
        self._model_digest = model_digest

    @property
    def size(self) -> int:
        """The bytes that they take."""
        return self._cache.size

    def partition(self, decoding: Decoding, caller: str | None) -> "Partition":
        """Returns those of one decoding and one caller; nobody else learns that they are there."""
        return Partition(self._cache, (self._model_digest, decoding, caller))


class Partition:
    """The part of a cache that requests of one kind share; its room is everybody's."""

    def __init__(self, cache: LruCache[bytes, Finished], scope: tuple[object, ...]) -> None:
        self._cache = cache
        self._scope = hashlib.blake2b(repr(scope).encode(), digest_size=32)

    def get(self, planned: PlannedSentence) -> Finished | None:
        """Returns what is kept of a sentence, or None."""
        return self._cache.get(self._key(planned)) if self._cache.capacity else None

    def keep(self, planned: PlannedSentence, sentence: TranslatedSentence) -> None:
        """Keeps a translation that is not to change, unless it failed or may lack its end."""
        if self._cache.capacity and sentence.flags.isdisjoint(_UNFINISHED):
            self._cache.put(self._key(planned), _packed(sentence))

    def _key(self, planned: PlannedSentence) -> bytes:
        digest = self._scope.copy()
        # As Python writes them no two lists of pieces look the same, whatever a piece may hold.
        digest.update(repr(planned.parts).encode())
        return digest.digest()


def recalled(finished: Finished, planned: PlannedSentence) -> TranslatedSentence:
    """Returns what was kept as the translation of a sentence of the same pieces, at its place."""
    spelling, text, score, flags, missing, added, alternatives, target_tokens = json.loads(finished)
    found = Findings(frozenset(map(Flag, flags)), tuple(missing), tuple(added))
    if spelling != hash(planned.source):
        done = found.flags & _DONE
        found = check(planned.source, text, truncated=False)
        found = Findings(found.flags | done, found.missing, found.added)
    where = planned.segment
    return TranslatedSentence(
        index=where.index,
        paragraph=where.paragraph,
        start=where.start,
        end=where.end,
        source=planned.source,
        text=text,
        score=score,
        flags=found.flags,
        missing=found.missing,
        added=found.added,
        alternatives=tuple(alternatives),
        source_tokens=planned.tokens,
        target_tokens=target_tokens,
        document=where.document,
    )


def _packed(sentence: TranslatedSentence) -> Finished:
    kept = (
        hash(sentence.source),
        sentence.text,
        sentence.score,
        [flag.value for flag in sentence.flags],
        sentence.missing,
        sentence.added,
        sentence.alternatives,
        sentence.target_tokens,
    )
    return json.dumps(kept, ensure_ascii=False).encode()


def _taken(finished: Finished) -> int:
    return _ENTRY_BYTES + len(finished)
