"""The table of boundary scores is a claim of the README: it must stay true."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

BENCH = Path(__file__).parents[2] / "bench"


def report(folder: Path, half: str) -> dict[str, Any]:
    path = folder / "scores.json"
    subprocess.run(
        [sys.executable, BENCH / "segmentation.py", "--half", half, "--json", path],
        check=True,
        capture_output=True,
    )
    return json.loads(path.read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.mark.parametrize(("half", "ends"), [("all", 320), ("held", 160)])
def test_mujaz_finds_more_ends_than_sentencex_and_pysbd(
    tmp_path: Path, half: str, ends: int
) -> None:
    found = report(tmp_path, half)
    f1 = {system["system"]: system["f1"] for system in found["systems"]}
    assert found["ends"] >= ends
    assert f1["mujaz"] > 0.97
    assert f1["mujaz"] > f1["sentencex"] > f1["pysbd"] > 0.5
    assert "commit" in found["signature"]


def test_the_set_is_varied() -> None:
    rows = (BENCH / "data" / "segmentation.tsv").read_text(encoding="utf-8").splitlines()
    cells = [row.split("\t") for row in rows if not row.startswith("#")]
    texts = Counter(text for _, _, text in cells)
    assert len({genre for _, genre, _ in cells}) >= 20
    assert max(texts.values()) == 1
