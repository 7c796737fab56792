"""What may come in, and what becomes of what may not."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.runs import batch, lines, written
from mujaz_server.bulk.documents import Document, InputError, Rejected
from mujaz_server.bulk.files import JsonLines, TextFolder
from mujaz_server.bulk.job import assembly_of, source_of

NEWS = "وصل الوزير."
LIMIT = 2_000


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param({"id": "a", "text": NEWS}, ("a", NEWS), id="an id and a text"),
        pytest.param({"id": 7, "text": NEWS}, ("7", NEWS), id="a number for an id"),
        pytest.param({"text": NEWS}, ("2", NEWS), id="no id: the number of the line"),
        pytest.param({"id": None, "text": NEWS}, ("2", NEWS), id="a null id is none"),
        pytest.param({"id": "ا\u200f", "text": "\n"}, ("ا\u200f", "\n"), id="an Arabic id"),
        pytest.param({"id": "a", "text": NEWS, "more": [1]}, ("a", NEWS), id="fields nobody reads"),
        pytest.param({"id": True, "text": NEWS}, (None, "id"), id="an id that is none"),
        pytest.param({"id": [1], "text": NEWS}, (None, "id"), id="a list for an id"),
        pytest.param(b'{"id": "\\ud800", "text": "a"}', (None, "id"), id="half a code point as id"),
        pytest.param({"id": "a"}, ("a", "there is no text"), id="no text"),
        pytest.param({"id": "a", "text": 3}, ("a", "there is no text"), id="a number for a text"),
        pytest.param(b'{"id": "a", "text": "\\udfff"}', ("a", "surrogate"), id="half a code point"),
        pytest.param(b'{"id": "a", "text": "\xff"}', (None, "not UTF-8 (byte 21)"), id="no UTF-8"),
        pytest.param(b"[1]", (None, "not a JSON object"), id="a list"),
        pytest.param(b'{"id": "a"', (None, "not JSON"), id="half a line"),
        pytest.param(b"[" * 50_000, (None, "not JSON"), id="nested without end"),
        pytest.param(
            b'{"id": ' + b"9" * 5_000 + b"}", (None, "not JSON"), id="a number without end"
        ),
        pytest.param(b" " * 90_000, (None, "more than"), id="a line without end"),
    ],
)
def test_a_line_is_a_document_or_tells_why_not(
    line: object, expected: tuple[str | None, str], tmp_path: Path
) -> None:
    first, last = {"id": "first", "text": NEWS}, {"id": "last", "text": NEWS}
    path = written(tmp_path / "in.jsonl", [first, line, last])
    source = JsonLines(path, LIMIT)
    before, found, after = source.entries()
    assert (before, after) == (Document(1, "first", NEWS), Document(3, "last", NEWS))
    called, told = expected
    assert (found.number, found.id) == (2, called)
    assert told == found.text if isinstance(found, Document) else told in found.reason
    assert source.extent().documents == 3


@pytest.mark.parametrize("last", [b"", b"\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_empty_lines_are_passed_over_and_the_last_line_needs_no_end(
    mark: bytes, last: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(mark + b'{"text": "a"}\n\n \r\n{"text": "b"}' + last)
    assert list(JsonLines(path, LIMIT).entries()) == [Document(1, "1", "a"), Document(4, "4", "b")]
    assert JsonLines(path, LIMIT).extent().documents == 4


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_whatever_stands_in_a_file_each_line_has_one_entry(
    tmp_path_factory: pytest.TempPathFactory, content: list[bytes]
) -> None:
    path = tmp_path_factory.mktemp("any") / "in.jsonl"
    path.write_bytes(b"\n".join(content))
    found = list(JsonLines(path, LIMIT).entries())
    expected = [n for n, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip()]
    assert [each.number for each in found] == expected


def test_a_folder_is_read_in_the_order_of_its_paths(tmp_path: Path) -> None:
    for name, content in {
        "b.txt": NEWS.encode(),
        "a/z.txt": b"\xef\xbb\xbfz\r\n",
        "a/y.txt": b"\xff",
        "c.md": b"no",
        "d.txt": b"x" * 9_000,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    source = TextFolder(tmp_path, LIMIT)
    assert list(source.entries()) == [
        Rejected(1, "a/y.txt", "the text is not UTF-8 (byte 0)"),
        Document(2, "a/z.txt", "\ufeffz\r\n"),
        Document(3, "b.txt", NEWS),
        Rejected(4, "d.txt", "the file has more than 8000 bytes"),
    ]
    before = source.extent()
    assert before.documents == 4
    (tmp_path / "b.txt").rename(tmp_path / "b2.txt")
    assert source.extent().digest != before.digest


def test_the_extent_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    one = written(tmp_path / "1.jsonl", [{"text": "a"}])
    other = written(tmp_path / "2.jsonl", [{"text": "b"}])
    assert JsonLines(one, 9).extent() == JsonLines(one, 9).extent()
    assert JsonLines(one, 9).extent().digest != JsonLines(other, 9).extent().digest


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "blank"),
        (" \u200f\n\t", "blank"),
        ("ا" * 2_001, "2001 code points, over 2000"),
        ("نعم.\n" * 21, "21 sentences, over 20"),
        ("نعم.\nلا FAIL الان.", "the engine failed on sentence 1"),
    ],
)
def test_what_cannot_be_translated_is_a_dead_letter_and_the_run_goes_on(
    text: str, reason: str, tmp_path: Path
) -> None:
    good = [{"id": "a", "text": NEWS}, {"id": "z", "text": NEWS}]
    source = written(tmp_path / "in.jsonl", [good[0], {"id": "bad", "text": text}, good[1]])
    totals = batch(source, tmp_path / "out.jsonl")
    assert (totals.translated, totals.rejected) == (2, 1)
    assert [row["id"] for row in lines(tmp_path / "out.jsonl")] == ["a", "z"]
    [letter] = lines(tmp_path / "out.jsonl.rejected.jsonl")
    assert (letter["number"], letter["id"]) == (2, "bad")
    assert reason in letter["reason"]
    assert not text.strip() or text not in json.dumps(letter, ensure_ascii=False)


@pytest.mark.parametrize("name", ["in.csv", "nothing.jsonl"])
def test_an_input_of_no_known_kind_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b")
    with pytest.raises(InputError, match=r"name|rename"):
        source_of(tmp_path / name, LIMIT)


def test_an_output_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="suffix"):
        assembly_of(tmp_path / "out.csv")


def test_an_empty_input_has_an_empty_output(tmp_path: Path) -> None:
    totals = batch(written(tmp_path / "in.jsonl", []), tmp_path / "out.jsonl")
    assert (totals.translated, totals.rejected) == (0, 0)
    assert (tmp_path / "out.jsonl").read_bytes() == b""
