import math
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

pytest.importorskip("rouge_score", reason="needs requirements-summaries.lock")

from summary_orders import Run, after, jaccard
from translations import English

from mujaz_client import QualityFlag, TextTranslation, TranslatedSentence
from mujaz_models.summaries.sets import Article, SummarySet
from mujaz_server.summary.selection import WEIGHTS

BODY = ("اغلق الجسر امام الشاحنات الثقيلة اليوم.", "***", "تعود المدارس الى العمل غدا في المدينة.")
ENGLISH = (
    English("The bridge was closed to heavy lorries today.", flagged=True, score=-0.2),
    English("***", flagged=False, score=0.0),
    English("Schools in the city are open again tomorrow.", flagged=False, score=-0.2),
)
ARTICLE = Article("a", "ar", "", BODY, (BODY[2],))


def run(picks: tuple[int, ...]) -> Run:
    return Run(SummarySet("a_ar", (ARTICLE,), best_reference=False), [ENGLISH], [picks])


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        pytest.param((1, 2, 3), (2, 3, 4), 0.5, id="two of four"),
        pytest.param((1, 2), (2, 1), 1.0, id="in any order"),
        pytest.param((1,), (2,), 0.0, id="nothing"),
        pytest.param((), (2,), 0.0, id="nothing of one"),
        pytest.param((), (), 1.0, id="none of either"),
    ],
)
def test_jaccard_is_what_is_shared_of_what_there_is(
    one: tuple[int, ...], other: tuple[int, ...], shared: float
) -> None:
    assert jaccard(one, other) == shared


def test_a_pick_of_the_english_is_scored_by_the_arabic_it_came_from() -> None:
    picks = after(WEIGHTS["en"])(ARTICLE, ENGLISH)
    assert picks == (2,), "the first is flagged, the second is nothing to select"
    assert run(picks).rouge == {"rouge1": [100.0], "rouge2": [100.0]}
    assert run((0,)).rouge["rouge2"] == [0.0]
    assert run(picks).words == 7
    assert run((0, 2)).selected == [ENGLISH[0], ENGLISH[2]]


def test_a_sentence_cut_in_two_is_as_sure_as_its_tokens_are() -> None:
    def part(score: float | None, tokens: int, *flags: QualityFlag) -> TranslatedSentence:
        return TranslatedSentence(0, 0, 0, 1, "", "", score, flags, (), 1, tokens, None)

    parts = (part(-1.0, 3), part(-0.2, 1, QualityFlag.EMPTY))
    whole = English.of(TextTranslation("Both.", parts))
    assert whole.flagged
    assert math.isclose(whole.score, -0.8)
    passed = English.of(TextTranslation("***", (part(None, 0, QualityFlag.PASSED_THROUGH),)))
    assert not passed.flagged
    assert not passed.considered
