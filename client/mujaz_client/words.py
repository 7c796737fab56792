"""Flags and reasons in words, for the terminal and the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mujaz_client.results import QualityFlag, ReasonKind

if TYPE_CHECKING:
    from mujaz_client.results import DocumentReport, NumberDifference


class FlagWords(NamedTuple):
    """A flag in a few words, and what it means in a sentence."""

    short: str
    meaning: str


FLAGS = {
    QualityFlag.UNSPECIFIED: FlagWords(
        "unknown flag", "The server flagged this in a way that this version does not know."
    ),
    QualityFlag.NUMBERS_DIFFER: FlagWords(
        "numbers differ", "A number of the Arabic is missing, changed or new in the English."
    ),
    QualityFlag.REPETITION: FlagWords("repeats itself", "The English says the same again."),
    QualityFlag.COPIED: FlagWords("copied", "The English is the source over again."),
    QualityFlag.UNTRANSLATED: FlagWords("Arabic left", "The English still holds Arabic."),
    QualityFlag.TRUNCATED: FlagWords(
        "cut off", "The English reached its greatest length and may lack its end."
    ),
    QualityFlag.RETRIED: FlagWords(
        "translated again", "A first translation was doubtful; this is the better of two."
    ),
    QualityFlag.SPLIT: FlagWords(
        "in parts", "The sentence was too long for the model and was translated in parts."
    ),
    QualityFlag.PASSED_THROUGH: FlagWords(
        "passed through", "There was nothing to translate; this is the source as it came."
    ),
    QualityFlag.EMPTY: FlagWords("empty", "The model returned nothing."),
    QualityFlag.LENGTH_RATIO: FlagWords(
        "odd length", "The English is far shorter or longer than the Arabic lets expect."
    ),
    QualityFlag.FAILED: FlagWords("failed", "The model failed on this sentence alone."),
}

REASONS = {
    ReasonKind.UNSPECIFIED: "another reason",
    ReasonKind.CENTRALITY: "central",
    ReasonKind.POSITION: "position",
    ReasonKind.NUMBERS: "numbers",
    ReasonKind.NAMES: "names",
    ReasonKind.QUERY: "query",
    ReasonKind.HEADLINE: "headline",
    ReasonKind.REDUNDANCY: "repeats others",
    ReasonKind.LENGTH: "length",
    ReasonKind.DOUBT: "unsure",
    ReasonKind.CONTEXT: "reads on",
}


def signed(value: float) -> str:
    """A contribution with its sign and two decimals."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 sentence`, `1,204 sentences`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def numbers(difference: NumberDifference | None) -> str:
    """Which numbers differ: `missing 13; added 30`. Empty when none does."""
    if difference is None:
        return ""
    parts = (("missing", difference.missing), ("added", difference.added))
    return "; ".join(f"{word} {', '.join(values)}" for word, values in parts if values)


def counts(report: DocumentReport) -> list[str]:
    """What was done, as short phrases; what did not happen is left out."""
    parts = [
        (report.flagged_sentence_count, "doubtful"),
        (report.retried_sentence_count, "translated again"),
        (report.passed_through_sentence_count, "passed through"),
    ]
    sentences = count(report.streamed_sentence_count, "sentence")
    return [sentences, *(f"{number:,} {what}" for number, what in parts if number)]


def costs(report: DocumentReport) -> list[str]:
    """What it took, as short phrases."""
    return [
        f"{report.source_token_count:,} tokens in, {report.target_token_count:,} out",
        f"first sentence after {report.first_sentence_seconds:.2f} s",
        f"all in {report.total_seconds:.2f} s",
    ]
