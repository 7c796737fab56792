import random
from dataclasses import fields
from pathlib import Path

import pytest

pytest.importorskip("rouge_score")

from mujaz_models.command import CommandError
from mujaz_models.summaries import tuning
from mujaz_models.summaries.ascent import ascend
from mujaz_models.summaries.features import Features
from mujaz_models.summaries.folds import FOLDS, INNER_FOLDS, fold, inner_fold
from mujaz_models.summaries.sets import Article, SummarySet, read_sets
from mujaz_models.summaries.systems import mujaz
from mujaz_models.summaries.tuning import AXES, tune
from mujaz_models.summaries.weights import Tuned, describe, for_article, load, save
from mujaz_server.summary.selection import Weights

# As it is, the summarizer takes the first; one that heeds the place less takes the third.
LEAD, CENTRAL = "The mayor told of rain last week.", "The bridge opens, the mayor told them."
BODY = (LEAD, "Few people came by.", CENTRAL, "A bridge opens soon, people told.")


def articles(wanted: dict[int, str], many: int) -> list[Article]:
    """`many` articles of each fold in `wanted`, whose reference is the sentence named there."""
    ids: list[list[str]] = [[] for _ in range(FOLDS)]
    for number in range(8 * FOLDS * many):
        ids[fold(f"a{number}")].append(f"a{number}")
    return [
        Article(article_id, "en", "", BODY, (reference,))
        for k, reference in wanted.items()
        for article_id in ids[k][:many]
    ]


def tuned_where_only_fold_0_wants_the_third() -> Tuned:
    many = articles({0: CENTRAL}, 40) + articles(dict.fromkeys(range(1, FOLDS), LEAD), 2)
    return tune([SummarySet("made_up_en", tuple(many), best_reference=False)], lambda _: None)


def test_no_fold_sees_its_own_documents() -> None:
    tuned = tuned_where_only_fold_0_wants_the_third()
    assert tuned.unseen[0] == Weights()
    assert Weights() not in (*tuned.unseen[1:], tuned.chosen)
    (article,) = articles({0: CENTRAL}, 1)
    assert mujaz(lambda _: tuned.chosen)(article) == (2,)
    assert mujaz(lambda each: for_article(each, {"en": tuned}))(article) == (0,)


def test_a_fold_that_saw_its_own_documents_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "fold", lambda _: FOLDS)  # no document is held out of any
    assert tuned_where_only_fold_0_wants_the_third().unseen[0] != Weights()


def test_no_set_pays_for_another() -> None:
    far = SummarySet("far_en", tuple(articles({0: CENTRAL, 1: CENTRAL}, 20)), best_reference=False)
    near = SummarySet("near_en", tuple(articles({2: LEAD, 3: LEAD}, 2)), best_reference=False)
    assert tune([far], lambda _: None).chosen != Weights()
    assert tune([far, near], lambda _: None).chosen == Weights()


def test_folds_are_of_about_a_size_and_inner_ones_independent_of_outer_ones() -> None:
    pairs = [(fold(f"id {n}"), inner_fold(f"id {n}")) for n in range(4000)]
    sizes = {pair: pairs.count(pair) for pair in set(pairs)}
    assert len(sizes) == FOLDS * INNER_FOLDS
    assert min(sizes.values()) > 150
    assert fold("made-up-1") == fold("made-up-1")


@pytest.mark.parametrize("seed", range(20))
def test_tuning_picks_what_the_summarizer_picks(seed: int, folder: Path) -> None:
    draw = random.Random(seed)
    weights = Weights(**{field.name: draw.choice((0, 0.3, 1, 2)) for field in fields(Weights)})
    for given in read_sets(folder):
        for article in given.articles[:2]:
            assert Features.of(article).picks(weights) == mujaz(lambda _: weights)(article)


def test_what_readers_need_and_rouge_does_not_see_is_not_tuned() -> None:
    assert not {"redundancy", "length", "context", "query", "doubt"} & set(AXES)
    assert {"position", "centrality"} <= set(AXES)


def test_an_ascent_ends_where_no_single_change_is_better() -> None:
    def height(weights: Weights) -> float:
        return -abs(weights.position - weights.names) - 3 * abs(weights.names - 0.4)

    axes = {"position": (0.0, 0.2, 0.4), "names": (0.0, 0.2, 0.4)}
    top = ascend(Weights(), axes, lambda one, other: height(one) > height(other))
    assert top == Weights(position=0.4, names=0.4)  # position anew after names


def test_weights_come_back_as_they_were_saved(tmp_path: Path) -> None:
    tuned = {"en": Tuned(Weights(names=1), tuple(Weights(position=k) for k in range(FOLDS)))}
    save(tmp_path / "w.json", {"en": tuned["en"]})
    assert load(tmp_path / "w.json") == tuned
    assert describe({"en": tuned["en"]}).startswith(f"weights of {FOLDS} folds ")
    assert describe({}).startswith("weights built in ")
    article = Article("a", "ar", "", ("a",), ("a",))
    assert for_article(article, {"en": tuned["en"]}) is None


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param('{"en": {}}', id="no weights"),
        pytest.param('{"en": {"chosen": {}, "unseen": []}}', id="other folds"),
        pytest.param('{"en": {"chosen": {"gone": 1}, "unseen": [{},{},{},{},{}]}}', id="other"),
    ],
)
def test_what_holds_no_weights_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match="write it by `mujaz-models tune-summaries`"):
        load(tmp_path / "w.json")
