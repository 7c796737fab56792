"""Names across scripts: Putin is بوتين, by the consonants that both spellings keep.

Latin letters write every vowel, Arabic the long ones; one letter of the one is several of the
other (a g may be غ, ج, ق or ك). So a word is reduced to the classes of its consonants, in the
manner of Soundex, with a mark where vowels stand: its *skeleton*. Two skeletons are alike where
one is the other with vowels left out.
"""

import re
from collections.abc import Sequence

VOWELS = "a"

# Arabic has one letter for p and b and one for f and v. Which letter stands for a hissing or a
# throaty sound depends on who transliterates.
_CLASSES = {
    "B": "bpبپ",
    "F": "fvفڤ",
    "T": "tتطث",
    "D": "dدضذظ",
    "S": "szسصشزچژ",
    "K": "ckgjqجغقكخگ",
    "H": "hحه",
    "R": "rر",
    "L": "lل",
    "M": "mم",
    "N": "nن",
    VOWELS: "aeiouywاويع",
    "": "'",
}
_CLASS = str.maketrans({letter: name for name, all_ in _CLASSES.items() for letter in all_})

# The name of God is a word of its own in Arabic: Hezbollah is حزب الله. A final h is silent.
_SILENT_END = re.compile(r"(?<=\w\w)(?:[aou]llah|الله)$|(?<=[aeiouy])h$|ه$", re.MULTILINE)
_CLUSTER = re.compile(r"sch|tch|[csz]h|c(?=[eiy])|[kg]h|ck|dj|[dt]h|ph|rh|x|تش|دج")
_SOUNDS = {"kh": "k", "gh": "k", "ck": "k", "dj": "j", "dh": "d", "th": "t", "ph": "f"}
_SOUNDS |= {"rh": "r", "x": "ks", "دج": "ج"}
_DOUBLED = re.compile(r"([b-z])\1")
_VOWELS = re.compile(f"{VOWELS}+")


def skeletons(words: Sequence[str]) -> list[str]:
    """Returns the skeleton of each folded word (see `words.fold`), in time linear in their letters.

    A skeleton consists of capitals, one for each consonant, and `VOWELS`; what is no letter of
    either alphabet stays as it is. All words are rewritten as one text, a line each.
    """
    text = _SILENT_END.sub("", "\n".join(words))
    text = _CLUSTER.sub(lambda cluster: _SOUNDS.get(cluster[0], "s"), text)
    text = _DOUBLED.sub(r"\1", text).translate(_CLASS)
    return _VOWELS.sub(VOWELS, text).split("\n") if words else []


def consonants(skeleton: str) -> str:
    """Returns a skeleton without its vowels."""
    return skeleton.replace(VOWELS, "")


def likeness(latin: str, arabic: str) -> float:
    """Returns how far the skeleton of an Arabic spelling is that of a Latin one: 0 (not) to 1.

    A vowel that Arabic writes is a long one, which Latin letters have too, or it is another
    word. One that it does not write may be a short one, and leaves a doubt: أمن is less like
    Oman than عمان is.
    """
    some_vowels = re.escape(latin).replace(VOWELS, f"{VOWELS}?")
    return len(arabic) / len(latin) if latin and re.fullmatch(some_vowels, arabic) else 0.0
