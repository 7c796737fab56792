import json
import lzma
from pathlib import Path

import pytest

from mujaz_models.train import corpora
from mujaz_models.train.corpora import CorpusError, Pair


@pytest.mark.parametrize(
    ("arabic", "english", "cleaned"),
    [
        pytest.param("قال «نعم»", "He said “yes”", Pair('قال "نعم"', 'He said "yes"'), id="a pair"),
        pytest.param("نعم", " ", None, id="an empty side"),
        pytest.param("\u064b", "yes", None, id="nothing but a diacritic"),
        pytest.param("Windows 10", "Windows 10", None, id="no Arabic on the Arabic side"),
        pytest.param("نعم", "He said نعم", None, id="Arabic on the English side"),
        pytest.param("نعم " * 91, "yes " * 60, None, id="a paragraph"),
        pytest.param("نعم قال الرئيس", "word " * 20, None, id="one side much longer"),
        pytest.param(
            "أ ف ب", "Agence France-Presse", Pair("أ ف ب", "Agence France-Presse"), id="short"
        ),
    ],
)
def test_a_pair_is_cleaned_or_left_out(arabic: str, english: str, cleaned: Pair | None) -> None:
    assert corpora.clean(arabic, english) == cleaned


def test_a_corpus_is_read_line_by_line_and_further_columns_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "some.tsv.xz"
    path.write_bytes(lzma.compress("نعم\tyes\tmore\nلا\tno\r\n".encode()))
    assert list(corpora.read(path)) == [("نعم", "yes"), ("لا", "no")]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(lzma.compress("نعم\tyes\nلا".encode()), "line 2: no tab", id="no tab"),
        pytest.param("نعم\tyes\n".encode(), "not xz-compressed", id="not compressed"),
        pytest.param(lzma.compress(b"\xff\xfe\t\n"), "UTF-8", id="not UTF-8"),
        pytest.param(lzma.compress(b"a\tb\n" * 99)[:-20], "not xz-compressed", id="cut short"),
    ],
)
def test_a_broken_corpus_is_named_with_what_is_wrong(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "broken.tsv.xz"
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=complaint) as refusal:
        list(corpora.read(path))
    assert "broken.tsv.xz" in str(refusal.value)


def test_a_corpus_is_found_in_the_first_folder_that_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    (second / "a.tsv.xz").touch()
    assert corpora.find("a.tsv.xz", [first, second]) == second / "a.tsv.xz"
    (first / "a.tsv.xz").touch()
    assert corpora.find("a.tsv.xz", [first, second]) == first / "a.tsv.xz"
    with pytest.raises(CorpusError, match="b is not in"):
        corpora.find("b", [first, second])


def test_every_sentence_of_an_evaluation_folder_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_text("نعم\tyes\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("about", encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    summary = {"id": 1, "document": "One. Two?\nThree", "references": ["Four"]}
    (inner / "s.jsonl").write_text(json.dumps(summary) + "\n", encoding="utf-8")
    files = corpora.held_out_files([tmp_path])
    lines = [line for path in files for line in corpora.held_out_lines(path)]
    assert sorted(lines) == sorted(["One.", "Two?", "Three", "Four", "نعم", "yes"])


def test_a_held_out_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there is no"):
        corpora.held_out_files([tmp_path / "none"])


def test_sets_with_both_languages_are_measured_on(tmp_path: Path) -> None:
    (tmp_path / "news.tsv").write_text("نعم\tyes\n", encoding="utf-8")
    (tmp_path / "wiki.ar").write_text("لا\n", encoding="utf-8")
    (tmp_path / "wiki.en").write_text("no\n", encoding="utf-8")
    (tmp_path / "alone.ar").write_text("هل\n", encoding="utf-8")
    sets = corpora.parallel_sets(corpora.held_out_files([tmp_path]))
    assert sets == {"news": [Pair("نعم", "yes")], "wiki": [Pair("لا", "no")]}


def test_two_files_of_a_set_must_have_as_many_lines(tmp_path: Path) -> None:
    (tmp_path / "wiki.ar").write_text("لا\n", encoding="utf-8")
    (tmp_path / "wiki.en").write_text("no\nyes\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="number of lines"):
        corpora.parallel_sets(corpora.held_out_files([tmp_path]))
