"""The command `mujaz-models train`."""

import argparse
import importlib
import os
from pathlib import Path
from typing import Any

from mujaz_models.command import Command, CommandError
from mujaz_models.train import recipe

DATA_VARIABLE = "MUJAZ_TRAINING_DATA"


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "recipe",
        type=Path,
        metavar="RECIPE",
        help="a TOML file, such as models/starter/recipe.toml",
    )
    add(
        "--data",
        type=Path,
        default=os.environ.get(DATA_VARIABLE),
        metavar="FOLDER",
        help=f"where the corpora are; ${DATA_VARIABLE} by default; `data` beside the recipe too",
    )
    add("--work", type=Path, required=True, metavar="FOLDER", help="where the results go")
    add(
        "--held-out",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="an evaluation set, or a folder of them, of which nothing may be trained on",
    )
    add("--minutes", type=float, default=float("inf"), help="train at most so long in this call")
    add("--stage", metavar="NAME", help="do only this step: prepare, bake, a stage, or export")
    add("--from", dest="start", type=Path, metavar="CHECKPOINT", help="begin with these weights")
    add("--vocabulary", type=Path, metavar="FOLDER", help="source.spm and target.spm of --from")


def _run(options: argparse.Namespace) -> None:
    read = recipe.load(options.recipe)
    steps = ("prepare", "bake", *(stage.name for stage in read.stages), "export")
    if options.stage is not None and options.stage not in steps:
        raise CommandError(f"there is no step {options.stage!r}; there are {', '.join(steps)}")
    if (options.start is None) != (options.vocabulary is None):
        raise CommandError("--from and --vocabulary belong together")
    pipeline = _pipeline()
    folders = [Path(f) for f in (options.data, options.recipe.parent / "data") if f is not None]
    made = pipeline.Pipeline(read, folders, options.held_out, options.work)
    if options.start is not None:
        made.adopt(options.start, options.vocabulary)
    made.run(options.stage, options.minutes)


def _pipeline() -> Any:  # noqa: ANN401 (a module)
    # Threads that spin while they wait take the cores from whatever else runs.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return importlib.import_module("mujaz_models.train.pipeline")
    except ModuleNotFoundError as error:
        remedy = "pip install 'mujaz-models[train]'"
        raise CommandError(f"training needs more: {remedy} ({error})") from error


COMMAND = Command("train", "train a model by a recipe", _configure, _run)
