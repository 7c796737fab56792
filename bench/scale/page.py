"""Writes docs/scale.md and its plots from build/scale/*.json alone.

    python bench/scale/page.py

The prose stands in bench/prose/scale/NAME.md, filled in as that of docs/benchmarks.md is; no figure
is typed by hand. A part of which there is no JSON is left out.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from chart import svg
from report import PROSE, ROOT, Found, charts_of, file_of, goals_of, markdown, section

PARTS = (
    *("replicas", "serve", "batch-rates", "batch-memory", "batch-kills", "batch-actors"),
    *("cost", "loads", "surges", "losses", "validation"),
)
"""In the order of the page: what was measured, then what was simulated."""
_FOLDER = "scale"


def page(found: Mapping[str, Found]) -> str:
    """Returns docs/scale.md of what was found, by the names of the parts."""
    rows = [row for each in found.values() for row in goals_of(each) if row.goal]
    missed = [(row.what, row.goal, row.measured) for row in rows if not row.kept]
    told = f"{len(rows) - len(missed)} of {len(rows)} goals are kept."
    if missed:
        told += " Missed:\n\n" + markdown(("what", "goal", "measured"), missed)
    index = (PROSE / _FOLDER / "index.md").read_text(encoding="utf-8")
    parts = (section(f"{_FOLDER}/{name}", found[name]) for name in PARTS if name in found)
    return "\n".join([index.replace("{summary}", told), *parts])


def write(found: Mapping[str, Found], docs: Path) -> None:
    """Writes the page and its plots; plots that are none any more go."""
    plots = docs / "bench"
    (plots / _FOLDER).mkdir(parents=True, exist_ok=True)
    for old in (plots / _FOLDER).glob("*.svg"):
        old.unlink()
    for name, each in found.items():
        for chart in charts_of(each):
            file = plots / file_of(f"{_FOLDER}/{name}", chart)
            file.write_text(svg(chart), encoding="utf-8")
    (docs / "scale.md").write_text(page(found), encoding="utf-8")


def read(folder: Path) -> dict[str, Found]:
    """Returns what is there, by the names of the parts."""
    files = {name: folder / f"{name}.json" for name in PARTS}
    return {
        name: json.loads(file.read_text(encoding="utf-8"))
        for name, file in files.items()
        if file.exists()
    }


def main() -> None:
    """Writes the page of what is there."""
    found = read(ROOT / "build" / _FOLDER)
    write(found, ROOT / "docs")
    print(f"docs/scale.md of {', '.join(found)}")


if __name__ == "__main__":
    main()
