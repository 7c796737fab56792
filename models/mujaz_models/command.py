"""What a command of `mujaz-models` is: a name, its arguments and what it does.

Each command stands in its own module as a `Command`, and `cli.py` lists them. Importing such a
module must not import more than the standard library: what a command needs beyond it is imported
when it runs, so that `mujaz-models list` works where no extra is installed.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


class CommandError(Exception):
    """A command cannot do its work; the message is one line that ends in the remedy."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: the word after `mujaz-models`.
        summary: what `--help` says about it.
        configure: declares its arguments.
        run: does the work, prints the outcome, and raises `CommandError` where there is none.
    """

    name: str
    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]
