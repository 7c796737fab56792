"""How well each sentence answers a query.

A query may be in either language, and a sentence may be known in both. A word of the query is
found in a sentence by its stem, or as a name of the other script by its consonants (see
`skeletons`). What counts is which of the words a sentence has, the rare ones more, and not how
often it has them.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import numpy as np

from mujaz_server.summary.lexicon import EXONYMS
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.skeletons import consonants, likeness, skeletons
from mujaz_server.summary.stemming import is_arabic
from mujaz_server.summary.vectors import Floats
from mujaz_server.summary.words import terms_of, words

_FEWEST_CONSONANTS = 2
_CAPITALISED = re.compile(r"\b[A-ZÀ-Þ][\w'’]*")

# What is written together with an Arabic word, unless it is the word's own first letter.
_CONJUNCTION = re.compile(r"[وف](?=\w\w\w)")
# The last are the persons of a verb: يسجن and سجن.
_PARTICLE = re.compile(r"[بكل]?ال(?=\w\w)|لل(?=\w\w)|[بكليت](?=\w\w\w)")
_DEMONYM = re.compile(r"(?<=\w\w)(?:[iy]ans?|ese|'s)$")

# For a row of the query, the words of the document that are it, and how surely: 0 to 1.
_Found = dict[int, dict[str, float]]


def relevance(query: str, reading: Reading) -> Floats:
    """Returns, for each sentence, the share of the query that it has, by rarity: 0 to 1.

    A word that no sentence has is no part of the query.
    """
    spoken = [
        frozenset([*folded, *words(sentence.source)])
        for sentence, folded in zip(reading.sentences, reading.folded, strict=True)
    ]
    vocabulary = frozenset[str]().union(*spoken)
    asked = [word for word in dict.fromkeys(words(query)) if terms_of((word,))]
    capitalised = _capitalised([query])
    found = _by_stem(asked, vocabulary)
    names = {
        word: row
        for row, word in enumerate(asked)
        if word in capitalised or (not capitalised and row not in found)
    }
    for row, alike in _by_consonants(names, vocabulary, reading).items():
        found[row] = alike | found.get(row, {})
    return _coverage([*found.values()], spoken)


def _coverage(found: Sequence[Mapping[str, float]], spoken: Sequence[frozenset[str]]) -> Floats:
    """Returns the share of what was found that each sentence has, the rare weighing more."""
    matches = np.zeros((len(found), len(spoken)))
    for row, alike in enumerate(found):
        for position, held in enumerate(spoken):
            matches[row, position] = max((alike[word] for word in alike.keys() & held), default=0)
    frequencies = np.maximum(np.count_nonzero(matches, axis=1), 1)
    rarities = np.log1p(len(spoken) / frequencies)
    covered: Floats = rarities @ matches
    return covered / max(float(rarities.sum()), 1.0)


def _by_stem(asked: Sequence[str], vocabulary: Collection[str]) -> _Found:
    rows: dict[str, set[int]] = defaultdict(set)
    for row, word in enumerate(asked):
        for term in terms_of([*_readings(word), EXONYMS.get(word, word)]):
            rows[term].add(row)
    # A stem is part of its word, but for its last letter and the separators of numbers. To look
    # for it costs a tenth of stemming every word of a long document.
    parts = "|".join(re.escape(term[:-1] or term) for term in rows)
    near = re.compile(rf"^\d|{parts}" if parts else r"^\d").search
    found: _Found = defaultdict(dict)
    for word in filter(near, vocabulary):
        for term in terms_of([*_readings(word)]):
            for row in rows.get(term, ()):
                found[row][word] = 1.0
    return dict(found)


def _by_consonants(
    names: Mapping[str, int], vocabulary: Collection[str], reading: Reading
) -> _Found:
    """Finds names in the other script; of several words those that are most alike."""
    found: _Found = {}
    for arabic in (True, False):  # the script of the names
        rows = {word: row for word, row in names.items() if is_arabic(word) == arabic}
        if rows:
            latin = _capitalised(each.text for each in reading.sentences) if arabic else ()
            others = [w for w in vocabulary if (w in latin if arabic else is_arabic(w))]
            found |= _in_other_script(rows, others, names_are_arabic=arabic)
    return found


def _in_other_script(
    names: Mapping[str, int], others: Sequence[str], *, names_are_arabic: bool
) -> _Found:
    sought = {name: _skeletons(name) for name in names}
    endings = tuple({consonants(each) for own in sought.values() for each in own})
    spelled = zip(others, skeletons(others), strict=True)
    # What is written together with an Arabic word stands before it.
    near = [word for word, skeleton in spelled if consonants(skeleton).endswith(endings)]
    candidates: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for word in near:
        for other in _skeletons(word):
            candidates[consonants(other)].append((word, other))
    found: _Found = {}
    for name, row in names.items():
        alike: dict[str, float] = defaultdict(float)
        for own in sought[name]:
            for word, other in candidates[consonants(own)]:
                pair = (other, own) if names_are_arabic else (own, other)
                alike[word] = max(alike[word], likeness(*pair))
        if best := max(alike.values(), default=0.0):
            found[row] = {word: best for word, each in alike.items() if each == best}
    return found


def _skeletons(word: str) -> list[str]:
    """Returns the skeletons of a word's readings that are enough to know a name by."""
    spelled = skeletons([*_readings(word)])
    return [each for each in spelled if len(consonants(each)) >= _FEWEST_CONSONANTS]


def _capitalised(texts: Iterable[str]) -> frozenset[str]:
    """Returns the words that Latin capitals mark as names, folded."""
    return frozenset(words(" ".join(run for text in texts for run in _CAPITALISED.findall(text))))


def _readings(word: str) -> Iterator[str]:
    """Yields a word, and what of it may be the word proper.

    Only a reader knows that باريس is Paris and that بعمان is in Oman, or how a ch is spoken.
    """
    yield word
    conjunction = _CONJUNCTION.match(word)
    bare = word[conjunction.end() :] if conjunction else word
    if conjunction:
        yield bare
    if particle := _PARTICLE.match(bare):
        yield bare[particle.end() :]
    if demonym := _DEMONYM.search(word):
        yield word[: demonym.start()]
    if "ch" in word:
        yield word.replace("ch", "k")
