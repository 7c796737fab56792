import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from scale.documents import documents, write

from mujaz_server.bulk.documents import Rejected
from mujaz_server.bulk.files import JsonLines

SENTENCES = [f"قال الوزير {number}." for number in range(50)]


def test_no_sentence_comes_again_before_all_have_come() -> None:
    made = list(documents(40, SENTENCES))
    assert made == list(documents(40, SENTENCES))
    assert all(2 <= len(text.split("\n")) <= 6 for text in made)
    told = [line for text in made for line in text.split("\n")]
    assert len(set(told[:44])) == 44


def test_among_a_thousand_documents_three_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    written = write(path, 1_000, SENTENCES, poison=True)
    entries = list(JsonLines(path, 1_000).entries())
    texts = [each.text for each in entries if not isinstance(each, Rejected) and each.text.strip()]
    assert len(texts) == 1_000
    assert sum(text.count("\n") + 1 for text in texts) == written
    assert [each.reason for each in entries if isinstance(each, Rejected)] == [
        "the line is not JSON",
        "the line is not UTF-8 (byte 0)",
    ]


def test_without_poison_all_lines_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    write(path, 1_000, SENTENCES)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"document {n}" for n in range(1, 1_001)]
