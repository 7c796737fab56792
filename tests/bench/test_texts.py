import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from texts import article, documents, sentences

from mujaz_server.text.segment import segment


def test_sentences_are_distinct_the_same_each_time_and_one_each_to_the_server() -> None:
    found = sentences(200, longest=9)
    assert found == sentences(200, longest=9)
    assert len(set(found)) == 200
    assert all(len(text.split()) <= 9 and len(segment(text)) == 1 for text in found)


def test_a_document_has_the_sentences_it_is_made_of() -> None:
    found = sentences(43)
    cut = documents(found, 20)
    assert [len(segment(text)) for text in cut] == [20, 20]
    assert "\n".join(cut).split("\n") == found[:40]


def test_the_article_has_as_many_sentences_as_asked_for() -> None:
    assert [len(segment(article(length))) for length in (1, 20, 50)] == [1, 20, 50]


def test_too_few_sentences_are_told(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("وصل الوزير.\tThe minister arrived.\nno Arabic\n\n", encoding="utf-8")
    assert sentences(1, path) == ["وصل الوزير."]
    with pytest.raises(SystemExit, match="has 1 sentences for this benchmark, not 2"):
        sentences(2, path)
