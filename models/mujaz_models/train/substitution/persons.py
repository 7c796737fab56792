"""Names of people in a pair, and others of the same sex that may stand in their place.

A given name is found by the gazetteer; that the family name after it is the same on both sides is
seen by its consonants. A name is swapped as a whole, for one whose parts are of one region.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from random import Random
from typing import Final

from mujaz_models.train.corpora import Pair
from mujaz_models.train.substitution.gazetteer import TITLES, named_before, read
from mujaz_models.train.substitution.slots import CLITICS, Edit, Slot, spell, unhamza

_LEAST_ALIKE: Final = 0.75
_FAMILY: Final = re.compile(
    rf" (?!(?:{TITLES})\b)((?:(?:[Aa]l|[Ee]l)-|Ben |Abu |Al )?[A-Z][\w’]+(?:-[A-Z]\w+)?)"
)
_PARTICLES: Final = "bin|ibn|bint|al|el|de|da|do|dos|van|von|del"
_MORE: Final = re.compile(rf"(?:'s)? (?!(?:{TITLES})\b)(?:[A-Z]|(?:{_PARTICLES})\b)|-|'(?!s\b)")
_WORDS: Final = re.compile(r" ([^\W\d_]+)(?: ([^\W\d_]+))?")
_PART: Final = re.compile(r"(?:^|\W)[وف]?[بل]?(?:ابو|ابا|ابي|ام|بن|ابن|بنت|عبد|ال|اب|سان|سانت) ?$")
_INITIAL: Final = re.compile(r"\b(?:Abu|Umm|bin|ibn|bint|Abdel|Abdul|[A-Z]\.) $|-$")
_DIGRAPHS: Final = (("tch", "t"), ("sch", "s"), ("ph", "f"), ("x", "ks"), ("gh", "k"), ("dj", "j"))
_SOUNDS: Final = {
    **dict.fromkeys("bpvfبف", "b"),
    **dict.fromkeys("tdsczتطدضذظثزسشص", "t"),
    **dict.fromkeys("kqgjكقغجخ", "k"),
    **{sound: sound for sound in "mnlr"},
    **dict(zip("منلر", "mnlr", strict=True)),
}


@dataclass(frozen=True, slots=True)
class Name:
    """A name in Arabic and English; of several English spellings the first is written."""

    arabic: str
    english: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """Names that go with one another."""

    men: Sequence[Name]
    women: Sequence[Name]
    families: Sequence[Name]

    def given(self, sex: str) -> Sequence[Name]:
        """Return the given names of `men` or `women`."""
        return self.men if sex == "men" else self.women


@cache
def regions() -> tuple[Region, ...]:
    """Return the names of the package, by region."""
    return tuple(
        Region(
            *(
                [Name(arabic, tuple(english)) for arabic, *english in table[key]]
                for key in ("men", "women", "families")
            )
        )
        for table in read()["persons"]
    )


def slots(pair: Pair, rng: Random) -> Iterator[Slot]:
    """Yield the people of a pair that can be given another name."""
    plain = unhamza(pair.arabic)
    for sex, name in _given():
        spans = _spans(name, plain, pair.english)
        if spans and (slot := _renamed(sex, spans, pair, rng)):
            yield slot


@cache
def _given() -> tuple[tuple[str, Name], ...]:
    """Return each given name once, though it be of several regions."""
    every = ((sex, name) for sex in ("men", "women") for r in regions() for name in r.given(sex))
    return tuple(dict.fromkeys(every))


@cache
def _bare_given() -> frozenset[str]:
    return frozenset(unhamza(name.arabic) for _, name in _given())


@dataclass(frozen=True, slots=True)
class _Spans:
    arabic: tuple[int, int]
    english: tuple[int, int]
    has_family: bool


def _spans(name: Name, plain: str, english: str) -> _Spans | None:
    """Return where the person stands, if it is but once, and sure where the name ends."""
    present = [each for each in name.english if each in english]
    bare = unhamza(name.arabic)
    if not present or bare not in plain:
        return None
    theirs = list(re.finditer(rf"\b(?:{'|'.join(present)})(?!\w)", english))
    ours = list(re.finditer(rf"{CLITICS}({bare})(?!\w)", plain))
    if len(theirs) != 1 or len(ours) != 1:
        return None
    (start, end), (first, last) = theirs[0].span(), ours[0].span(1)
    goes_on_before = named_before(english, start) or _INITIAL.search(english, 0, start)
    if goes_on_before or _PART.search(plain, 0, first):
        return None
    family = _FAMILY.match(english, end)
    length = _length(family[1], english, plain, last) if family else 0
    if _MORE.match(english, family.end() if family else end) or (family and not length):
        return None
    if not family and _WORDS.match(plain, last):
        return None  # perhaps a family name that the English leaves out
    return _Spans(
        (first, last + length), (start, family.end() if family else end), has_family=bool(family)
    )


def _length(family: str, english: str, plain: str, start: int) -> int:
    """Return how long the family name is in Arabic, with its space; 0 if that is unsure."""
    found = _WORDS.match(plain, start)
    if not found:
        return 0
    ends = [found.end(1), found.end(2)] if found[2] else [found.end(1)]
    alike = {end: likeness(plain[start:end], family) for end in ends}
    best = max(ends, key=lambda end: alike[end])
    words = plain[start:best].strip()
    if words in _bare_given() or plain.count(words) > 1 or english.count(family) > 1:
        return 0  # of two given names the family name may be left out in English
    return best - start if alike[best] >= _LEAST_ALIKE else 0


def likeness(arabic: str, english: str) -> float:
    """Return from 0 to 1 how alike the consonants of a name are in the two scripts."""
    word = re.sub(r"^(?:al|el)[- ]", "", english.lower())
    for letters, sound in _DIGRAPHS:
        word = word.replace(letters, sound)
    words = [part.removeprefix("ال") for part in arabic.split()]
    ours, theirs = _skeleton("".join(words)), _skeleton(word)
    if not ours or not theirs:
        return 0.0
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def _skeleton(word: str) -> str:
    sounds = "".join(_SOUNDS.get(letter, "") for letter in word)
    return re.sub(r"(.)\1+", r"\1", sounds)


def _renamed(sex: str, spans: _Spans, pair: Pair, rng: Random) -> Slot | None:
    region = rng.choice(regions())
    given = rng.choice(region.given(sex))
    parts = [given, rng.choice(region.families)] if spans.has_family else [given]
    old = pair.english[slice(*spans.english)]
    if any(part.english[0] in pair.english or part.arabic in pair.arabic for part in parts):
        return None
    arabic = spell(" ".join(part.arabic for part in parts), pair.arabic)
    english = " ".join(part.english[0] for part in parts)
    return Slot(
        (Edit(*spans.arabic, arabic),),
        (Edit(*spans.english, english.upper() if old.isupper() else english),),
    )
