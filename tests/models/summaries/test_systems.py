from pathlib import Path

import pytest

pytest.importorskip("rouge_score")
pytest.importorskip("sumy")

from mujaz_models.summaries.oracle import oracle
from mujaz_models.summaries.peers import peers
from mujaz_models.summaries.rouge import Rouge
from mujaz_models.summaries.sets import Article, SummarySet, read_sets
from mujaz_models.summaries.systems import System, chance, filled, lead, mujaz, text_of
from mujaz_server.summary.selection import count_words


def article(*body: str, reference: str = "one two three four five") -> Article:
    return Article("a", "en", "", body, (reference,))


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        pytest.param([0, 1, 2], (0, 2), id="what does not fit is passed over"),
        pytest.param([2, 0, 1], (0, 2), id="and what is taken stands in document order"),
        pytest.param([1], (1,), id="it may be full to the last word"),
        pytest.param([], (), id="or empty"),
    ],
)
def test_whole_sentences_fill_the_budget(ranked: list[int], expected: tuple[int, ...]) -> None:
    given = article("one two", "one two three four five", "six")
    assert filled(given, ranked) == expected


def systems(given: SummarySet) -> dict[str, System]:
    return {
        "LEAD": lead,
        "random": chance(1),
        "mujaz": mujaz(lambda _: None),
        **peers(given.language),
    }


@pytest.mark.parametrize("name", ["town_en", "town_ar"])
def test_all_fill_the_same_budget_in_document_order_and_none_is_above_the_oracle(
    name: str, folder: Path
) -> None:
    (given,) = read_sets(folder, [name])
    rouge = Rouge(given.language, best_reference=False, measures=("rouge1", "rouge2"))
    for each in given.articles:
        best = sum(rouge.score(text_of(each, oracle(rouge)(each)), each.references))
        for system in systems(given).values():
            picks = system(each)
            assert picks
            assert list(picks) == sorted(set(picks))
            assert count_words(text_of(each, picks)) <= each.budget
            assert sum(rouge.score(text_of(each, picks), each.references)) <= best


def test_the_oracle_finds_the_sentences_that_a_reference_is_made_of() -> None:
    given = article("a b c", "six ten", "one two", "red", reference="six ten\nred")
    rouge = Rouge("en", best_reference=False)
    assert oracle(rouge)(given) == (1, 3)
    assert oracle(rouge)(article("a", "b", reference="c d")) == ()


def test_chance_is_drawn_from_its_seed() -> None:
    given = article(*"abcdefghijklmnopqrstuvwxyz", reference="a " * 13)
    assert chance(1)(given) == chance(1)(given) != chance(2)(given)


def test_a_headline_is_never_picked_and_is_no_word_of_any_other_system(folder: Path) -> None:
    (given,) = read_sets(folder, ["town_en"])
    assert all(min(mujaz(lambda _: None)(each)) >= 0 for each in given.articles)


def test_the_peers_say_what_sumy_says_of_central_sentences() -> None:
    given = article(
        "Nothing here.", "Old trams run slowly.", "Trams run daily.", reference="one two three"
    )
    assert peers("en")["sumy LexRank"](given) == (2,)
