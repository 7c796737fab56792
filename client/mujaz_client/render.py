"""A document's events for people at a terminal, printed as they come.

Nothing is ever redrawn, so nothing flickers and a pipe gets the same lines. From
100 columns on, English stands on the left and Arabic on the right; below, the
Arabic stands under its English. Arabic is right-aligned in logical order and
without bidi controls: terminals that order bidi text do so by themselves, the
others would show the controls or miscount them, and a copied line stays equal
to its source. The page (`--html`) is the place for true right-to-left setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, assert_never

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mujaz_client import words
from mujaz_client.printable import printable
from mujaz_client.results import (
    DocumentOutline,
    DocumentReport,
    Event,
    QualityFlag,
    Summary,
    SummarySentence,
    TranslatedSentence,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TWO_COLUMNS = 100
_WIDEST = 160
_LABEL = 5
_GUTTER = 4

_ARABIC = "cyan"
_DOUBT = "yellow"
_QUIET = "dim"


class PlainConsole(Console):
    """A console that prints text as it is and lets a broken pipe be handled by the command."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False)

    def on_broken_pipe(self) -> NoReturn:
        """Raises, where rich itself would end the process."""
        raise BrokenPipeError

    def put(self, text: str | Text = "", style: str = "") -> None:
        """Prints one line that has been wrapped already."""
        self.print(text, style=style, no_wrap=True, crop=False, overflow="ignore")


class View:
    """Prints the events of one document after another."""

    def __init__(self, console: PlainConsole) -> None:
        self._console = console
        self._width = max(min(console.width, _WIDEST), 24)
        self._model = ""
        self._names: Sequence[str] = ()
        self._heading = -1

    def begin(self, title: str, names: Sequence[str] = ()) -> None:
        """Heads the document that comes next; one joined of several has their names."""
        self._names = names
        self._heading = -1
        self._bold(title)

    def show(self, event: Event) -> None:
        """Prints the next event."""
        match event:
            case DocumentOutline():
                self._outline(event)
            case TranslatedSentence():
                self._head(event.document)
                self._pair(str(event.index + 1), event.text, event.source_text)
                self._flags(event.flags, words.numbers(event.number_difference))
                self._console.put()
            case Summary():
                self._summary(event)
            case DocumentReport():
                self._quiet(", ".join(words.counts(event)))
                self._quiet("; ".join([*words.costs(event), self._model]))
            case _:
                assert_never(event)

    def _outline(self, outline: DocumentOutline) -> None:
        self._model = f"model {outline.model}"
        parts = [words.count(outline.sentence_count, "sentence")]
        if self._names:
            parts[0] += f" in {words.count(len(self._names), 'document')}"
        if outline.streamed_sentence_count != outline.sentence_count:
            parts.append(f"{outline.streamed_sentence_count:,} of them selected for translation")
        parts.append(f"{outline.source_language_code} to {outline.target_language_code}")
        self._quiet(", ".join(parts))
        self._console.put()

    def _summary(self, summary: Summary) -> None:
        considered = words.count(summary.considered_sentence_count, "sentence")
        if not summary.final:
            picked = ", ".join(str(sentence.index + 1) for sentence in summary.sentences)
            self._quiet(f"so far, from {considered}, the summary is: {picked or 'empty'}")
            self._console.put()
            return
        self._console.put("Summary", "bold")
        kept = f"{len(summary.sentences)} of {considered}"
        share = f"{summary.compression:.0%} of the words"
        self._quiet(f"{kept}, {words.count(summary.word_count, 'word')}, {share}")
        self._console.put()
        for number, sentence in enumerate(summary.sentences, start=1):
            self._pair(str(number), sentence.text, sentence.source_text)
            self._flags(sentence.flags, "")
            self._reasons(sentence)
            self._source(sentence)
            self._console.put()

    def _pair(self, label: str, english: str, arabic: str) -> None:
        left, right = self._columns()
        english_lines = self._wrap(printable(english), left) or [""]
        arabic_lines = self._wrap(printable(arabic), right)
        if self._width < _TWO_COLUMNS:
            rows = [(line, "") for line in english_lines] + [("", line) for line in arabic_lines]
        else:
            height = max(len(english_lines), len(arabic_lines))
            rows = list(
                zip(_padded(english_lines, height), _padded(arabic_lines, height), strict=True)
            )
        labels = _padded([label], len(rows))
        for label_part, (english_part, arabic_part) in zip(labels, rows, strict=True):
            self._console.put(self._row(label_part, english_part, arabic_part))

    def _row(self, label: str, english: str, arabic: str) -> Text:
        row = Text()
        row.append(f"{label:>{_LABEL - 2}}  ", _QUIET)
        row.append(english)
        if arabic:
            row.append(" " * (self._width - row.cell_len - cell_len(arabic)))
            row.append(arabic, _ARABIC)
        row.rstrip()
        return row

    def _columns(self) -> tuple[int, int]:
        room = self._width - _LABEL
        if self._width < _TWO_COLUMNS:
            return room, room
        left = (room - _GUTTER) * 11 // 20
        return left, room - _GUTTER - left

    def _flags(self, flags: Iterable[QualityFlag], detail: str) -> None:
        for flag in flags:
            text = words.FLAGS[flag].short
            if flag is QualityFlag.NUMBERS_DIFFER and detail:
                text = f"{text}: {detail}"
            self._note(
                f"{'!' if flag.is_doubt else '-'} {text}", _DOUBT if flag.is_doubt else _QUIET
            )

    def _reasons(self, sentence: SummarySentence) -> None:
        reasons = ", ".join(
            f"{words.REASONS[reason.kind]} {words.signed(reason.contribution)}"
            for reason in sentence.reasons
        )
        self._note(f"sentence {sentence.index + 1}, score {sentence.score:.2f}: {reasons}", _QUIET)

    def _source(self, sentence: SummarySentence) -> None:
        # On a line that begins with a Latin word, or an Arabic name would turn it around.
        if self._names:
            self._note(f"from {self._names[sentence.document]}", _QUIET)

    def _head(self, document: int) -> None:
        """Heads a joined document where its first sentence comes."""
        if self._names and document != self._heading:
            self._heading = document
            self._bold(self._names[document])
            self._console.put()

    def _bold(self, text: str) -> None:
        for line in self._wrap(printable(text), self._width):
            self._console.put(line, "bold")

    def _note(self, text: str, style: str) -> None:
        for line in self._wrap(printable(text), self._width - _LABEL):
            self._console.put(" " * _LABEL + line, style)

    def _quiet(self, text: str) -> None:
        for line in self._wrap(printable(text), self._width):
            self._console.put(line, _QUIET)

    def _wrap(self, text: str, width: int) -> list[str]:
        lines = Text(" ".join(text.split())).wrap(self._console, width, overflow="fold")
        return [line.plain.rstrip() for line in lines]


def _padded(lines: list[str], height: int) -> Iterator[str]:
    yield from lines
    yield from [""] * (height - len(lines))
