import math

import pytest

from mujaz_server.summary.selection import (
    WEIGHTS,
    Budget,
    Pick,
    Ratio,
    ReasonKind,
    Sentence,
    SentenceCount,
    Weights,
    WordCount,
    summarize,
)

RIVER = "The river rose by three metres and flooded the old town."
BRIDGE = "Engineers closed both bridges to lorries until further notice."
SCHOOL = "Schools stay shut and classes move to the sports hall."


def document(*texts: str) -> list[Sentence]:
    return [Sentence(index, 0, text) for index, text in enumerate(texts)]


def indices(picks: list[Pick]) -> list[int]:
    return [pick.index for pick in picks]


def contribution(pick: Pick, kind: ReasonKind) -> float:
    return math.fsum(reason.contribution for reason in pick.reasons if reason.kind is kind)


@pytest.mark.parametrize(
    ("texts", "budget", "expected"),
    [
        pytest.param([], SentenceCount(3), [], id="no sentences"),
        pytest.param([RIVER], SentenceCount(3), [0], id="one sentence"),
        pytest.param(
            [BRIDGE, SCHOOL, RIVER] * 2, SentenceCount(3), [0, 1, 2], id="of equals the first"
        ),
        pytest.param(["***", "…"], SentenceCount(1), [0], id="symbols only: the first"),
        pytest.param(["AFP", "(AFP)"], SentenceCount(1), [0], id="signatures only: the first"),
        pytest.param([RIVER, "***", BRIDGE], SentenceCount(9), [0, 2], id="more than there is"),
        pytest.param([RIVER, BRIDGE], WordCount(8), [], id="no sentence is so short"),
        pytest.param([RIVER, BRIDGE], WordCount(9), [1], id="what does not fit is passed over"),
        pytest.param([RIVER, BRIDGE], WordCount(20), [0, 1], id="words to the last"),
        pytest.param([RIVER, BRIDGE, SCHOOL], Ratio(0.01), [0], id="a ratio gives at least one"),
        pytest.param([RIVER, BRIDGE, SCHOOL], Ratio(1.0), [0, 1, 2], id="a ratio of one is all"),
    ],
)
def test_budgets(texts: list[str], budget: Budget, expected: list[int]) -> None:
    assert indices(summarize(document(*texts), budget, language="en")) == expected


@pytest.mark.parametrize("budget", [SentenceCount, WordCount])
@pytest.mark.parametrize("value", [0, -1])
def test_a_count_below_one_is_refused(budget: type[SentenceCount | WordCount], value: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        budget(value)


@pytest.mark.parametrize("value", [0.0, -0.5, 1.1, math.nan, math.inf])
def test_a_ratio_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="over 0 to 1"):
        Ratio(value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_a_diversity_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        summarize(document(RIVER), SentenceCount(1), language="en", diversity=value)


@pytest.mark.parametrize("diversity", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(
    "again",
    [
        pytest.param(RIVER, id="the same"),
        pytest.param("The river rose by three metres and has flooded the old town.", id="a word"),
        pytest.param(f"Officials in Berlin and Hamburg: {RIVER}", id="a longer one that holds it"),
    ],
)
def test_a_repetition_is_never_taken(again: str, diversity: float) -> None:
    sentences = document(RIVER, again, BRIDGE, SCHOOL)
    for budget in (SentenceCount(4), Ratio(1.0), WordCount(100)):
        picks = summarize(sentences, budget, language="en", diversity=diversity)
        assert indices(picks) == [0, 2, 3]


def test_redundancy_is_what_it_was_when_the_sentence_was_taken() -> None:
    related = "Engineers said the river rose by three metres before both bridges failed."
    first, again, other = summarize(
        document(RIVER, related, SCHOOL), SentenceCount(3), language="en"
    )
    assert contribution(first, ReasonKind.REDUNDANCY) == 0.0
    assert -1.0 < contribution(again, ReasonKind.REDUNDANCY) < 0.0
    assert contribution(other, ReasonKind.REDUNDANCY) == 0.0


def test_a_sentence_that_reads_on_gives_way_to_one_that_stands_alone() -> None:
    dangling = "They closed both bridges to lorries until further notice."
    for second, expected in [(BRIDGE, [0, 2]), (dangling, [0, 3])]:
        sentences = document(RIVER, "A moment.", second, SCHOOL)
        picks = summarize(sentences, SentenceCount(2), language="en")
        assert indices(picks) == expected


def test_a_sentence_that_reads_on_is_free_once_the_one_before_is_taken() -> None:
    sentences = document(RIVER, "They closed both bridges to lorries.", SCHOOL)
    picks = summarize(sentences, SentenceCount(2), language="en")
    assert indices(picks) == [0, 1]
    assert contribution(picks[1], ReasonKind.CONTEXT) == 0.0


def test_a_sentence_that_reads_on_is_taken_where_there_is_nothing_else_and_says_so() -> None:
    sentences = document(RIVER * 3, "They closed both bridges to lorries.")
    (pick,) = summarize(sentences, WordCount(10), language="en")
    assert pick.index == 1
    assert contribution(pick, ReasonKind.CONTEXT) == -WEIGHTS["en"].context


def test_the_first_sentence_and_one_below_a_headline_read_on_from_nothing() -> None:
    for sentences in (
        document("They closed both bridges to lorries."),
        [Sentence(0, 0, "Bridges shut"), Sentence(1, 1, "They closed both bridges to lorries.")],
    ):
        (pick,) = summarize(sentences, SentenceCount(1), language="en")
        assert contribution(pick, ReasonKind.CONTEXT) == 0.0


QUOTED = ("The mayor said: “Engineers closed both bridges to lorries.", "Schools stay shut.”")


@pytest.mark.parametrize(
    ("texts", "budget", "expected"),
    [
        pytest.param([RIVER, *QUOTED], SentenceCount(3), [0, 1, 2], id="whole"),
        pytest.param([*QUOTED, RIVER], SentenceCount(1), [2], id="not in part"),
        pytest.param([*QUOTED, RIVER * 2], WordCount(11), [0], id="in part if nothing else fits"),
        pytest.param([*QUOTED], SentenceCount(1), [0], id="in part if there is nothing else"),
        pytest.param([*QUOTED, RIVER * 2], WordCount(12), [0, 1], id="to the last word"),
    ],
)
def test_a_quotation_is_taken_whole(texts: list[str], budget: Budget, expected: list[int]) -> None:
    assert indices(summarize(document(*texts), budget, language="en")) == expected


def test_neither_context_nor_quotations_reach_into_another_document() -> None:
    sentences = [
        Sentence(0, 0, "The mayor said: “Engineers closed both bridges to lorries.", document=0),
        Sentence(1, 1, "They” stay shut, all the schools of the town.", document=1),
    ]
    picks = summarize(sentences, SentenceCount(1), language="en")
    assert indices(picks) == [0]
    assert all(contribution(pick, ReasonKind.CONTEXT) == 0.0 for pick in picks)


def test_a_query_moves_the_selection() -> None:
    sentences = document(RIVER, BRIDGE, SCHOOL)
    for query, expected in [("", 0), ("closing of a bridge", 1), ("school classes", 2)]:
        picks = summarize(sentences, SentenceCount(1), language="en", query=query)
        assert indices(picks) == [expected]
    assert contribution(picks[0], ReasonKind.QUERY) == pytest.approx(3.0)


def test_a_query_in_another_language_is_matched_by_names_and_numbers() -> None:
    sentences = document("ارتفع النهر ثلاثة امتار.", "اعلنت Siemens عن مصنع.", "قتل ٣٢ شخصا هناك.")
    for query, expected in [("Siemens factory", 1), ("32 dead", 2), ("nothing shared", 0)]:
        picks = summarize(sentences, SentenceCount(1), language="ar", query=query)
        assert indices(picks) == [expected]


def test_a_doubtful_sentence_gives_way_to_its_equal() -> None:
    sentences = [
        Sentence(0, 0, RIVER),
        Sentence(1, 0, BRIDGE, doubtful=True),
        Sentence(2, 0, BRIDGE),
        Sentence(3, 0, SCHOOL),
    ]
    assert indices(summarize(sentences, SentenceCount(3), language="en")) == [0, 2, 3]
    picks = summarize(sentences[:2], SentenceCount(2), language="en")
    assert contribution(picks[1], ReasonKind.DOUBT) == -WEIGHTS["en"].doubt


def test_what_the_model_is_less_sure_of_gives_way_to_its_equal() -> None:
    sentences = [
        Sentence(0, 0, RIVER),
        Sentence(1, 0, BRIDGE, confidence=0.3),
        Sentence(2, 0, BRIDGE, confidence=0.7),
        Sentence(3, 0, SCHOOL),
    ]
    picks = summarize(sentences, SentenceCount(3), language="en")
    assert indices(picks) == [0, 2, 3]
    assert contribution(picks[1], ReasonKind.DOUBT) == pytest.approx(-0.3 * WEIGHTS["en"].doubt)


@pytest.mark.parametrize("confidence", [0.1, 1.0])
def test_a_flag_is_all_the_doubt_there_is(confidence: float) -> None:
    sentence = Sentence(0, 0, RIVER, doubtful=True, confidence=confidence)
    [pick] = summarize([sentence], SentenceCount(1), language="en")
    assert contribution(pick, ReasonKind.DOUBT) == -WEIGHTS["en"].doubt


def test_the_headline_favours_what_it_announces_and_is_not_taken() -> None:
    sentences = [
        Sentence(0, 0, "Bridges closed to lorries"),
        *(Sentence(index, 1, text) for index, text in enumerate((RIVER, BRIDGE, SCHOOL), 1)),
    ]
    picks = summarize(sentences, SentenceCount(4), language="en", weights=Weights())
    assert indices(picks) == [1, 2, 3]
    shares = [contribution(pick, ReasonKind.HEADLINE) for pick in picks]
    assert max(shares) == shares[1] > 0


def test_a_headline_alone_is_the_summary() -> None:
    picks = summarize([Sentence(0, 0, "Bridges closed")], SentenceCount(1), language="en")
    assert indices(picks) == [0]


def test_where_the_caller_rules_out_everything_the_first_are_taken() -> None:
    sentences = [Sentence(index, 0, text, eligible=False) for index, text in enumerate("abc")]
    picks = summarize(sentences, SentenceCount(2), language="en")
    assert indices(picks) == [0, 1]
    assert {reason.kind for pick in picks for reason in pick.reasons} == {ReasonKind.POSITION}


def test_a_fragment_is_held_back() -> None:
    picks = summarize(document("He left.", RIVER, BRIDGE), SentenceCount(2), language="en")
    assert indices(picks) == [1, 2]


def test_reasons_stand_largest_first_and_without_zeros() -> None:
    for pick in summarize(document(RIVER, BRIDGE, SCHOOL), Ratio(1.0), language="en"):
        values = [reason.contribution for reason in pick.reasons]
        assert values == sorted(values, reverse=True)
        assert all(values)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ب" + "\u064e\u0651" * 50_000, id="100,000 vowel marks on one letter"),
        pytest.param("كلمة " * 30_000, id="a document in one sentence"),
        pytest.param("ـ" * 100_000, id="a flood of tatweel"),
        pytest.param("(" * 50_000 + "AFP", id="a flood of brackets"),
        pytest.param(", A" * 30_000, id="a flood of capitals"),
        pytest.param("1," * 50_000, id="a flood of separators"),
        pytest.param("\ud800\x00\u202e", id="a lone surrogate, NUL and a bidi override"),
    ],
)
def test_hostile_text_is_summarized_like_any_other(text: str) -> None:
    picks = summarize(document(text, RIVER), SentenceCount(2), language="ar")
    assert 1 in indices(picks)


def test_a_long_document_is_summarized_whole() -> None:
    sentences = [
        Sentence(i, i // 4, f"Village {i} lost {i % 7} of its barns.") for i in range(3000)
    ]
    picks = summarize(sentences, Ratio(1.0), language="en")
    assert indices(picks) == list(range(3000))
