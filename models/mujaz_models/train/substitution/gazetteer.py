"""Names of places, days, ranks and offices in a pair, and others that may stand in their place.

A name is taken only where it stands exactly once on each side and is no part of a longer one. The
new name is of the same group, so that articles, verbs and adjectives still agree.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random
from typing import Any, Final

from mujaz_models.train.corpora import Pair
from mujaz_models.train.substitution.cycle import Cycle
from mujaz_models.train.substitution.slots import (
    ARTICLES,
    CLITICS,
    Edit,
    Slot,
    article_fits,
    recase,
    spell,
    unhamza,
)

TITLES: Final = (
    "President|Prime|Minister|Chancellor|Secretary|General|Colonel|Captain|Major|Lieutenant|Judge"
    "|Brigadier|King|Queen|Emir|Sheikh|Doctor|Dr|Mr|Mrs|Ms|Senator|Governor|Mayor|Ambassador"
    "|Professor|Ayatollah|Pope|Imam|Prince|Princess|Sir|Speaker|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March"
    "|April|June|July|August|September|October|November|December"
)
_OPENING: Final = (
    "In|The|From|At|On|For|But|And|As|When|While|After|Before|Since|Near|With|To|Of|By|Between"
    "|A|An|How|Why|Both|Among|Most|Many|All|If|Under|Until|Where|This|That|Across|Outside|Over"
)
_NAMED_BEFORE: Final = re.compile(r"(\w[\w'’.-]*) $")
_NAMED_AFTER: Final = re.compile(rf"(?:'s?)? (?!(?:{TITLES})\b)[A-Z]|-[A-Z\d]|'[A-Z]")
_NOUN_AFTER: Final = re.compile(r" (?!(?:and|or|in|to|is|was|are|were|by|with)\b)[a-z]|-[a-z]")
_GREAT: Final = frozenset(f"{TITLES}|{_OPENING}".split("|"))
_FRIDAY: Final = re.compile(r"(?:صلاة|خطبة) $")
_FRIDAY_FEMININE: Final = re.compile(r" ال\w+ة(?!\w)")
_LATE: Final = re.compile(r"\b(?:29|30|31)\b")
_ADJECTIVE_ENDINGS: Final = "(?:ة|ون|ين|ان|ات|تان|تين)?"


@dataclass(frozen=True, slots=True)
class Form:
    """One word of an entry in both languages.

    Attributes:
        group: of forms that agree alike; only these change places.
        stem: the Arabic that is replaced, without article and ending.
        english: spellings, the first to be written.
        before, after: regular expressions of what belongs to the word around the stem.
        plural: whether the English takes an s.
        qualifies: whether it must stand before a noun.
        titles: whether names may stand around it.
    """

    group: str
    stem: str
    english: tuple[str, ...]
    before: str = CLITICS
    after: str = ""
    plural: bool = False
    qualifies: bool = False
    titles: bool = False

    def in_arabic(self, plain: str) -> list[tuple[int, int]]:
        """Return the spans of the stem in a text without hamza."""
        stem = unhamza(self.stem)
        if stem not in plain:
            return []
        word = _pattern(f"{self.before}({re.escape(stem)}){self.after}(?!\\w)")
        return [found.span(1) for found in word.finditer(plain)]

    def in_english(self, english: str) -> list[tuple[int, int]]:
        """Return the spans of any of its spellings."""
        written = _written(self.english)
        if not any(name in english for name in written):
            return []
        names = "|".join(map(re.escape, written))
        word = _pattern(rf"(?<!\w)({names}){'s?' if self.plural else ''}(?!\w)")
        return [found.span(1) for found in word.finditer(english)]

    def stands_alone(self, english: str, start: int, end: int) -> bool:
        """Whether the name is no part of a longer one (`Damascus University`)."""
        if end < len(english) and self.plural and english[end] == "s":
            end += 1
        if self.titles:
            return True
        if named_before(english, start) or _NAMED_AFTER.match(english, end):
            return False
        return not self.qualifies or bool(_NOUN_AFTER.match(english, end))


@cache
def _written(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names as they stand in a line, at its start, in a title and in a dateline."""
    ways = ((name, name.capitalize(), name.title(), name.upper()) for name in names)
    return tuple(
        dict.fromkeys(each for way in ways for each in (way if way[0].islower() else way[::3]))
    )


def named_before(english: str, start: int) -> bool:
    """Whether the word before belongs to a name, so that what starts here does too."""
    before = _NAMED_BEFORE.search(english, 0, start)
    longer = before and before[1][0].isupper() and before[1].rstrip(".") not in _GREAT
    return bool(longer) or english[max(start - 1, 0) : start] in {"-", "/", "'"}


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


Entry = tuple[Form, ...]
"""Forms that are swapped together: `Syria` and `Syrian` in one text."""


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """All that may be swapped, but for persons and figures.

    Attributes:
        entries: by kind; only entries of one kind change places.
    """

    entries: Mapping[str, Sequence[Entry]]
    weekdays: Cycle
    months: Cycle

    def slots(self, pair: Pair, rng: Random) -> Iterator[Slot]:
        """Yield what can be swapped in a pair."""
        if not _names_friday_prayers(pair.arabic) and (slot := self.weekdays.slot(pair, rng)):
            yield slot
        if not _LATE.search(pair.english) and (slot := self.months.slot(pair, rng)):
            yield slot
        plain = unhamza(pair.arabic)
        for entries in self.entries.values():
            left = list(entries)
            rng.shuffle(left)
            for old in entries:
                spans = _spans(old, plain, pair.english)
                if spans and (new := _substitute(old, left, spans, pair)):
                    left.remove(new)
                    yield _swap(new, spans, pair)


_Spans = list[tuple[int, tuple[int, int], tuple[int, int]]]


def _spans(entry: Entry, plain: str, english: str) -> _Spans:
    """Return the spans of each form there is, by its place in the entry; none if one is unsure."""
    found: _Spans = []
    for place, form in enumerate(entry):
        theirs, ours = form.in_english(english), form.in_arabic(plain)
        if not theirs and not ours:
            continue
        if len(theirs) != 1 or len(ours) != 1 or not form.stands_alone(english, *theirs[0]):
            return []
        found.append((place, ours[0], theirs[0]))
    return found


def _substitute(old: Entry, left: Sequence[Entry], spans: _Spans, pair: Pair) -> Entry | None:
    """Return the first entry left that may stand for the old one."""
    return next((new for new in left if new is not old and _fits(new, old, spans, pair)), None)


def _swap(new: Entry, spans: _Spans, pair: Pair) -> Slot:
    return Slot(
        tuple(Edit(*ours, spell(new[place].stem, pair.arabic)) for place, ours, _ in spans),
        tuple(_english(new[place], theirs, pair.english) for place, _, theirs in spans),
    )


def _english(form: Form, span: tuple[int, int], english: str) -> Edit:
    return Edit(*span, recase(form.english[0], english[slice(*span)]))


def _fits(new: Entry, old: Entry, spans: _Spans, pair: Pair) -> bool:
    if any(form.in_english(pair.english) for form in new):
        return False
    return all(
        new[place].group == old[place].group
        and article_fits(pair.english, _english(new[place], theirs, pair.english))
        for place, _, theirs in spans
    )


def _names_friday_prayers(arabic: str) -> bool:
    """Whether Friday is more than a day here, or feminine: no other day could stand for it."""
    return any(
        _FRIDAY.search(arabic, 0, found.start()) or _FRIDAY_FEMININE.match(arabic, found.end())
        for found in re.finditer("الجمعة", arabic)
    )


@cache
def read() -> dict[str, Any]:
    """Return the data of the package as they are written."""
    file = resources.files("mujaz_models.train.substitution") / "gazetteer.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


@cache
def load() -> Gazetteer:
    """Return the gazetteer of the package."""
    data = read()
    only = frozenset(data["adjectives_only"])
    countries = [
        (_name(group, name, (english,)), _adjective(adjective, demonym, only))
        for group, rows in data["countries"].items()
        for name, english, adjective, demonym in rows
    ]
    singles = {
        kind: [
            (_name(group, name, tuple(english)),)
            for group, rows in data[kind].items()
            for name, *english in rows
        ]
        for kind in ("cities", "ranks")
    }
    offices = {
        f"{head} {office}": [
            (
                Form(
                    "", f"{head} {name}", tuple(f"{each} {office}" for each in english), titles=True
                ),
            )
            for name, *english in data["portfolios"]["all"]
        ]
        for head, office in (("وزير", "minister"), ("وزيرة", "minister"), ("وزارة", "ministry"))
    }
    days = tuple(name.removeprefix("ال") for name, _ in data["weekdays"])
    levant, other, months = zip(*data["months"], strict=True)
    both = tuple(f"{a}/{b}" for a, b in zip(levant, other, strict=True))
    bracketed = tuple(f"{a} ({b}" for a, b in zip(levant, other, strict=True))
    return Gazetteer(
        {"countries": countries, **singles, **offices},
        Cycle(ARTICLES, (days,), tuple(english for _, english in data["weekdays"])),
        Cycle(CLITICS, (both, bracketed, levant, other), months),
    )


def _name(group: str, name: str, english: tuple[str, ...]) -> Form:
    if "definite" in group or group == "officers":
        stem = name.removeprefix("ال")
        return Form(group, stem, english, before=ARTICLES, titles=group == "officers")
    return Form(group, name, english)


def _adjective(stem: str, english: str, only: frozenset[str]) -> Form:
    before = rf"(?:{CLITICS}|{ARTICLES})"
    if english in only:
        return Form("adjective", stem, (english,), before, "ة?", qualifies=True)
    return Form("noun", stem, (english,), before, _ADJECTIVE_ENDINGS, plural=True)
