import math
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.summary.selection import (
    Budget,
    Language,
    Pick,
    Ratio,
    Sentence,
    SentenceCount,
    WordCount,
    count_words,
    summarize,
)

WORDS = ("river", "bridge", "flood", "Berlin", "the", "ارتفع", "النهر", "المدينة", "في", "قتل")
MARKS = ("12", "٣٫٥", ".", "!", "؟", "(", ")", "-", "AFP")
texts = st.one_of(
    st.text(max_size=40), st.lists(st.sampled_from(WORDS + MARKS), max_size=12).map(" ".join)
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
        sentences.append(Sentence(index, paragraph, text, doubtful, eligible))
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


@given(documents(), languages)
def test_a_larger_count_keeps_what_a_smaller_one_took(
    sentences: list[Sentence], language: Language
) -> None:
    taken: set[int] = set()
    for count in range(1, 5):
        picks = summarize(sentences, SentenceCount(count), language=language)
        assert taken <= {pick.index for pick in picks}
        taken = {pick.index for pick in picks}


@given(documents(), languages)
def test_every_prefix_of_a_document_has_a_summary(
    sentences: list[Sentence], language: Language
) -> None:
    for end in range(len(sentences) + 1):
        picks = summarize(sentences[:end], SentenceCount(3), language=language)
        assert all(pick.index < end for pick in picks)
