"""docs/scale.md is made of what is there."""

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from report import PROSE, Found
from rounds import Chart, at_least, written
from scale import page

CHART = Chart("away", "A chart", "x", "y", {"a": [(1, 2.0)]})


def written_part(folder: Path, name: str, bound: float) -> None:
    row = at_least(f"balance of {name}", bound, 2)
    written(folder / f"{name}.json", name, [row], {"charts": [asdict(CHART)]}, "signed")


def test_what_was_not_run_has_no_part_and_what_was_missed_is_told(tmp_path: Path) -> None:
    written_part(tmp_path, "batch-rates", 3)
    written_part(tmp_path, "losses", 1)
    found = page.read(tmp_path)
    page.write(found, tmp_path)
    text = (tmp_path / "scale.md").read_text(encoding="utf-8")
    assert "1 of 2 goals are kept. Missed:" in text
    assert "| balance of batch-rates | at least 3.00 | 2.00 | **MISSED** |" in text
    assert text.index("## Batches of documents") < text.index("## What a lost replica does")
    assert text.count("\n## ") == 2
    pictures = re.findall(r"!\[.*\]\((.*)\)", text)
    assert pictures == ["bench/scale/batch-rates-away.svg", "bench/scale/losses-away.svg"]
    assert all((tmp_path / picture).exists() for picture in pictures)


def test_old_plots_go(tmp_path: Path) -> None:
    old = tmp_path / "bench" / "scale" / "batch-gone.svg"
    old.parent.mkdir(parents=True)
    old.touch()
    page.write({}, tmp_path)
    assert not old.exists()


@pytest.mark.parametrize("name", page.PARTS)
def test_every_part_has_prose_with_a_place_for_its_figures(name: str) -> None:
    prose = (PROSE / "scale" / f"{name}.md").read_text(encoding="utf-8")
    assert prose.startswith("## ")
    assert all(mark in prose for mark in ("{goals}", "{tables}", "{charts}", "{signature}"))


def test_the_page_in_docs_is_made_of_this_prose() -> None:
    text = (Path(__file__).parents[2] / "docs" / "scale.md").read_text(encoding="utf-8")
    empty: dict[str, Found] = json.loads("{}")
    head = page.page(empty).split("\n\n")[0]
    assert text.startswith(head)
