# ruff: noqa: T201 (a command prints)
"""`mujaz-models evaluate-summaries` and `tune-summaries`: what summaries score, by what weights."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mujaz_models.command import Command, CommandError

if TYPE_CHECKING:
    from mujaz_models.summaries.evaluation import Result


def _evaluate(options: argparse.Namespace) -> None:
    try:
        from mujaz_models.summaries.evaluation import evaluate  # noqa: PLC0415 (needs the extra)
        from mujaz_models.summaries.progress import progress  # noqa: PLC0415
        from mujaz_models.summaries.sets import read_sets  # noqa: PLC0415
        from mujaz_models.summaries.signature import signature  # noqa: PLC0415
        from mujaz_models.summaries.weights import for_article, load  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _needed(error) from error
    sets = read_sets(options.folder, options.sets)
    tuned = load(options.weights) if options.weights else {}
    results = []
    for given in sets:
        results.append(evaluate(given, lambda article: for_article(article, tuned), progress))
        print(_table(results[-1]), flush=True)
    signed = signature(sets, tuned)
    print(signed)
    if options.json:
        document = {
            "cross_validated": all(given.language in tuned for given in sets),
            "results": [asdict(result) for result in results],
            "signature": signed,
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _needed(error: ModuleNotFoundError) -> CommandError:
    return CommandError(
        f"to measure summaries, {error.name} is needed: pip install 'mujaz-models[summaries]'"
    )


def _table(result: "Result") -> str:
    references = f"{result.references} of their references"
    lines = [
        f"\n{result.set}: {result.documents} documents, {references}, {result.budget:.0f} words",
        f"{'':<16}{'ROUGE-1':>9}{'ROUGE-2':>9}{'ROUGE-Lsum':>12}{'words':>7}",
    ]
    for row in result.rows:
        one, two, whole = row.rouge.values()
        lines.append(f"{row.system:<16}{one:>9.2f}{two:>9.2f}{whole:>12.2f}{row.words:>7.0f}")
    lines += [
        f"mujaz - {each.system:<14} {each.measure:<10} {each.interval.mean:+6.2f}"
        f" ({each.interval.low:+.2f} to {each.interval.high:+.2f})"
        for each in result.differences
    ]
    return "\n".join(lines)


def _configure_sets(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="holds NAME_LANGUAGE[.PART].jsonl")
    add("--sets", nargs="+", default=[], metavar="NAME", help="default: all of the folder")


def _configure_evaluation(parser: argparse.ArgumentParser) -> None:
    _configure_sets(parser)
    add = parser.add_argument
    add(
        "--weights",
        type=Path,
        metavar="FILE",
        help="of tune-summaries; default: the summarizer's own",
    )
    add("--json", type=Path, metavar="FILE", help="write the results there too")


def _configure_tuning(parser: argparse.ArgumentParser) -> None:
    _configure_sets(parser)
    parser.add_argument(
        "--json", type=Path, metavar="FILE", required=True, help="write the weights there"
    )


def _tune(options: argparse.Namespace) -> None:
    try:
        from mujaz_models.summaries.progress import progress  # noqa: PLC0415 (needs the extra)
        from mujaz_models.summaries.sets import read_sets  # noqa: PLC0415
        from mujaz_models.summaries.signature import signature  # noqa: PLC0415
        from mujaz_models.summaries.tuning import compared, tune  # noqa: PLC0415
        from mujaz_models.summaries.weights import save  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _needed(error) from error
    sets = read_sets(options.folder, options.sets)
    languages = sorted({given.language for given in sets})
    tuned = {
        language: tune([given for given in sets if given.language == language], progress)
        for language in languages
    }
    for language, each in tuned.items():
        print(f"{language}: {each.chosen}")
    print(f"\n{'ROUGE-1 / ROUGE-2':<16}{'LEAD':>16}{'defaults':>16}{'unseen folds':>16}")
    for given in sets:
        cells = [f"{one:.2f} / {two:.2f}" for one, two in compared(given, tuned[given.language])]
        print(f"{given.name:<16}" + "".join(f"{cell:>16}" for cell in cells), flush=True)
    print(signature(sets, tuned))
    save(options.json, tuned)


EVALUATE = Command(
    "evaluate-summaries",
    "measure ROUGE of summaries beside LEAD, sumy and an oracle",
    _configure_evaluation,
    _evaluate,
)
TUNE = Command(
    "tune-summaries",
    "choose the summarizer's weights by nested cross-validation",
    _configure_tuning,
    _tune,
)
