"""A document as one self-contained HTML page: no script, no request to anywhere.

English stands beside its Arabic; sentences of the summary are marked and linked
both ways. Every text is escaped and set in an element with a direction of its
own, so that neither markup nor a bidi override in a document reaches beyond it.
"""

from __future__ import annotations

import html
import math
import re
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING

from mujaz_client import words
from mujaz_client.printable import printable
from mujaz_client.results import QualityFlag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mujaz_client.document import DocumentResult
    from mujaz_client.results import Reason, Summary, SummarySentence, TranslatedSentence

_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_HEADLINE = 140

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="mujaz">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<header class="masthead">
<p class="kicker">{kicker}</p>
{headline}
<p class="facts">{facts}</p>
</header>
<main>
{summary}{document}{legend}</main>
<footer class="colophon">{colophon}</footer>
</body>
</html>
"""


def page(title: str, result: DocumentResult, names: Sequence[str] = ()) -> str:
    """The page of one document, called `title` (its file name).

    One that was joined of several has their `names`.
    """
    picks = {item.index: number for number, item in enumerate(_picked(result.summary), start=1)}
    return _PAGE.format(
        title=html.escape(printable(title)),
        css=resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8"),
        kicker=_inline(title),
        headline=_joint_headline(names) if names else _headline(title, result.sentences),
        facts=_spans(_facts(result)),
        summary=_summary(result.summary, names) if result.summary else "",
        document=_document(result, picks, names),
        legend=_legend(result.sentences),
        colophon=_colophon(result),
    )


def _picked(summary: Summary | None) -> tuple[SummarySentence, ...]:
    return summary.sentences if summary else ()


def _text(text: str) -> str:
    """Text escaped for HTML, which cannot hold control characters."""
    return html.escape(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text))


def _inline(text: str) -> str:
    return f"<bdi>{_text(text)}</bdi>"


def _spans(texts: Iterable[str], separator: str = "\n") -> str:
    return separator.join(f"<span>{_inline(text)}</span>" for text in texts)


def _english(text: str) -> str:
    return f'<p class="en" lang="en" dir="auto"><bdi>{_text(text)}</bdi></p>'


def _arabic(text: str, extra: str = "") -> str:
    return f'<p class="ar{extra}" lang="ar" dir="rtl"><bdi>{_text(text)}</bdi></p>'


def _pair(english: str, arabic: str) -> str:
    return f'<div class="pair">{_english(english)}{_arabic(arabic)}</div>'


def _headline(title: str, sentences: Sequence[TranslatedSentence]) -> str:
    """The document's own headline where it has one: a first paragraph of one short sentence."""
    first = [sentence for sentence in sentences if sentence.paragraph == 0]
    if len(first) == 1 < len(sentences) and 0 < len(first[0].text) <= _LONGEST_HEADLINE:
        return f"<h1>{_inline(first[0].text)}</h1>\n{_arabic(first[0].source_text, ' headline-ar')}"
    return f"<h1>{_inline(title)}</h1>"


def _joint_headline(names: Sequence[str]) -> str:
    return f"<h1>{words.count(len(names), 'document')}, one summary</h1>"


def _facts(result: DocumentResult) -> list[str]:
    outline = result.outline
    languages = f"{outline.source_language_code} to {outline.target_language_code}"
    paragraphs = words.count(outline.paragraph_count, "paragraph")
    return [languages, paragraphs, *words.counts(result.report)]


def _colophon(result: DocumentResult) -> str:
    outline = result.outline
    cost = "; ".join(words.costs(result.report))
    return _spans([cost, f"Model {outline.model}, manifest {outline.model_digest}"], "<br>")


def _summary(summary: Summary, names: Sequence[str]) -> str:
    considered = words.count(summary.considered_sentence_count, "sentence")
    kept = f"{len(summary.sentences)} of {considered}"
    length = words.count(summary.word_count, "word")
    contributions = [reason.contribution for item in summary.sentences for reason in item.reasons]
    largest = max(map(abs, contributions), default=0.0) or 1.0
    items = "".join(
        _summary_item(number, sentence, largest, names)
        for number, sentence in enumerate(summary.sentences, start=1)
    )
    return (
        '<section id="summary" aria-labelledby="summary-title">\n'
        '<h2 id="summary-title">Summary</h2>\n'
        f'<p class="lede">{kept}, {length}, {summary.compression:.0%} of the words</p>\n'
        f'<ol class="picks">\n{items}</ol>\n</section>\n'
    )


def _summary_item(
    number: int, sentence: SummarySentence, largest: float, names: Sequence[str]
) -> str:
    link = f'<a href="#sentence-{sentence.index}">sentence {sentence.index + 1} in the text</a>'
    if names:
        link += f"<span>from {_inline(names[sentence.document])}</span>"
    return (
        f'<li id="pick-{sentence.index}"><span class="number">{number}</span>\n<div>'
        f"{_pair(sentence.text, sentence.source_text)}\n"
        f'<div class="meta">{link}<span>rank {sentence.rank}</span>{_flags(sentence.flags)}</div>\n'
        f'<details class="why" open><summary>Why it was chosen: {sentence.score:.2f}</summary>\n'
        f'<ul class="reasons">{_reasons(sentence.reasons, largest)}</ul></details></div></li>\n'
    )


def _reasons(reasons: Sequence[Reason], largest: float) -> str:
    return "".join(
        f"<li><span>{words.REASONS[reason.kind]}</span>"
        f"{_bar(abs(reason.contribution) / largest, minus=reason.contribution < 0)}"
        f'<span class="value">{words.signed(reason.contribution)}</span></li>'
        for reason in reasons
    )


def _bar(share: float, *, minus: bool = False) -> str:
    style = "bar minus" if minus else "bar"
    return (
        f'<span class="{style}" aria-hidden="true"><span style="width:{share:.1%}"></span></span>'
    )


def _document(result: DocumentResult, picks: dict[int, int], names: Sequence[str]) -> str:
    body = "".join(
        (f"<h3>{_inline(names[document])}</h3>\n" if names else "") + _paragraphs(items, picks)
        for document, items in groupby(result.sentences, key=lambda sentence: sentence.document)
    )
    partial = result.outline.streamed_sentence_count < result.outline.sentence_count
    lede = (
        "Only the sentences that were selected have been translated."
        if partial
        else (
            "Every sentence beside its Arabic; those in the summary are marked."
            if picks
            else "Every sentence beside its Arabic."
        )
    )
    return (
        '<section id="text" aria-labelledby="text-title">\n'
        '<h2 id="text-title">The text, sentence by sentence</h2>\n'
        f'<p class="lede">{lede}</p>\n{body}</section>\n'
    )


def _paragraphs(sentences: Iterable[TranslatedSentence], picks: dict[int, int]) -> str:
    return "".join(
        f'<div class="paragraph">\n{"".join(_sentence(item, picks) for item in items)}</div>\n'
        for _, items in groupby(sentences, key=lambda sentence: sentence.paragraph)
    )


def _sentence(sentence: TranslatedSentence, picks: dict[int, int]) -> str:
    index = sentence.index
    picked = index in picks
    meta = [f'<a href="#pick-{index}">{picks[index]} in the summary</a>'] if picked else []
    meta.append(_confidence(sentence.score))
    meta.append(_flags(sentence.flags, words.numbers(sentence.number_difference)))
    return (
        f'<div class="sentence{" picked" if picked else ""}" id="sentence-{index}">'
        f'<span class="number"><a href="#sentence-{index}" aria-label="Sentence {index + 1}">'
        f"{index + 1}</a></span>\n<div>{_pair(sentence.text, sentence.source_text)}\n"
        f'<div class="meta">{"".join(meta)}</div></div></div>\n'
    )


def _confidence(score: float | None) -> str:
    if score is None:
        return ""
    probability = math.exp(min(score, 0.0))
    return (
        f'<span class="confidence" title="Mean log-probability of a token: {score:.2f}">'
        f"{_bar(probability)}<span>confidence {probability:.2f}</span></span>"
    )


def _flags(flags: Iterable[QualityFlag], numbers: str = "") -> str:
    tags = "".join(
        _flag(flag, numbers if flag is QualityFlag.NUMBERS_DIFFER else "") for flag in flags
    )
    return f'<span class="flags">{tags}</span>' if tags else ""


def _flag(flag: QualityFlag, detail: str = "") -> str:
    short, meaning = words.FLAGS[flag]
    style = "flag doubt" if flag.is_doubt else "flag"
    detail = f": {_inline(detail)}" if detail else ""
    return f'<span class="{style}" title="{html.escape(meaning)}">{short}{detail}</span>'


def _legend(sentences: Sequence[TranslatedSentence]) -> str:
    used = {flag for sentence in sentences for flag in sentence.flags}
    if not used:
        return ""
    entries = "".join(
        f"<dt>{_flag(flag)}</dt><dd>{html.escape(words.FLAGS[flag].meaning)}</dd>\n"
        for flag in words.FLAGS
        if flag in used
    )
    return (
        '<section class="legend" aria-labelledby="legend-title">\n'
        f'<h2 id="legend-title">What the flags mean</h2>\n<dl>{entries}</dl>\n</section>\n'
    )
