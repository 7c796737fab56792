"""Summaries beside those of LEAD, with what a reader makes of both, as Markdown.

A reading belongs to two summaries: it names their sentences, and is never shown beside others.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from report import section

READINGS = Path(__file__).parent / "prose" / "summary_readings.toml"

Example = Mapping[str, Any]
"""An article's two summaries; see `summary_examples.example`."""
Reading = Mapping[str, Any]
"""The numbers of the sentences that were read, by `mujaz` and `lead`, and the `reading`."""


def shown(example: Example) -> str:
    """Returns an article's summaries under its headline."""
    return "\n\n".join(
        [
            f"### {example['headline']}",
            f"mujaz, of {example['sentences']} sentences:",
            _listed(example["mujaz"]),
            "LEAD:",
            _listed(example["lead"]),
        ]
    )


def _listed(sentences: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"- **{each['number']}** {_escaped(each['text'])}"
        + (f" *({each['why']})*" if "why" in each else "")
        for each in sentences
    )


def _escaped(text: str) -> str:
    """Translations are no Markdown."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|" else letter for letter in text)


def read(example: Example, readings: Mapping[str, Reading]) -> str:
    """Returns an article's summaries with what was made of them.

    Raises:
        ValueError: They were not read, or others were.
    """
    name = example["name"]
    if name not in readings:
        raise ValueError(f"{name} was not read: {READINGS.name} says nothing of it")
    reading = readings[name]
    for system in ("mujaz", "lead"):
        numbers = [each["number"] for each in example[system]]
        if numbers != reading[system]:
            raise ValueError(
                f"{name} is to be read again: {system} has sentences {numbers}, and what"
                f" {READINGS.name} says is of {reading[system]}"
            )
    return f"{shown(example)}\n\n{reading['reading'].strip()}"


def examples(found: Mapping[str, Any]) -> str:
    """Returns the part of docs/summaries.md that shows examples.

    Args:
        found: What `bench/summary_examples.py --json` has written.

    Raises:
        ValueError: See `read`.
    """
    readings = tomllib.loads(READINGS.read_text(encoding="utf-8"))
    told = [read(example, readings) for example in found["examples"]]
    head = section("summary_examples", {"rows": [], "data": {}, "signature": found["signature"]})
    return "\n\n".join([head.rstrip(), *told]) + "\n"
