"""The command `mujaz-models pull`."""

import argparse
import sys
from pathlib import Path

from mujaz_models.command import Command
from mujaz_models.convert import QUANTIZATIONS, convert_folder
from mujaz_models.convert.command import add_trim
from mujaz_models.pull import registry
from mujaz_models.pull.errors import PullError


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="NAME", help="a name of the registry")
    parser.add_argument(
        "--registry",
        type=Path,
        default=registry.BUILT_IN,
        metavar="FILE",
        help="a registry of your own",
    )
    parser.add_argument(
        "--quantization", choices=QUANTIZATIONS, default="int8", help="default: int8"
    )
    add_trim(parser)
    parser.add_argument(
        "--replace", action="store_true", help="replace the model of this name in the store"
    )
    parser.add_argument("--offline", action="store_true", help="never use the network")


def _run(options: argparse.Namespace) -> None:
    entry = registry.find(options.model, options.registry)
    try:
        from mujaz_models.pull import hub, progress, steps  # noqa: PLC0415 (need the extra)
    except ModuleNotFoundError as error:
        raise PullError(
            f"to pull a model, {error.name} is needed: pip install 'mujaz-models[pull,convert]'"
        ) from error
    request = steps.Request(
        entry,
        quantization=options.quantization,
        trim=options.trim,
        replace=options.replace,
        offline=options.offline or hub.is_offline(),
    )
    try:
        folder = steps.pull(
            request, convert=convert_folder, progress=progress.progress_on(sys.stderr), say=_say
        )
    except KeyboardInterrupt as error:
        raise PullError("interrupted: run the command again to go on") from error
    print(folder)  # noqa: T201 (a command prints)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (a command prints)


COMMAND = Command(
    "pull", "fetch a model from the hub, convert it and put it into the store", _configure, _run
)
