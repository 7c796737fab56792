"""Every promise in its short form, and every figure of it with a defect that must break it."""

import importlib
from dataclasses import replace
from typing import Any

import pytest

from robustness import cancelling, crashes, deadlines, documents, overload, refusals
from robustness.promise import TIMEOUT_S, TRIES, Row, missed

PROMISES = ["overload", "refusals", "documents", "cancelling", "deadlines", "crashes"]


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize("name", PROMISES)
async def test_a_promise_is_kept(name: str) -> None:
    module: Any = importlib.import_module(f"robustness.{name}")
    assert await missed(lambda: module.measured(module.SHORT)) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
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


SLOW = Row(1, "a p99", "<= 50 ms", "90 ms", kept=False)
QUICK = replace(SLOW, measured="5 ms", kept=True)
TOLD = "a p99: 90 ms, to reach <= 50 ms"
LOST = Row(3, "lost", "0", "1", kept=False)


@pytest.mark.parametrize(
    ("runs", "figures", "taken"),
    [
        ([[QUICK]], [], 1),
        ([[SLOW], [QUICK]], [], 2),
        ([[SLOW]] * TRIES, [TOLD], TRIES),
        (
            [[SLOW], [SLOW, replace(SLOW, what="another")], [SLOW]],
            [TOLD],
            3,
        ),
        ([[SLOW], [LOST]], ["lost: 1, to reach 0"], 2),
    ],
    ids=["kept at once", "kept at last", "always missed", "one of two always missed", "exact"],
)
async def test_a_figure_is_missed_if_no_run_keeps_it(
    runs: list[list[Row]], figures: list[str], taken: int
) -> None:
    left = iter(runs)

    async def measure() -> list[Row]:
        return next(left)

    assert await missed(measure) == figures
    assert len(list(left)) == len(runs) - taken
