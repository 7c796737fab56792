"""Summaries of what was translated."""

import math
from collections.abc import Sequence

from mujaz_server.pipeline.attempts import NOTES
from mujaz_server.pipeline.events import Summary, TranslatedSentence
from mujaz_server.summary.selection import Pick, Sentence, count_words
from mujaz_server.translation.checks import Flag


def considered(done: Sequence[TranslatedSentence]) -> list[Sentence]:
    """Returns the translations that a summary may be selected from."""
    return [
        Sentence(
            each.index,
            each.paragraph,
            each.text,
            doubtful=bool(each.flags - NOTES),
            document=each.document,
            source=each.source,
            confidence=math.exp(min(each.score or 0.0, 0.0)),
        )
        for each in done
        if Flag.PASSED_THROUGH not in each.flags and each.text
    ]


def summary_of(
    done: Sequence[TranslatedSentence],
    sentences: Sequence[Sentence],
    picks: Sequence[Pick],
    *,
    revision: int,
    final: bool,
) -> Summary:
    """Returns the summary that was picked from the `considered` sentences of what is done."""
    by_index = {each.index: each for each in done}
    picked = tuple((pick, by_index[pick.index]) for pick in picks)
    kept = sum(count_words(sentence.text) for _, sentence in picked)
    words = sum(count_words(each.text) for each in sentences)
    return Summary(
        revision=revision,
        final=final,
        picks=picked,
        word_count=kept,
        compression=kept / words if words else 0.0,
        considered_sentence_count=len(sentences),
    )
