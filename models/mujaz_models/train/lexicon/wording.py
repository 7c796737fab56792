"""The English of an Arabic word: a stem's gloss between what its prefix and its suffix say.

Only what is certain out of context is put into words. A subject that may follow its verb is left
out (`أعلن`, "announced"), and so is every form whose pronoun is a person or a thing (`كتبه`, "wrote
him" or "wrote it") or whose noun would need an article or none (`بكتاب`, "with a book").
"""

import re
from dataclasses import dataclass
from typing import Final

from mujaz_models.train.lexicon import inflection
from mujaz_models.train.lexicon.buckwalter import Entry

_AND: Final = "wa/CONJ"
_PREPOSITIONS: Final = {"bi/PREP": "with", "li/PREP": "for"}
_ARTICLE: Final = "Al/DET"
_FUTURE: Final = "sa/FUT"
_PURPOSE: Final = "li/SUBJUNC"
_OWNERS: Final = {"3MS": "his", "3FS": "its", "3MP": "their", "1P": "our"}
_SUBJECTS: Final = {"3MS": "", "3FS": "", "3MP": "they", "1P": "we"}
_OBJECTS: Final = {"3MP": "them"}
_AS_IT_IS: Final = frozenset({"NSUFF_FEM_SG", "NSUFF_MASC_SG_ACC_INDEF"})
_NUMBER: Final = re.compile(r"NSUFF_(?:FEM|MASC)_(DU|PL)(?:_NOM|_ACCGEN)?")
_OF_THEM: Final = "IVSUFF_SUBJ:MP_MOOD:I"
_NOMINATIVE: Final = frozenset({"Nh", "Nh_L"})
"""Stems that end in the hamza of the nominative, as in `أبناؤه`, never after a preposition."""
_JUSSIVE: Final = ("IV_C", "IV_0hwnyn")
"""Stems that without a suffix stand only after a word that is not here, such as `لم`."""


@dataclass(frozen=True, slots=True)
class Stem:
    """What of a stem decides its English.

    Attributes:
        category: what the tables of the dictionary know it by.
        gloss: one plain sense; of a verb its base form, `be` and an adjective among them.
        adjective: whether it agrees with a noun.
        transitive: whether its verb has a passive, and so may have an object in English.
    """

    category: str
    gloss: str
    adjective: bool = False
    transitive: bool = False


def translate(prefix: Entry, stem: Stem, suffix: Entry) -> str | None:
    """Return the English of a word; None where it is not certain or where there is none."""
    if stem.category.startswith("PV"):
        return _perfect(prefix, stem, suffix)
    if stem.category.startswith("IV"):
        return _imperfect(prefix, stem, suffix)
    if stem.category.startswith("N") and stem.category != "Numb":
        return _nominal(prefix, stem, suffix)
    return None


def _nominal(prefix: Entry, stem: Stem, suffix: Entry) -> str | None:
    number, owner = _number_and_owner(suffix)
    preposition, definite = _before_noun(prefix)
    if number is None or owner is None or preposition is None:
        return None
    said: str | None = None
    if stem.category in {"Nel", "NF", "NK"}:
        said = stem.gloss if not (prefix.parts or number or owner) else None
    elif _is_name(stem):
        said = stem.gloss if not (definite or number or owner or preposition) else None
    elif stem.adjective:
        # It agrees in gender and definiteness, in English in none: `والاقتصادية`, "and economic".
        # In the plural it is often a noun: `اقتصاديون` are economists.
        said = stem.gloss if not (preposition or number or owner) else None
    elif not (preposition and stem.category in _NOMINATIVE):
        said = _noun(stem, "the" if definite else owner, number, bare=not prefix.parts)
    return None if said is None else _join(_conjunction(prefix), preposition, said)


def _is_name(stem: Stem) -> bool:
    return stem.category == "Nprop" or (stem.gloss[0].isupper() and not stem.adjective)


def _noun(stem: Stem, determiner: str, number: str, *, bare: bool) -> str | None:
    said = inflection.plural(stem.gloss) if number else stem.gloss
    if said is None or not (bare or determiner or number):
        return None
    return _join(determiner, "two" if number == "DU" else "", said)


def _before_noun(prefix: Entry) -> tuple[str | None, bool]:
    parts = [part for part in prefix.parts if part not in {_AND, _ARTICLE}]
    words = [_PREPOSITIONS.get(part) for part in parts] or [""]
    return (words[0] if len(words) == 1 else None), _ARTICLE in prefix.parts


def _number_and_owner(suffix: Entry) -> tuple[str | None, str | None]:
    number, owner = "", ""
    bound = any("/POSS_PRON_" in part for part in suffix.parts)
    for tag in map(_tag, suffix.parts):
        if tag.startswith("POSS_PRON_"):
            known = _OWNERS.get(tag.removeprefix("POSS_PRON_"))
            if known is None or number == "DU":
                return None, None
            owner = known
        elif found := _NUMBER.fullmatch(tag.removesuffix("_POSS") if bound else tag):
            number = found[1]
        elif tag not in _AS_IT_IS:
            return None, None
    return number, owner


def _perfect(prefix: Entry, stem: Stem, suffix: Entry) -> str | None:
    subject, obj = _subject_and_object(suffix)
    if subject is None or obj is None or set(prefix.parts) - {_AND}:
        return None
    if "_Pass" in stem.category and subject == "we":
        return None
    head = stem.gloss.partition(" ")[0]
    verb = "were" if head == "be" and subject else inflection.past(head)
    return _clause(prefix, subject, verb, stem, obj)


def _subject_and_object(suffix: Entry) -> tuple[str | None, str | None]:
    subject: str | None = None
    obj: str | None = ""
    for tag in map(_tag, suffix.parts):
        role, _, person = tag.partition(":")
        if role == "PVSUFF_SUBJ":
            subject = _SUBJECTS.get(person)
        else:
            obj = _OBJECTS.get(person)
    return subject, obj


def _imperfect(prefix: Entry, stem: Stem, suffix: Entry) -> str | None:
    *before, person = prefix.parts or ("",)
    subject = _SUBJECTS.get(_tag(person).removeprefix("IV"))
    obj = _object_after(subject, suffix)
    if subject is None or obj is None or set(before) - {_AND, _FUTURE, _PURPOSE}:
        return None
    if stem.category.startswith(_JUSSIVE) and subject != "they":
        return None
    if "_Pass" in stem.category and subject == "we":
        return None
    head = stem.gloss.partition(" ")[0]
    if _PURPOSE in before:
        return None if subject else _clause(prefix, "to", head, stem, obj)
    if _FUTURE in before:
        return _clause(prefix, _join(subject, "will"), head, stem, obj)
    verb = inflection.third_person(head) if not subject else "are" if head == "be" else head
    return _clause(prefix, subject, verb, stem, obj)


def _object_after(subject: str | None, suffix: Entry) -> str | None:
    tags = [_tag(part) for part in suffix.parts]
    if (subject == "they") != (_OF_THEM in tags):
        return None
    objects = [tag for tag in tags if tag != _OF_THEM]
    if not objects:
        return ""
    role, _, person = objects[0].partition(":")
    return _OBJECTS.get(person) if role == "IVSUFF_DO" else None


def _clause(prefix: Entry, subject: str, verb: str | None, stem: Stem, obj: str) -> str | None:
    _, _, rest = stem.gloss.partition(" ")
    if verb is None or (obj and (rest or not stem.transitive)):
        return None  # "turn around them": where the object goes is not known
    return _join(_conjunction(prefix), subject, verb, rest, obj)


def _conjunction(prefix: Entry) -> str:
    return "and" if _AND in prefix.parts else ""


def _tag(part: str) -> str:
    return part.rpartition("/")[2]


def _join(*words: str) -> str:
    return " ".join(filter(None, words))
