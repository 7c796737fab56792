"""Promise 10, by fuzzing: whatever takes bytes of strangers holds for a million inputs.

Each target of `fuzz` runs in a process of its own, as many at once as there are cores. The kept
inputs come first, so whatever once broke a target is tried again in every form.
"""

import asyncio
import json
import os
import random
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from robustness.fuzz import corpus
from robustness.fuzz.mutation import mutated
from robustness.fuzz.run import SLOW_S, Tally
from robustness.fuzz.targets import TARGETS, Target
from robustness.machine import ENVIRONMENT
from robustness.promise import Row

PROMISE = 10


@dataclass(frozen=True, slots=True)
class Size:
    """How many runs of all targets together, and whether in processes of their own.

    Without those nothing guides the runs, nothing hangs by itself, and a second is enough.
    """

    runs: int
    apart: bool


SHORT = Size(5_000, apart=False)
LONG = Size(1_000_000, apart=True)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Fuzzes every target; `defect` is the name of one to fuzz alone."""
    wanted = {
        name: max(1, round(size.runs * target.share))
        for name, target in TARGETS.items()
        if not defect or name == defect
    }
    cores = asyncio.Semaphore(os.cpu_count() or 1)
    run = _apart if size.apart else _here
    told = await asyncio.gather(*(run(name, runs, cores) for name, runs in wanted.items()))
    rows = [judged(name, wanted[name], each) for name, each in zip(wanted, told, strict=True)]
    total = sum(each.runs for each in told)
    guided = "guided by coverage" if all(each.guided for each in told) else "by our own mutator"
    reach = sum(wanted.values())
    what = f"runs of {len(wanted)} targets, {guided}"
    rows.append(Row(PROMISE, what, f">= {reach:,}", f"{total:,}", total >= reach))
    return rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the runs of one target came to.

    Attributes:
        broken: Inputs in hexadecimal digits, with what was raised.
        slowest: The input that took longest, likewise.
    """

    runs: int
    broken: Sequence[tuple[str, str]]
    slowest_s: float
    slowest: str
    guided: bool


def judged(name: str, wanted: int, told: Outcome) -> Row:
    """The figure of one target."""
    words = f"{len(told.broken)} of {told.runs:,}, the slowest in {told.slowest_s * 1000:.0f} ms"
    if told.broken:
        words += f"; {told.broken[0][1]} of {told.broken[0][0]}"
    if told.slowest_s > SLOW_S:
        words += f"; {told.slowest}"
    return Row(
        PROMISE,
        f"inputs that break {name}",
        f"0, none in over {SLOW_S:g} s",
        words,
        not told.broken and told.slowest_s <= SLOW_S and told.runs >= wanted,
    )


async def _apart(name: str, runs: int, cores: asyncio.Semaphore) -> Outcome:
    async with cores:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "robustness.fuzz", name, str(runs)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=ENVIRONMENT,
        )
        assert process.stdout is not None
        last: Mapping[str, Any] = {}
        async for line in process.stdout:
            last = json.loads(line)
            print(f"{name}: {last['runs']:,} of {runs:,}", file=sys.stderr, flush=True)
        return outcome(last, await process.wait())


def outcome(last: Mapping[str, Any], status: int) -> Outcome:
    """Reads the last line of a process; one that died before its end is a find too."""
    broken = [(data, said) for data, said in last.get("broken", [])]
    if not last.get("done"):
        broken.append(("", f"the process ended with {status}"))
    return Outcome(
        runs=last.get("runs", 0),
        broken=broken,
        slowest_s=last.get("slowest_s", 0.0),
        slowest=last.get("slowest", ""),
        guided=last.get("guided", False),
    )


async def _here(name: str, runs: int, _: asyncio.Semaphore) -> Outcome:
    return fuzzed(TARGETS[name], corpus.kept(name), runs, seed=1)


def fuzzed(target: Target, inputs: Sequence[bytes], runs: int, seed: int) -> Outcome:
    """Runs a target on inputs, then on mutations of them, in this process."""
    tally = Tally(target.run)
    chance = random.Random(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy's, of files made by Python 2
        for data in inputs:
            tally(data)
        while tally.runs < runs:
            tally(mutated(inputs, target.words, target.longest, chance))
    broken = [(data.hex(), said) for data, said in tally.broken]
    return Outcome(tally.runs, broken, tally.slowest_s, tally.slowest.hex(), guided=False)
