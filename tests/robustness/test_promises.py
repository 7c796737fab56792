"""Every promise in its short form, and every figure of it with a defect that must break it."""

import importlib
from typing import Any

import pytest

from robustness import cancelling, crashes, deadlines, documents, overload, refusals
from robustness.promise import Row

PROMISES = ["overload", "refusals", "documents", "cancelling", "deadlines", "crashes"]


def broken(rows: list[Row]) -> list[str]:
    return [f"{row.what}: {row.measured}, to reach {row.reach}" for row in rows if not row.kept]


@pytest.mark.load
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize("name", PROMISES)
async def test_a_promise_is_kept(name: str) -> None:
    module: Any = importlib.import_module(f"robustness.{name}")
    assert broken(await module.measured(module.SHORT)) == []


@pytest.mark.load
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize(
    ("module", "size", "defect", "figures"),
    [
        pytest.param(
            overload,
            overload.Size((1, 10), 2, 1),
            "admits everything",
            ["goodput at 10 times capacity", "calm after 10 times capacity"],
            id="a queue that takes everything",
        ),
        pytest.param(
            refusals,
            refusals.SHORT,
            "is slow to refuse",
            ["refusal, p99"],
            id="refusals that hold up the loop",
        ),
        pytest.param(
            refusals,
            refusals.SHORT,
            "always invites a retry",
            ["attempts a call of 20 stock clients at 2 times capacity"],
            id="refusals that all invite a retry",
        ),
        pytest.param(
            documents,
            documents.Size(100),
            "crosses answers",
            ["own text only: violations in 100 documents"],
            id="answers that go to others",
        ),
        pytest.param(
            cancelling,
            cancelling.Size(1, 200),
            "never cancels",
            [
                "out of the queue, the slowest of 1",
                "out of a greedy batch that runs, the slowest of 1",
            ],
            id="cancelled work that goes on",
        ),
        pytest.param(
            cancelling,
            cancelling.Size(1, 300),
            "leaks",
            [f"{what} after 300 cancelled calls" for what in ("tasks", "descriptors", "memory")],
            id="a server that leaks",
        ),
        pytest.param(
            deadlines,
            deadlines.Size(0.8, 0, 0, 0),
            "works for the dead",
            ["rows started after their deadline"],
            id="work for callers whose time is up",
        ),
        pytest.param(
            crashes,
            crashes.Size(0, 200),
            "crosses answers",
            ["calls harmed by poison sentences of others"],
            id="poison that reaches others",
        ),
    ],
)
async def test_a_seeded_defect_breaks_its_figures(
    module: Any, size: Any, defect: str, figures: list[str]
) -> None:
    rows = await module.measured(size, defect)
    assert set(figures) <= {row.what for row in rows if not row.kept}
