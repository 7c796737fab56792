"""How often the checks flag good translations, and how often they find defects.

Pairs of human translations are checked as they are (each flag is a false alarm, or an error of the
human), then with one defect sown into each:

    python bench/checks.py --pairs PAIRS.tsv [--pairs SOURCE.txt TARGET.txt …]

A TSV file has the Arabic and the English in its first two columns. Without files a small table of
pairs of our own is used.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from mujaz_server.translation.checks import Flag, check

Pair = tuple[str, str]
Defect = Callable[[str, str, random.Random], str | None]

PAIRS: list[Pair] = [
    (
        "قتل اربعة جنود واصيب 13 آخرون بجروح في انفجار وقع الاحد.",
        "Four soldiers were killed and 13 others wounded in an explosion on Sunday.",
    ),
    (
        "واعلنت الشركة ان ارباحها ارتفعت بنسبة ٢٫٥ في المئة الى ٣ ملايين دولار.",
        "The company announced that its profits rose by 2.5 percent to three million dollars.",
    ),
    (
        "ومنذ العام 2013 يعمل في المصنع نحو 1200 عامل.",
        "Since 2013 about 1,200 workers have been employed in the factory.",
    ),
    (
        "وبدأت المباراة الساعة 16,30 ت غ وانتهت بفوز الفريق 2-1.",
        "The match began at 4:30 pm GMT and ended in a 2-1 win for the team.",
    ),
]


def main() -> None:
    """Print a table for each file, and the figures as JSON last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", nargs="+", type=Path, action="append", metavar="FILE")
    options = parser.parse_args()
    sets = {paths[0].name: read(paths) for paths in options.pairs or []} or {"own pairs": PAIRS}
    print(json.dumps({name: measure(name, pairs) for name, pairs in sets.items()}))


def read(paths: Sequence[Path]) -> list[Pair]:
    """Read pairs from one TSV file or from two files with a line for each sentence."""
    columns = [path.read_text(encoding="utf-8").splitlines() for path in paths]
    rows = zip(*columns, strict=True) if len(columns) > 1 else (r.split("\t") for r in columns[0])
    return [(row[0], row[1]) for row in rows]


def measure(name: str, pairs: Sequence[Pair]) -> dict[str, float]:
    """Check the pairs as they are and with each defect; print the shares that were flagged."""
    print(f"{name}: {len(pairs)} pairs")
    alarms = Counter(f for source, output in pairs for f in flags_of(source, output))
    figures = {}
    for flag in (f for f in Flag if f not in UNSEEN):
        figures[f"alarm {flag.name}"] = alarms[flag] / len(pairs)
        print(f"  flagged as they are  {flag.name:<15}{alarms[flag] / len(pairs):8.2%}")
    for label, (flag, defect) in DEFECTS.items():
        chance = random.Random(7)
        sown = [(s, bad) for s, o in pairs if (bad := defect(s, o, chance)) not in (None, o)]
        found = sum(flag in flags_of(source, str(output)) for source, output in sown)
        if sown:
            figures[f"found {label}"] = found / len(sown)
            print(f"  found of {len(sown):5}  {label:<22}{found / len(sown):8.2%}")
    return figures


def flags_of(source: str, output: str) -> frozenset[Flag]:
    """Check a pair that was not cut."""
    return check(source, output, truncated=False).flags


def _in_digits(output: str, chance: random.Random) -> re.Match[str] | None:
    """Choose a number over two: one and two are never doubted."""
    numbers = [m for m in re.finditer(r"\d+", output) if int(m[0]) > 2]
    return chance.choice(numbers) if numbers else None


def drop_number(_source: str, output: str, chance: random.Random) -> str | None:
    """Leave a number out."""
    number = _in_digits(output, chance)
    return number and output[: number.start()] + output[number.end() :]


def alter_digit(_source: str, output: str, chance: random.Random) -> str | None:
    """Change one digit of a number."""
    number = _in_digits(output, chance)
    if not number:
        return None
    place = chance.randrange(number.start(), number.end())
    digit = chance.choice([d for d in "3456789" if d != output[place]])
    return output[:place] + digit + output[place + 1 :]


def repeat_phrase(_source: str, output: str, chance: random.Random) -> str | None:
    """Say three words five times."""
    words = output.split()
    if len(words) < 4:
        return None
    start = chance.randrange(len(words) - 3)
    return " ".join(words[:start] + 5 * words[start : start + 3] + words[start + 3 :])


def copy_source(source: str, _output: str, _chance: random.Random) -> str:
    """Hand the Arabic back."""
    return source


def leave_arabic(source: str, output: str, chance: random.Random) -> str | None:
    """Put an Arabic word in place of an English one."""
    arabic = re.findall("[\u0621-\u064a]{2,}", source)
    words = output.split()
    if not arabic or not words:
        return None
    words[chance.randrange(len(words))] = chance.choice(arabic)
    return " ".join(words)


def keep_third(_source: str, output: str, _chance: random.Random) -> str:
    """Keep the first third."""
    words = output.split()
    return " ".join(words[: max(1, len(words) // 3)])


UNSEEN = {Flag.TRUNCATED, Flag.RETRIED, Flag.SPLIT, Flag.PASSED_THROUGH, Flag.FAILED}
DEFECTS: dict[str, tuple[Flag, Defect]] = {
    "number dropped": (Flag.NUMBERS_DIFFER, drop_number),
    "digit altered": (Flag.NUMBERS_DIFFER, alter_digit),
    "three words × 5": (Flag.REPETITION, repeat_phrase),
    "source copied": (Flag.COPIED, copy_source),
    "Arabic word left": (Flag.UNTRANSLATED, leave_arabic),
    "first third only": (Flag.LENGTH_RATIO, keep_third),
}

if __name__ == "__main__":
    main()
