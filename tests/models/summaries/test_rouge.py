import pytest

from mujaz_server.summary.selection import Language

pytest.importorskip("rouge_score")

from mujaz_models.summaries.rouge import Rouge


@pytest.mark.parametrize(
    ("language", "summary", "reference", "expected"),
    [
        pytest.param(
            "en",
            "the cat sat",
            "the cat ran off",
            (100 * 4 / 7, 100 * 2 / 5, 100 * 4 / 7),
            id="two of three and four words, one of two and three pairs",
        ),
        pytest.param("en", "Cats running!", "cat run", (100, 100, 100), id="English is stemmed"),
        pytest.param("en", "", "the cat", (0, 0, 0), id="no summary"),
        pytest.param(
            "en",
            "one two\nsix ten",
            "six ten\none two",
            (100, 100 * 4 / 6, 100),
            id="sentences in another order lose the pair across them, and no subsequence",
        ),
        pytest.param("ar", "أَعلن الرئيس", "اعلن الرئيس", (100, 100, 100), id="hamza and marks"),
        pytest.param("ar", "فى القـاهرة ١٢", "في القاهره 12", (100, 100, 100), id="ya, ta, digits"),
        pytest.param("ar", "الوزير قال", "وزير قال", (50, 0, 50), id="Arabic is not stemmed"),
    ],
)
def test_rouge_is_what_one_counts_by_hand(
    language: Language, summary: str, reference: str, expected: tuple[float, ...]
) -> None:
    scores = Rouge(language, best_reference=False).score(summary, [reference])
    assert scores == pytest.approx(expected)


def test_of_several_references_the_mean_counts_or_the_best() -> None:
    mean, best = (Rouge("en", best_reference=b, measures=("rouge2",)) for b in (False, True))
    assert mean.score("one two", ["six ten", "one two"]) == pytest.approx((50,))
    assert best.score("one two", ["six ten", "one two"]) == pytest.approx((100,))


def test_what_the_own_tokenizer_of_rouge_score_would_make_of_arabic_is_nothing() -> None:
    assert Rouge("en", best_reference=False).score("اعلن الرئيس", ["اعلن الرئيس"]) == (0, 0, 0)
