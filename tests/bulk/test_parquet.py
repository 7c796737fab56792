"""Parquet in and out."""

from pathlib import Path

import pytest

from bulk.runs import batch, lines, news, written
from mujaz_server.bulk.documents import Document, InputError, Rejected
from mujaz_server.bulk.job import source_of

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
NEWS = "وصل الوزير."


def test_parquet_holds_what_json_lines_hold(tmp_path: Path) -> None:
    documents = [*news(9), {"id": "bad", "text": " "}]
    source = written(tmp_path / "in.jsonl", documents)
    pq.write_table(pa.Table.from_pylist(documents), tmp_path / "in.parquet")
    batch(source, tmp_path / "1.jsonl")
    batch(source, tmp_path / "2.parquet")
    batch(tmp_path / "in.parquet", tmp_path / "3.jsonl")
    assert pq.read_table(tmp_path / "2.parquet").to_pylist() == lines(tmp_path / "1.jsonl")
    assert (tmp_path / "3.jsonl").read_bytes() == (tmp_path / "1.jsonl").read_bytes()
    for name in ("2.parquet.rejected.jsonl", "3.jsonl.rejected.jsonl"):
        assert [each["id"] for each in lines(tmp_path / name)] == ["bad"]


def test_an_output_without_rows_has_its_columns(tmp_path: Path) -> None:
    batch(written(tmp_path / "in.jsonl", [{"text": ""}]), tmp_path / "out.parquet")
    table = pq.read_table(tmp_path / "out.parquet")
    assert table.num_rows == 0
    assert "sentences" in table.column_names


def test_each_row_is_a_document_or_tells_why_not(tmp_path: Path) -> None:
    binary = pa.array([NEWS.encode(), b"\xff", None], pa.binary())
    table = pa.table({"more": [1, 2, 3], "text": binary, "id": pa.array([7, None, 9])})
    pq.write_table(table, tmp_path / "in.parquet")
    source = source_of(tmp_path / "in.parquet", 99)
    assert list(source.entries()) == [
        Document(1, "7", NEWS),
        Rejected(2, "2", "the text is not UTF-8 (byte 0)"),
        Rejected(3, "9", "there is no text"),
    ]
    assert source.extent().documents == 3


def test_text_that_says_it_is_utf8_and_is_not_is_rejected(tmp_path: Path) -> None:
    offsets = pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0")
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xff")])
    pq.write_table(pa.table({"text": broken}), tmp_path / "in.parquet")
    first, second = source_of(tmp_path / "in.parquet", 99).entries()
    assert first == Document(1, "1", "a")
    assert isinstance(second, Rejected)
    assert "not UTF-8" in second.reason


@pytest.mark.parametrize(
    ("content", "told"), [(b"PAR?", "is not Parquet"), (None, "no column `text`")]
)
def test_what_is_no_table_of_texts_is_refused(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "in.parquet"
    if content is None:
        pq.write_table(pa.table({"body": [NEWS]}), path)
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        source_of(path, 99)
