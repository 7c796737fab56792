"""Parquet in and out, by pyarrow."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mujaz_server.bulk.documents import Entry, Extent, InputError, Rejected, named

_ROWS = 64
"""Rows that are read at once."""

_REASON = pa.struct([("kind", pa.string()), ("contribution", pa.float64())])
_SENTENCE = pa.struct(
    [
        ("index", pa.int32()),
        ("paragraph", pa.int32()),
        ("start_offset", pa.int32()),
        ("end_offset", pa.int32()),
        ("source_text", pa.string()),
        ("text", pa.string()),
        ("score", pa.float64()),
        ("flags", pa.list_(pa.string())),
        ("missing", pa.list_(pa.string())),
        ("added", pa.list_(pa.string())),
    ]
)
_PICK = pa.struct(
    [
        ("index", pa.int32()),
        ("text", pa.string()),
        ("score", pa.float64()),
        ("rank", pa.int32()),
        ("reasons", pa.list_(_REASON)),
    ]
)
_COUNTS = (
    "code_point_count",
    "paragraph_count",
    "sentence_count",
    "flagged_sentence_count",
    "retried_sentence_count",
    "passed_through_sentence_count",
    "source_token_count",
    "target_token_count",
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("model", pa.string()),
        ("model_digest", pa.string()),
        ("sentences", pa.list_(_SENTENCE)),
        (
            "summary",
            pa.struct(
                [
                    ("sentences", pa.list_(_PICK)),
                    ("word_count", pa.int32()),
                    ("compression", pa.float64()),
                    ("considered_sentence_count", pa.int32()),
                ]
            ),
        ),
        ("counts", pa.struct([(name, pa.int32()) for name in _COUNTS])),
    ]
)
"""Of a row, with the names and the nesting of `rows.row`."""


class ParquetRows:
    """A Parquet file, a document a row, of its columns `text` and, where it has one, `id`.

    Raises (when made):
        InputError: It is not Parquet, or has no column `text`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            names = pq.read_schema(path).names
        except pa.ArrowInvalid as error:
            raise InputError(f"{path} is not Parquet: give it another suffix") from error
        if "text" not in names:
            raise InputError(f"{path} has no column `text`: name the one of the texts so")
        self._columns = [name for name in ("id", "text") if name in names]

    def extent(self) -> Extent:
        """Reads the file once."""
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Extent(digest, pq.read_metadata(self._path).num_rows)

    def entries(self) -> Iterator[Entry]:
        """Yields the documents of the rows."""
        number = 0
        with pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(_ROWS, columns=self._columns):
                for index in range(batch.num_rows):
                    number += 1
                    yield _entry(number, batch, index)


def _entry(number: int, batch: pa.RecordBatch, index: int) -> Entry:
    try:
        identity = batch["id"][index].as_py() if "id" in batch.schema.names else None
        return named(number, identity, batch["text"][index].as_py())
    except UnicodeDecodeError as error:
        return Rejected(number, None, f"the row is not UTF-8 (byte {error.start})")


def write(parts: Iterable[Path], path: Path) -> None:
    """Writes rows as Parquet, a row group for each part that has any.

    Args:
        parts: Files of a row a line, in JSON.
        path: The file to write.
    """
    with pq.ParquetWriter(path, SCHEMA) as writer:
        for part in parts:
            with part.open(encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
