import math
from dataclasses import replace
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.document import read_layout
from mujaz_server.summary.reading import Reading
from mujaz_server.summary.selection import (
    Budget,
    Language,
    Pick,
    Ratio,
    ReasonKind,
    Sentence,
    SentenceCount,
    WordCount,
    count_words,
    summarize,
)
from mujaz_server.summary.vectors import SentenceVectors
from mujaz_server.summary.words import terms_of, words

WORDS = ("river", "bridge", "flood", "Berlin", "the", "ارتفع", "النهر", "المدينة", "في", "قتل")
OPENERS = ("He", "But", "وأضاف", "كما")
MARKS = ("“", "”", "«", "»", '"', "12", "٣٫٥", ".", "!", "؟", "(", ")", "-", "AFP")
texts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(WORDS + OPENERS + MARKS), max_size=12).map(" ".join),
)
languages: st.SearchStrategy[Language] = st.sampled_from(["ar", "en"])
budgets: st.SearchStrategy[Budget] = st.one_of(
    st.builds(SentenceCount, st.integers(1, 15)),
    st.builds(WordCount, st.integers(1, 60)),
    st.builds(Ratio, st.floats(0.001, 1.0)),
)
diversities = st.floats(0.0, 1.0)


@st.composite
def documents(draw: st.DrawFn) -> list[Sentence]:
    paragraph, sentences = 0, []
    for index, text in enumerate(draw(st.lists(texts, max_size=10))):
        paragraph += draw(st.integers(0, 1))
        doubtful, eligible = draw(st.booleans()), draw(st.integers(0, 4)) > 0
        confidence = draw(st.floats(0.0, 1.0))
        sentences.append(
            Sentence(index, paragraph, text, doubtful, eligible, confidence=confidence)
        )
    return sentences


@given(documents(), budgets, languages, texts, diversities)
def test_picks_are_in_order_unique_ranked_and_add_up(
    sentences: list[Sentence], budget: Budget, language: Language, query: str, diversity: float
) -> None:
    picks = summarize(sentences, budget, language=language, query=query, diversity=diversity)
    chosen = [pick.index for pick in picks]
    assert chosen == sorted(set(chosen))
    assert sorted(pick.rank for pick in picks) == list(range(1, len(picks) + 1))
    by_rank = sorted(picks, key=lambda pick: pick.rank)
    assert all(a.score >= b.score - 1e-9 for a, b in pairwise(by_rank))
    for pick in picks:
        assert math.isfinite(pick.score)
        assert math.isclose(pick.score, sum(r.contribution for r in pick.reasons), abs_tol=1e-9)
        assert len({reason.kind for reason in pick.reasons}) == len(pick.reasons)


@given(documents(), budgets, languages)
def test_the_budget_is_never_exceeded(
    sentences: list[Sentence], budget: Budget, language: Language
) -> None:
    picks = summarize(sentences, budget, language=language)
    size = sum(count_words(sentences[pick.index].text) for pick in picks)
    match budget:
        case SentenceCount(value):
            assert len(picks) <= value
            assert bool(picks) == bool(sentences)
        case WordCount(value):
            assert size <= value
        case Ratio(value):
            whole = sum(count_words(sentence.text) for sentence in sentences)
            assert size <= value * whole + 1e-6 or len(picks) == 1
            assert bool(picks) == bool(sentences)


@given(documents(), budgets, languages, texts, st.permutations(range(10)))
def test_the_callers_numbers_for_the_sentences_change_nothing(
    sentences: list[Sentence], budget: Budget, language: Language, query: str, numbers: list[int]
) -> None:
    def picks(document: list[Sentence]) -> list[Pick]:
        return summarize(document, budget, language=language, query=query)

    renumbered = [replace(s, index=numbers[s.index]) for s in sentences]
    assert picks(renumbered) == [replace(p, index=numbers[p.index]) for p in picks(sentences)]


@given(documents(), budgets, languages, texts)
def test_the_same_document_always_gives_the_same_picks(
    sentences: list[Sentence], budget: Budget, language: Language, query: str
) -> None:
    first = summarize(sentences, budget, language=language, query=query)
    assert first == summarize([*sentences], budget, language=language, query=query)


@given(documents(), budgets, languages)
def test_only_content_is_taken_where_there_is_any(
    sentences: list[Sentence], budget: Budget, language: Language
) -> None:
    eligible = read_layout(sentences, [count_words(each.text) for each in sentences]).eligible
    for pick in summarize(sentences, budget, language=language):
        assert eligible[pick.index] or not any(eligible)


@given(documents(), budgets, languages, diversities)
def test_no_two_picks_say_the_same(
    sentences: list[Sentence], budget: Budget, language: Language, diversity: float
) -> None:
    picks = summarize(sentences, budget, language=language, diversity=diversity)
    vectors = SentenceVectors.of([terms_of(words(s.text)) or words(s.text) for s in sentences])
    for one, other in combinations(picks, 2):
        assert not vectors.twins(one.index)[other.index]


@given(documents(), budgets, languages)
def test_context_is_taken_off_where_the_sentence_before_is_missing_and_only_there(
    sentences: list[Sentence], budget: Budget, language: Language
) -> None:
    picks = summarize(sentences, budget, language=language)
    antecedents = Reading.of(sentences, language).antecedents()
    chosen = {pick.index for pick in picks}
    for pick in picks:
        missing = pick.index in antecedents and antecedents[pick.index] not in chosen
        assert missing == (ReasonKind.CONTEXT in {reason.kind for reason in pick.reasons})


@given(documents(), languages, st.data())
def test_a_quotation_is_taken_whole_where_there_is_room_for_it(
    sentences: list[Sentence], language: Language, data: st.DataObject
) -> None:
    reading = Reading.of(sentences, language)
    units = [
        unit
        for unit in reading.units()
        if not any(reading.vectors.twins(one)[other] for one, other in combinations(unit, 2))
    ]
    longest = max(map(len, units), default=1)
    count = data.draw(st.integers(longest, 15))
    chosen = {p.index for p in summarize(sentences, SentenceCount(count), language=language)}
    for unit in units:
        assert {*unit} <= chosen or not {*unit} & chosen


@given(documents(), languages)
def test_every_prefix_of_a_document_has_a_summary(
    sentences: list[Sentence], language: Language
) -> None:
    for end in range(len(sentences) + 1):
        picks = summarize(sentences[:end], SentenceCount(3), language=language)
        assert all(pick.index < end for pick in picks)
