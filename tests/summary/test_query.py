"""Questions to eight reports, in both languages and orders, and the sentence that answers each."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from mujaz_server.summary import query as query_module
from mujaz_server.summary.selection import (
    Language,
    ReasonKind,
    Sentence,
    SentenceCount,
    summarize,
)

TABLE = Path(__file__).with_name("query_cases.toml")


@dataclass(frozen=True)
class Case:
    query: str
    order: str
    answer: int
    sentences: tuple[Sentence, ...]
    language: Language

    def rank(self, query: str) -> int:
        count = SentenceCount(len(self.sentences))
        picks = summarize(self.sentences, count, language=self.language, query=query)
        return next((pick.rank for pick in picks if pick.index == self.answer), len(self.sentences))


def _cases() -> list[Case]:
    return [
        _case(article["arabic"].split("\n")[:-1], article["english"].split("\n")[:-1], case)
        for article in tomllib.loads(TABLE.read_text(encoding="utf-8"))["article"]
        for case in article["case"]
    ]


def _case(arabic: list[str], english: list[str], case: dict[str, str]) -> Case:
    lines = list(zip(arabic, english, strict=True))
    translated = case["order"] == "TRANSLATE_FIRST"
    sentences = tuple(
        Sentence(index, index, text if translated else source, source=source if translated else "")
        for index, (source, text) in enumerate(lines)
    )
    [answer] = [index for index, source in enumerate(arabic) if source.startswith(case["answer"])]
    language: Language = "en" if translated else "ar"
    return Case(case["query"], case["order"], answer, sentences, language)


CASES = _cases()


def _found(*, focused: bool = True) -> list[Case]:
    ranks = [(case.rank(case.query if focused else ""), case) for case in CASES]
    for rank, case in ranks:
        print(f"{rank:2} {case.order:15} {case.query}")
    return [case for rank, case in ranks if rank <= 3]


def test_half_the_queries_are_arabic_and_half_select_first() -> None:
    assert len(CASES) == 24
    assert sum(case.query.isascii() for case in CASES) == 12
    assert sum(case.order == "SELECT_FIRST" for case in CASES) == 12


def test_the_answer_is_among_the_three_best() -> None:
    assert len(_found()) >= 22


def test_without_the_query_it_is_not() -> None:
    assert len(_found(focused=False)) <= 3


def test_without_skeletons_names_of_the_other_script_are_not_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _found()
    monkeypatch.setattr(query_module, "likeness", lambda _latin, _arabic: 0.0)
    lost = {case.query for case in found} - {case.query for case in _found()}
    assert lost >= {"Guterres", "Netanyahu's conditions", "Blinken", "cholera"}


def _focus(
    query: str, *texts: str, language: Language = "ar", sources: bool = False
) -> list[float]:
    """How much each sentence answers, the best being 1."""
    sentences = [
        Sentence(index, 0, "Nothing." if sources else text, source=text if sources else "")
        for index, text in enumerate(texts)
    ]
    picks = summarize(
        sentences, SentenceCount(len(texts)), language=language, query=query, diversity=0.0
    )
    shares = {
        pick.index: reason.contribution
        for pick in picks
        for reason in pick.reasons
        if reason.kind is ReasonKind.QUERY
    }
    best = max(shares.values(), default=1.0)
    return [shares.get(index, 0.0) / best for index in range(len(texts))]


WEATHER = "كان الطقس جميلا في ذلك اليوم."


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        pytest.param("Guterres", "وصل غوتيريش امس الى هناك.", id="a g is a ghain, an s a shin"),
        pytest.param(
            "Putin", "واجتمع الزعيم ببوتين امس هناك.", id="a p is a ba, another before it"
        ),
        pytest.param("Netanyahu", "وقال نتنياهو امس كلاما آخر.", id="vowels that are not written"),
        pytest.param("al-Qahira", "وصل الوفد الى القاهرة امس هناك.", id="the article"),
        pytest.param("Cairo", "وصل الوفد الى القاهرة امس هناك.", id="another name of the city"),
        pytest.param("Hezbollah", "وقال حزب الله كلاما آخر امس.", id="the name of God apart"),
        pytest.param("Lebanese army", "دخل جيش لبنان المدينة امس.", id="who comes from a place"),
        pytest.param("gaza", "دخلت القوافل غزة امس مساء.", id="without capitals"),
        pytest.param("Chad", "وصل الوفد الى تشاد امس هناك.", id="two letters for one"),
        pytest.param(
            "سيمنز", "اعلنت شركة Siemens عن مصنع جديد.", id="an Arabic query, a Latin name"
        ),
    ],
)
def test_a_name_is_found_in_the_other_script(query: str, answer: str) -> None:
    assert _focus(query, WEATHER, answer, WEATHER) == [0.0, 1.0, 0.0]


def test_the_more_alike_of_two_words_is_the_name() -> None:
    assert _focus("Oman", "استقر أمن البلد هناك امس.", "وصل الوفد الى عمان امس.") == [0.0, 1.0]


def test_an_arabic_query_is_looked_for_in_the_source() -> None:
    assert _focus("للطائرات", WEATHER, "وصلت طائرة امس.", language="en", sources=True) == [0, 1]


def test_covering_a_query_counts_more_than_repeating_a_word_of_it() -> None:
    repeated, covered = "Bridge, bridge and bridge again.", "A bridge and a tunnel were closed."
    shares = _focus("bridge tunnel", repeated, covered, language="en")
    assert shares[1] == 1.0
    assert shares[0] < 0.6


def test_a_rare_word_counts_more() -> None:
    texts = ["The river rose.", "The river fell.", "The river froze.", "The mayor resigned."]
    shares = _focus("river mayor", *texts, language="en")
    assert shares[3] == 1.0
    assert max(shares[:3]) < 1.0
