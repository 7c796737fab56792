# ruff: noqa: T201 (a command prints)
"""The command `mujaz-models`: it hands its arguments to one of the commands listed here."""

import argparse
import os
import sys
from collections.abc import Sequence

from mujaz_models import shelf, store
from mujaz_models.command import Command, CommandError
from mujaz_models.convert.command import COMMAND as IMPORT
from mujaz_models.evaluate.command import COMMAND as EVALUATE
from mujaz_models.manifest import ManifestError
from mujaz_models.pull.command import COMMAND as PULL
from mujaz_models.summaries.command import EVALUATE as EVALUATE_SUMMARIES
from mujaz_models.summaries.command import TUNE as TUNE_SUMMARIES
from mujaz_models.train.command import COMMAND as TRAIN
from mujaz_models.train.lexicon.corpus import COMMAND as LEXICON
from mujaz_models.verify import VerifyError

EXIT_BROKEN_PIPE = 141  # what a shell reports of a command that SIGPIPE ended

COMMANDS: tuple[Command, ...] = (
    *shelf.COMMANDS,
    EVALUATE,
    EVALUATE_SUMMARIES,
    IMPORT,
    LEXICON,
    PULL,
    TRAIN,
    TUNE_SUMMARIES,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those after the program's name; those of the process by default.

    Returns:
        The exit status: 0, 141 where the reader of the output left, or 1 after one line on the
        standard error that says what is wrong.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has left, as `head` does; the interpreter must not flush into the pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except (CommandError, ManifestError, VerifyError, store.ModelNotFoundError, OSError) as error:
        print(f"mujaz-models: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mujaz-models", description="The models of mujaz.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        its_parser = commands.add_parser(
            command.name, help=command.summary, description=command.summary
        )
        command.configure(its_parser)
        its_parser.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
