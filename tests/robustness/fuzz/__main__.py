"""Fuzzes one target in this process: `python -m robustness.fuzz TARGET RUNS [--keep]`.

Coverage guides it where atheris is installed (it has wheels for Linux on x86-64 alone); else our
own mutator goes on from the kept inputs. Each line on standard output is a JSON object, the last
one with `done`: the runs, the slowest of them, the inputs that broke the target.
"""

import argparse
import importlib
import importlib.util
import json
import os
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from robustness.fuzz import corpus
from robustness.fuzz.mutation import mutated
from robustness.fuzz.run import Tally

if TYPE_CHECKING:
    from robustness.fuzz.targets import Target

GUIDED = importlib.util.find_spec("atheris") is not None
_REPORTS = 20
_MOST_BROKEN = 5
_INSTRUMENTED = ["mujaz_server", "mujaz_models", "zipfile", "robustness.fuzz.targets"]


class Progress(Tally):
    """A tally that tells of itself now and then, and ends the process with its last run."""

    def __init__(self, target: "Target", runs: int) -> None:
        super().__init__(target.run)
        self._wanted = runs

    def __call__(self, data: bytes) -> None:
        """Runs the target once; libFuzzer would not return by itself."""
        super().__call__(data)
        done = self.runs >= self._wanted or len(self.broken) >= _MOST_BROKEN
        if done or self.runs % max(1, self._wanted // _REPORTS) == 0:
            self._tell(done=done)
        if done:
            os._exit(0)

    def _tell(self, *, done: bool) -> None:
        line = {
            "done": done,
            "runs": self.runs,
            "slowest_s": self.slowest_s,
            "slowest": self.slowest.hex(),
            "broken": [(data.hex(), said) for data, said in self.broken],
            "guided": GUIDED,
        }
        print(json.dumps(line), flush=True)


def _guided(name: str, runs: int, seed: int, *, keep: bool) -> None:
    atheris: Any = importlib.import_module("atheris")  # not everywhere
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from robustness.fuzz.targets import TARGETS  # noqa: PLC0415  instrumented as it is imported
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found"
        found.mkdir()
        for number, data in enumerate(corpus.kept(name)):
            (found / f"kept{number}").write_bytes(data)
        words = Path(folder) / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        arguments = [
            *(sys.argv[0], str(found), f"-dict={words}", f"-max_len={target.longest}"),
            *(f"-seed={seed}", "-timeout=60", "-print_final_stats=0", "-verbosity=0"),
        ]
        run = Progress(target, runs)
        if (child := os.fork()) == 0:
            atheris.Setup(arguments, run)
            atheris.Fuzz()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if keep:
            _keep(name, [path.read_bytes() for path in found.iterdir()])
    sys.exit(status)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _keep(name: str, found: list[bytes]) -> None:
    """Keeps what was kept, and the shortest of what was found."""
    before = corpus.kept(name)
    new = sorted(set(found) - set(before), key=len)
    corpus.keep(name, [*before, *new[: max(0, corpus.MOST_KEPT - len(before))]])


def _unguided(name: str, runs: int, seed: int) -> None:
    from robustness.fuzz.targets import TARGETS  # noqa: PLC0415  as above

    target = TARGETS[name]
    run = Progress(target, runs)
    chance = random.Random(seed)
    inputs = corpus.kept(name)
    for data in inputs:
        run(data)
    while True:
        run(mutated(inputs, target.words, target.longest, chance))


def main() -> None:
    """Fuzzes until the runs are done; does not return."""
    parser = argparse.ArgumentParser(prog="python -m robustness.fuzz", description=__doc__)
    parser.add_argument("target")
    parser.add_argument("runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="add what was found to the kept inputs")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # numpy's, of files made by Python 2
    if GUIDED:
        _guided(arguments.target, arguments.runs, arguments.seed, keep=arguments.keep)
    else:
        _unguided(arguments.target, arguments.runs, arguments.seed)


if __name__ == "__main__":
    main()
