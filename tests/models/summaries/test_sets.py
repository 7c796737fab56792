import json
from pathlib import Path

import pytest

from mujaz_models.command import CommandError
from mujaz_models.summaries.sets import read_sets

GOOD = {"id": "a", "document": "One two.\n\nThree.", "references": ["One two.", "One\nTwo three."]}


def test_a_set_is_read_with_its_language_its_headlines_and_its_budgets(tmp_path: Path) -> None:
    (tmp_path / "news_en.dev.jsonl").write_text(json.dumps(GOOD | {"title": "Both"}), "utf-8")
    (tmp_path / "wiki_ar.jsonl").write_text(json.dumps(GOOD), "utf-8")
    news, wiki = read_sets(tmp_path)
    assert [news.name, news.language, wiki.name, wiki.language] == [
        "news_en",
        "en",
        "wiki_ar",
        "ar",
    ]
    (article,) = news.articles
    assert article.body == ("One two.", "Three.")
    assert article.headline == "Both"
    assert article.budget == 2  # the mean of 2 and 3, to the even
    assert wiki.articles[0].headline == ""
    assert not news.best_reference


def test_the_topics_of_easc_are_no_headlines_and_tldrs_are_scored_by_the_best(
    tmp_path: Path,
) -> None:
    (tmp_path / "easc_ar.jsonl").write_text(json.dumps(GOOD | {"title": "sports (2)"}), "utf-8")
    (tmp_path / "scitldr_en.jsonl").write_text(json.dumps(GOOD), "utf-8")
    easc, scitldr = read_sets(tmp_path)
    assert easc.articles[0].headline == ""
    assert (easc.best_reference, scitldr.best_reference) == (False, True)


def test_sets_can_be_named(folder: Path) -> None:
    assert [each.name for each in read_sets(folder, ["town_en"])] == ["town_en"]


@pytest.mark.parametrize(
    ("file", "content", "named", "message"),
    [
        pytest.param(
            "a_en.jsonl", json.dumps(GOOD), ["b_en"], "has no b_en, only: a_en", id="name"
        ),
        pytest.param("a.txt", "", [], "has no NAME_LANGUAGE.jsonl", id="no set"),
        pytest.param("a_fr.jsonl", json.dumps(GOOD), [], "NAME_ar or NAME_en", id="language"),
        pytest.param("a_en.jsonl", "", [], "there is no document in it", id="no document"),
        pytest.param("a_en.jsonl", "{", [], "line 1 is not an object with id", id="no JSON"),
        pytest.param("a_en.jsonl", "[]", [], "line 1 is not an object with id", id="no object"),
        pytest.param("a_en.jsonl", '{"id": "a"}', [], "line 1 is not an object", id="no document"),
        pytest.param(
            "a_en.jsonl", json.dumps(GOOD | {"document": " \n"}), [], "lacks sentences", id="empty"
        ),
        pytest.param(
            "a_en.jsonl", json.dumps(GOOD | {"references": []}), [], "lacks", id="no reference"
        ),
    ],
)
def test_what_is_no_set_is_refused(
    file: str, content: str, named: list[str], message: str, tmp_path: Path
) -> None:
    (tmp_path / file).write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=message):
        read_sets(tmp_path, named)
