"""Single words and their translation, inflected: a corpus from the Buckwalter lexicon.

A model that has read few sentences has met few words. The lexicon has 40,000, each with its
clitics: `وبالقصف`, "and with the bombardment"; `سيعلنون`, "they will announce".
"""

import argparse
import lzma
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mujaz_models.command import Command
from mujaz_models.train.lexicon import buckwalter
from mujaz_models.train.lexicon.buckwalter import Dictionary, Entry
from mujaz_models.train.lexicon.wording import Stem, translate

_FURTHER: Final = 1
"""Forms beside the plainest one of each word: more would teach clitics rather than words."""
_CLEAN: Final = re.compile(r"[A-Za-z][a-z]*(?:[ '-][A-Za-z]+)?")
_CAUSING: Final = ("make ", "let ", "cause ", "have ", "help ", "force ", "allow ")
"""Verbs whose object stands in their midst: `make write` is to make someone write."""
_CHOICE: Final = re.compile(r"([a-z]+)/[a-z]+(?:/[a-z]+)*")
_PERSON: Final = re.compile(r"^[a-z -]*(?:er|or|ist|ian|man|eer|ee|naut)$")
_QUALITY: Final = re.compile(r"(?:ous|ful|less|ical|able|ible|ive|ish|[^e]ed)$")
_DESCRIBING: Final = frozenset({"Nall", "N-ap", "Nuwn_Niyn"})
"""Categories of participles and adjectives, where the dictionary does not say what a word is."""
_USED: Final = re.compile(
    r"wa/CONJ|[bl]i/PREP|Al/DET|sa/FUT|li/SUBJUNC|.*/(IV(3[MF]S|3MP|1P)|NSUFF_.*"
    r"|POSS_PRON_(3[MF]S|3MP|1P)|PVSUFF_SUBJ:(3[MF]S|3MP|1P)|IVSUFF_SUBJ:MP_MOOD:I"
    r"|[PI]VSUFF_DO:3MP)"
)
"""The parts of prefixes and suffixes that have an English; without the others it is quicker."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A stem, its spelling, and what it is a form of: a lemma in one sense, or its plural."""

    form: str
    stem: Stem
    origin: tuple[str, str]


def pairs(dictionary: Dictionary) -> Iterator[tuple[str, str]]:
    """Yield words in Arabic script and their English, each pair once, always in the same order.

    A spelling of two meanings teaches nothing out of context and is left out: `علم` is science, a
    flag, knew and taught, but `العلوم` are the sciences.
    """
    forms = _Forms(dictionary)
    words = list(_words(dictionary.stems))
    meanings = _meanings(words, forms, {s.form for s in dictionary.stems if _is_function_word(s)})
    by_origin: dict[tuple[str, str], list[_Word]] = defaultdict(list)
    for word in words:
        by_origin[word.origin].append(word)
    chosen: dict[tuple[str, str], None] = {}
    for same in by_origin.values():
        made = {pair for word in same for pair in forms.of(word) if meanings[pair[0]] == pair[1]}
        chosen |= dict.fromkeys(_choose(made))
    yield from ((buckwalter.arabic(form), english) for form, english in chosen)


def _meanings(
    words: Iterable[_Word], forms: "_Forms", known: Collection[str]
) -> dict[str, str | None]:
    meanings: dict[str, str | None] = dict.fromkeys([*known, *(f"w{form}" for form in known)])
    for word in words:
        for form, english in forms.of(word):
            if meanings.setdefault(form, english) != english:
                meanings[form] = None
    return meanings


def _is_function_word(stem: Entry) -> bool:
    return stem.category.startswith("FW")


class _Forms:
    """The forms of words, as far as their English is certain."""

    def __init__(self, dictionary: Dictionary) -> None:
        used = Dictionary(
            tuple(filter(_is_used, dictionary.prefixes)),
            (),
            tuple(filter(_is_used, dictionary.suffixes)),
            dictionary.prefix_stem,
            dictionary.stem_suffix,
            dictionary.prefix_suffix,
        )
        categories = {stem.category for stem in dictionary.stems}
        self._around = {category: used.around(category) for category in categories}

    def of(self, word: _Word) -> Iterator[tuple[str, str]]:
        for prefix, suffix in self._around[word.stem.category]:
            english = translate(prefix, word.stem, suffix)
            if english is not None:
                yield f"{prefix.form}{word.form}{suffix.form}", english


def _is_used(affix: Entry) -> bool:
    return all(map(_USED.fullmatch, affix.parts))


def _words(stems: Sequence[Entry]) -> Iterator[_Word]:
    transitive = {stem.lemma for stem in stems if "_Pass" in stem.category}
    tagged = {_origin(stem)[1] for stem in stems if stem.parts and stem.parts[0].endswith("/ADJ")}
    untagged = {_origin(stem) for stem in stems if not stem.parts and _may_describe(stem)}
    for stem in stems:
        lemma, gloss = origin = _origin(stem)
        if not gloss or any(part.endswith("/ADV") for part in stem.parts):
            continue
        describes = gloss in tagged or origin in untagged or _QUALITY.search(gloss) is not None
        adjective = describes and _PERSON.search(gloss) is None
        yield _Word(stem.form, Stem(stem.category, gloss, adjective, lemma in transitive), origin)


def _origin(stem: Entry) -> tuple[str, str]:
    return stem.lemma, first_sense(stem.glosses) or ""


def _may_describe(stem: Entry) -> bool:
    return stem.category.removesuffix("_L") in _DESCRIBING


def first_sense(glosses: Iterable[str]) -> str | None:
    """Return the first sense of at most two plain words; of words to choose from, the first."""
    for sense in glosses:
        if choice := _CHOICE.fullmatch(sense):
            return choice[1]
        if _CLEAN.fullmatch(sense) and not sense.startswith(_CAUSING):
            return sense
    return None


def _choose(made: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    by_length = sorted(made, key=lambda pair: (len(pair[0]), len(pair[1]), pair))
    return by_length[:1] + sorted(by_length[1:], key=_by_chance)[:_FURTHER]


def _by_chance(pair: tuple[str, str]) -> tuple[int, tuple[str, str]]:
    return zlib.crc32(pair[0].encode()), pair


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="such as CORPORA/lexicon.tsv.xz")


def _run(options: argparse.Namespace) -> None:
    made = list(pairs(Dictionary.load(buckwalter.installed())))
    content = "".join(f"{arabic}\t{english}\n" for arabic, english in made)
    options.file.write_bytes(lzma.compress(content.encode()))
    print(f"{options.file}: {len(made):,} pairs")  # noqa: T201 (a command prints)


COMMAND = Command("lexicon", "write the corpus of single words for training", _configure, _run)
