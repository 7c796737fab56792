"""Tries at one sentence: its parts joined and checked, and the better one of two."""

from dataclasses import dataclass, field, replace

from mujaz_server.pipeline.events import TranslatedSentence
from mujaz_server.pipeline.plan import PlannedSentence
from mujaz_server.translation.checks import Flag, check
from mujaz_server.translation.engine import Decoding, Translation

# Not doubts: they tell what was done, not that something looks wrong.
NOTES = frozenset({Flag.RETRIED, Flag.SPLIT, Flag.PASSED_THROUGH})

# What a second try is decoded with: a wide beam finds what a narrow one lost, and neither may
# repeat three pieces in a row, which no decoder in a loop can avoid.
_STRICT = Decoding(beam_size=5, no_repeat_ngram_size=3, repetition_penalty=1.1)


@dataclass(slots=True)
class Attempt:
    """One try at one sentence, whose parts return one by one.

    Attributes:
        position: Of the sentence among those that are translated with it.
        planned: The sentence.
        before: What the first try gave, where this is the second.
        results: What was made of each part, by its place; None where the engine failed.
    """

    position: int
    planned: PlannedSentence
    before: TranslatedSentence | None = None
    results: dict[int, Translation | None] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every part has returned."""
        return len(self.results) == len(self.planned.parts)

    def joined(self) -> TranslatedSentence:
        """Returns the parts of a complete try as one sentence, checked."""
        planned = self.planned
        parts = [self.results[part] for part in range(len(planned.parts))]
        good = [part for part in parts if part is not None]
        where, tokens = planned.segment, planned.tokens
        if len(good) < len(parts):
            failed = frozenset({Flag.FAILED})
            return replace(passed_through(planned), text="", flags=failed, source_tokens=tokens)
        text = " ".join(part.text for part in good).strip()
        found = check(planned.source, text, truncated=any(part.truncated for part in good))
        split = {Flag.SPLIT} if len(parts) > 1 else set()
        target_tokens = sum(part.target_tokens for part in good)
        return TranslatedSentence(
            index=where.index,
            paragraph=where.paragraph,
            start=where.start,
            end=where.end,
            source=planned.source,
            text=text,
            score=sum(part.score * part.target_tokens for part in good) / max(1, target_tokens),
            flags=found.flags | split,
            missing=found.missing,
            added=found.added,
            alternatives=good[0].alternatives if len(good) == 1 else (),
            source_tokens=tokens,
            target_tokens=target_tokens,
            document=where.document,
        )


def passed_through(planned: PlannedSentence) -> TranslatedSentence:
    """Returns a sentence in which there is nothing to translate, as it came."""
    where = planned.segment
    return TranslatedSentence(
        index=where.index,
        paragraph=where.paragraph,
        start=where.start,
        end=where.end,
        source=planned.source,
        text=" ".join(planned.source.split()),
        score=None,
        flags=frozenset({Flag.PASSED_THROUGH}),
        document=where.document,
    )


def deserves_retry(sentence: TranslatedSentence) -> bool:
    """Whether a first try is doubtful, and a second one may help."""
    return bool(sentence.flags - NOTES - {Flag.FAILED})


def strict(decoding: Decoding) -> Decoding:
    """Returns what the second try of a sentence is decoded with, where this was the first's."""
    return replace(_STRICT, hypotheses=decoding.hypotheses)


def better(first: TranslatedSentence, second: TranslatedSentence) -> TranslatedSentence:
    """Returns the less doubtful of two tries, the first one of equals, with a note of both."""
    sentence = min(first, second, key=_doubt)
    return replace(sentence, flags=sentence.flags | {Flag.RETRIED})


def _doubt(sentence: TranslatedSentence) -> tuple[bool, int, int]:
    """What makes one try worse than another: failing, then doubts, then numbers astray."""
    doubts = sentence.flags - NOTES
    astray = len(sentence.missing) + len(sentence.added)
    return Flag.FAILED in doubts, len(doubts), astray
