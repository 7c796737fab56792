"""Measures how often a summary opens a sentence that reads on from one it left out.

    python bench/readability.py FOLDER [SET ...]

FOLDER and SET are those of `mujaz-models evaluate-summaries`. For LEAD, for mujaz and for mujaz
without its reason CONTEXT: the share of the selected sentences that open with a pronoun or
connective (see `mujaz_server.summary.openers`) while the sentence before is not selected. LEAD
takes each sentence with the one before, save where that one was too long for the budget.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from mujaz_models.summaries.sets import Article, read_sets
from mujaz_models.summaries.systems import System, lead, mujaz
from mujaz_server.summary.openers import reads_on
from mujaz_server.summary.selection import WEIGHTS, Weights


def _without_context(article: Article) -> Weights:
    return replace(WEIGHTS[article.language], context=0.0)


SYSTEMS: dict[str, System] = {
    "LEAD": lead,
    "mujaz": mujaz(lambda _: None),
    "mujaz without CONTEXT": mujaz(_without_context),
}


def dangling(article: Article, picks: tuple[int, ...]) -> int:
    """Counts the picks that read on from a sentence that was not picked."""
    return sum(
        reads_on(article.body[position], article.language)
        for position in picks
        if position > 0 and position - 1 not in picks
    )


def main() -> None:
    """Prints a table: a row for each system, a column for each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET")
    options = parser.parse_args()
    sets = read_sets(options.folder, options.sets)
    print("% of sentences       ", *(f"{each.name:>18}" for each in sets))
    for name, system in SYSTEMS.items():
        row = []
        for each in sets:
            summaries = [(article, system(article)) for article in each.articles]
            taken = sum(len(picks) for _, picks in summaries)
            found = sum(dangling(article, picks) for article, picks in summaries)
            row.append(f"{100 * found / max(taken, 1):.1f} ({found} of {taken})")
        print(f"{name:21}", *(f"{cell:>18}" for cell in row), flush=True)


if __name__ == "__main__":
    main()
