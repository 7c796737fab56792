"""Writes docs/summaries.md from what `mujaz-models evaluate-summaries` has measured.

    python bench/summaries.py RESULTS.json [ORDERS.json] [--examples EXAMPLES.json]

ORDERS.json is what bench/summary_orders.py has measured, told in a section of its own. The prose of
the page stands in bench/prose/summaries.md and summary_orders.md, in which `{goals}`, `{tables}`
and `{signature}` are filled in; no figure is typed by hand. EXAMPLES.json is what
bench/summary_examples.py has written; see summary_readings.py.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from report import section
from rounds import Goal, Table
from summary_readings import examples

PAGE = Path(__file__).parents[1] / "docs" / "summaries.md"
CALLED = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeLsum": "ROUGE-Lsum"}
ABOVE = {
    "bbc_en": ("LEAD", "sumy LexRank"),
    "cnndm_en": ("sumy LexRank",),
    "easc_ar": ("sumy LexRank",),
}
"""Whom mujaz is to be above, with the whole interval, by ROUGE-1 and ROUGE-2."""
NOT_BELOW = {"cnndm_en": ("LEAD",), "easc_ar": ("LEAD",)}
"""Whom it is not to be below in the mean: news is written so that its first sentences say most."""

Result = dict[str, Any]
"""What is told of a set; see `mujaz_models.summaries.evaluation.Result`."""


def goals(results: Sequence[Result]) -> Iterator[Goal]:
    """Returns what the summarizer is held to, in the order of the sets."""
    for result in results:
        name = result["set"]
        for each in result["differences"]:
            interval = each["interval"]
            what = f"{name}: {CALLED[each['measure']]}, mujaz less {each['system']}"
            if each["measure"] == "rougeLsum":
                continue
            if each["system"] in ABOVE.get(name, ()):
                yield Goal(what, "interval above 0", _told(interval), interval["low"] > 0)
            if each["system"] in NOT_BELOW.get(name, ()):
                yield Goal(what, "at least 0", _told(interval), interval["mean"] >= 0)


def _told(interval: dict[str, float]) -> str:
    return "{mean:+.2f} ({low:+.2f} to {high:+.2f})".format(**interval)


def scores(result: Result) -> Table:
    """Returns what each system scores on a set."""
    references = "the closest reference" if result["references"] == "best" else "all references"
    return Table(
        f"{result['set']}, {result['documents']} documents, by {references},"
        f" {result['budget']:.0f} words on average",
        ("system", *CALLED.values(), "words"),
        [
            [row["system"], *(f"{row['rouge'][key]:.2f}" for key in CALLED), f"{row['words']:.0f}"]
            for row in result["rows"]
        ],
    )


def differences(results: Sequence[Result]) -> Table:
    """Returns how far mujaz is above the others, with the intervals."""
    return Table(
        "mujaz less the other, in points, with the interval of 95 %",
        ("set", "other", *CALLED.values()),
        [
            [result["set"], other, *(_of(result, other, measure) for measure in CALLED)]
            for result in results
            for other in dict.fromkeys(each["system"] for each in result["differences"])
        ],
    )


def _of(result: Result, other: str, measure: str) -> str:
    (interval,) = (
        each["interval"]
        for each in result["differences"]
        if (each["system"], each["measure"]) == (other, measure)
    )
    return _told(interval)


def page(measured: dict[str, Any]) -> str:
    """Returns docs/summaries.md.

    Raises:
        ValueError: They may be of weights that were tuned on what they are measured on.
    """
    if not measured["cross_validated"]:
        raise ValueError("these figures are not cross-validated: evaluate-summaries --weights FILE")
    results = measured["results"]
    tables = [*map(scores, results), differences(results)]
    found = {
        "rows": [asdict(goal) for goal in goals(results)],
        "data": {"tables": [asdict(table) for table in tables]},
        "signature": measured["signature"],
    }
    return section("summaries", found)


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("results", type=Path, metavar="RESULTS.json")
    parser.add_argument("orders", type=Path, nargs="?", metavar="ORDERS.json")
    parser.add_argument("--examples", type=Path, metavar="EXAMPLES.json")
    options = parser.parse_args()
    parts = [page(json.loads(options.results.read_text(encoding="utf-8")))]
    if options.orders:
        found = json.loads(options.orders.read_text(encoding="utf-8"))
        parts.append(section(found["name"], found))
    if options.examples:
        parts.append(examples(json.loads(options.examples.read_text(encoding="utf-8"))))
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
