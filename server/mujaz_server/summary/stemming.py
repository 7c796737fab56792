"""Light stemmers: enough to see that two sentences speak of the same thing.

Both take folded words (see `words.fold`). Neither looks for a root: a light stem keeps
distinct words apart, which matters more here than finding every relative.
"""

import re

_ARABIC = re.compile(r"[\u0620-\u064A\u066E-\u06D3]")
_ARABIC_ARTICLES = ("بال", "كال", "فال", "ال", "لل")
_ARABIC_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_SHORTEST_ARABIC_STEM = 2

_VOWEL = re.compile(r"[aeiouy]")
_DOUBLED = re.compile(r"([bdfgmnprt])\1$")
_SHORTEST_INFLECTED_STEM = 3


def stem(word: str) -> str:
    """Returns the light stem of a folded word, by the rules of its script."""
    return stem_arabic(word) if is_arabic(word) else stem_english(word)


def is_arabic(word: str) -> bool:
    """Whether a word has an Arabic letter."""
    return bool(_ARABIC.search(word))


def stem_arabic(word: str) -> str:
    """Strips the conjunction, the article and the inflections off a folded Arabic word.

    This is light10 of Larkey, Ballesteros and Connell, "Light Stemming for Arabic
    Information Retrieval" (2007), on words whose ta marbuta and alef maqsura are folded.
    Unlike light10 it also takes the waw after an article, so that وزير and الوزير, of which
    light10 makes زير and وزير, still meet.
    """
    word = _without_conjunction(word)
    for article in _ARABIC_ARTICLES:
        if word.startswith(article) and len(word) >= len(article) + _SHORTEST_ARABIC_STEM:
            word = _without_conjunction(word[len(article) :])
            break
    for suffix in _ARABIC_SUFFIXES:
        if word.endswith(suffix) and len(word) >= len(suffix) + _SHORTEST_ARABIC_STEM:
            word = word[: -len(suffix)]
    return word


def _without_conjunction(word: str) -> str:
    while word.startswith("و") and len(word) > _SHORTEST_ARABIC_STEM + 1:
        word = word[1:]
    return word


def stem_english(word: str) -> str:
    """Strips the possessive, the plural, -ing and -ed off a folded English word.

    The plural rules are those of the S-stemmer (Harman, "How Effective Is Suffixing?",
    1991); -ing, -ed and the last vowel follow step 1 of Porter (1980).
    """
    word = _singular(word.split("'", 1)[0])
    for suffix in ("ing", "ed"):
        body = word.removesuffix(suffix)
        if body != word and len(body) >= _SHORTEST_INFLECTED_STEM and _VOWEL.search(body):
            word = _DOUBLED.sub(r"\1", body)
            break
    return _without_last_vowel(word)


def _singular(word: str) -> str:
    if len(word) <= _SHORTEST_INFLECTED_STEM or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def _without_last_vowel(word: str) -> str:
    """Lets "close" meet "closed" and "carry" meet "carried"."""
    if len(word) <= _SHORTEST_INFLECTED_STEM:
        return word
    return word[:-1] + "i" if word.endswith("y") else word.removesuffix("e")
