import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ENGLISH = [
    "The council met on Monday in the old town hall.",
    "Rain had fallen on the valley all week long.",
    "The new bridge will cost 40 million and open in May.",
    'The mayor, Anna Holt, said: "The bridge will bring the two halves of the city together.',
    'It will also carry trams, buses and bicycles."',
    "He added that no tax would rise for it.",
    "Opponents say the bridge and its trams cost more than the city can pay.",
    "A cafe nearby sold tea.",
]
ARABIC = [
    "اجتمع المجلس يوم الاثنين في مبنى البلدية القديم.",
    "هطلت الأمطار على الوادي طوال الأسبوع.",
    "سيكلف الجسر الجديد ٤٠ مليونا ويفتتح في أيار.",
    "قال رئيس البلدية إن الجسر سيجمع شطري المدينة.",
    "وأضاف أن الضرائب لن ترتفع.",
    "يقول المعارضون إن الجسر الجديد يكلف المدينة أكثر مما تستطيع.",
]


def row(number: int, sentences: Sequence[str], references: Sequence[int]) -> dict[str, object]:
    """A document of a set that is told from others by its first words."""
    body = [f"{number}: {sentences[0]}", *sentences[1:]]
    summary = "\n".join(body[position] for position in references)
    return {"id": f"made-up-{number}", "document": "\n".join(body), "references": [summary]}


def write(path: Path, rows: Sequence[object]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")


@pytest.fixture
def rows() -> Callable[..., dict[str, object]]:
    return row


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sets, one of each language, one of them with headlines."""
    english = [row(k, ENGLISH, (2, 6)) | {"title": "city builds a bridge"} for k in range(8)]
    write(tmp_path / "town_en.dev.jsonl", english)
    write(tmp_path / "town_ar.dev.jsonl", [row(k, ARABIC, (2, 5)) for k in range(8)])
    return tmp_path
