"""Each judge tells a figure that is reached from one that is not, on made histories."""

import math
from typing import Any

import pytest

from mujaz_server.translation.engine import Translation
from robustness import cancelling, crashes, deadlines, overload, refusals
from robustness.history import Call, Event, History, quantile
from robustness.promise import Row, table
from robustness.servers import Inside


def call(number: int, intended: float, seconds: float, code: str = "OK", **status: Any) -> Call:
    meant = {"intended": intended, "t": intended, "deadline": intended + 1, "phase": "1"}
    ended = {"kind": "status", "t": intended + seconds, "code": code} | status
    return Call(number, meant, [ended])


def kept(rows: list[Row]) -> dict[str, bool]:
    return {row.what: row.kept for row in rows}


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([3.0, 1.0, 2.0], 1, 3.0), (list(range(1, 101)), 0.99, 99)],
)
def test_a_quantile_is_a_value_of_the_list(
    values: list[float], share: float, expected: float
) -> None:
    assert quantile(values, share) == expected


def test_a_quantile_of_nothing_is_no_figure() -> None:
    assert math.isnan(quantile([], 0.99))


class TestOverload:
    def test_goodput_counts_what_was_in_time_and_came_in_the_phase(self) -> None:
        calls = [
            call(0, 10.0, 0.5),
            call(1, 10.1, 1.5),
            call(2, 10.2, 0.5, "RESOURCE_EXHAUSTED"),
            call(3, 11.9, 0.5),
        ]
        assert overload.goodput(History(calls, 0.1), "1", 2.0) == 0.5

    def test_recovery_is_when_calls_are_and_stay_quick(self) -> None:
        before = [call(n, n / 10, 0.1) for n in range(50)]
        after = [call(n, n / 10, 0.9 if n < 13 else 0.1) for n in range(50)]
        assert overload.recovered_after(before, after) == 1.25

    def test_a_refusal_is_no_recovery(self) -> None:
        before = [call(n, n / 10, 0.1) for n in range(50)]
        after = [call(n, n / 10, 0.1, "RESOURCE_EXHAUSTED") for n in range(50)]
        assert overload.recovered_after(before, after) == math.inf


class TestRefusals:
    TOLD = {"retry_s": 0.2, "pushback": "200"}  # noqa: RUF012  never written to

    @pytest.mark.parametrize(
        ("seconds", "status", "broken"),
        [
            pytest.param(0.01, TOLD, set(), id="early, with both"),
            pytest.param(0.01, TOLD | {"pushback": "-1"}, set(), id="not inviting a retry"),
            pytest.param(0.06, TOLD, {"refusal, p99"}, id="late"),
            pytest.param(0.01, TOLD | {"retry_s": None}, {"without"}, id="no RetryInfo"),
            pytest.param(0.01, TOLD | {"pushback": None}, {"without"}, id="no pushback"),
            pytest.param(0.01, TOLD | {"pushback": "900"}, {"without"}, id="two minds"),
        ],
    )
    def test_a_refusal_is_early_and_says_when(
        self, seconds: float, status: Event, broken: set[str]
    ) -> None:
        rows = refusals.judged([call(0, 1.0, seconds, "RESOURCE_EXHAUSTED", **status)])
        found = [row.what for row in rows if not row.kept]
        assert len(found) == len(broken)
        assert all(any(part in what for part in broken) for what in found)

    def test_a_refusal_after_an_event_is_late_whatever_its_time(self) -> None:
        late = call(0, 1.0, 0.01, "RESOURCE_EXHAUSTED", **self.TOLD)
        late.events.insert(0, {"kind": "outline", "t": 1.0})
        assert not kept(refusals.judged([late]))["refused after the first event"]

    def test_no_refusal_at_all_proves_nothing(self) -> None:
        assert not any(kept(refusals.judged([])).values())


class TestCancelling:
    BEFORE = Inside(tasks=10, threads=5, descriptors=20, waiting=0, calls=0, rss=100_000_000)

    @pytest.mark.parametrize(
        "grown",
        [
            {"tasks": 11},
            {"threads": 6},
            {"descriptors": 21},
            {"waiting": 1},
            {"calls": 1},
            {"rss": 105_100_000},
        ],
        ids=str,
    )
    def test_one_more_of_anything_is_a_leak(self, grown: dict[str, int]) -> None:
        values = {name: getattr(self.BEFORE, name) for name in self.BEFORE.__slots__}
        after = Inside(**values | grown)
        rows = cancelling.judged(100, self.BEFORE, after, [])
        assert sum(not row.kept for row in rows) == 1
        assert all(kept(cancelling.judged(100, self.BEFORE, self.BEFORE, [])).values())

    def test_a_row_started_long_after_its_cancel_is_found(self) -> None:
        cancelled = Call(7, {}, [{"kind": "cancel", "t": 5.0}, {"kind": "status", "t": 5.0}])
        rows = [{"t": t, "tag": tag} for t, tag in ((5.05, (7, 1)), (5.2, (7, 2)), (9.0, (8, 0)))]
        assert cancelling.started_late([cancelled], rows) == [rows[1]]

    @pytest.mark.parametrize(
        ("whole", "seconds", "cut", "expected"),
        [
            pytest.param(0.05, 0.05, False, [True, True], id="rows-that-end-sooner"),
            pytest.param(0.9, 0.05, True, [True, True], id="rows-cut-off"),
            pytest.param(0.9, 0.9, False, [False, False], id="rows-that-run-on"),
            pytest.param(0.9, 0.3, True, [False, True], id="rows-cut-off-too-late"),
        ],
    )
    def test_a_batch_nobody_waits_for_ends_soon_or_is_cut_off(
        self, whole: float, seconds: float, expected: list[bool], *, cut: bool
    ) -> None:
        row = Translation("", 0.0, 96, 1, truncated=cut, alternatives=())
        rows = cancelling.judged_batches("rows", whole, [(seconds, [row, row])])
        assert [row.kept for row in rows] == expected


class TestDeadlines:
    def test_a_row_started_after_its_deadline_is_found(self) -> None:
        rows = [{"t": t, "tag": (7, 0)} for t in (1.5, 2.01, 2.2)]
        assert deadlines.started_after_deadline([call(7, 1.0, 0.5)], rows) == [rows[2]]

    @pytest.mark.parametrize(("late", "expected"), [(0.05, True), (0.15, False)])
    def test_a_late_status_is_found(self, late: float, *, expected: bool) -> None:
        passed = call(7, 1.0, 1 + late, "DEADLINE_EXCEEDED")
        rows = deadlines.judged([passed], [], {"call-7": {"t": 2.0 + late}})
        assert [row.kept for row in rows] == [True, expected, expected]


class TestCrashes:
    FILES = {"model.bin": "0" * 64}  # noqa: RUF012  never written to

    @pytest.mark.parametrize(
        ("kill", "after", "broken"),
        [
            pytest.param(crashes.Kill("UNAVAILABLE", 0.1, 2), FILES, 0, id="survived"),
            pytest.param(crashes.Kill("", 0.0, 2), FILES, 0, id="killed while loading"),
            pytest.param(crashes.Kill("UNAVAILABLE", 0.1, 6), FILES, 1, id="slow to come back"),
            pytest.param(crashes.Kill("UNAVAILABLE", 1.1, 2), FILES, 1, id="told late"),
            pytest.param(crashes.Kill("INTERNAL", 0.1, 2), FILES, 1, id="told otherwise"),
            pytest.param(crashes.Kill("", 0, 2), {"model.bin": "1" * 64}, 1, id="changed"),
            pytest.param(crashes.Kill("", 0, 2), FILES | {"left": "2" * 64}, 1, id="left behind"),
            pytest.param(crashes.Kill("", 0, 2), {}, 1, id="lost"),
        ],
    )
    def test_a_round_is_judged(
        self, kill: crashes.Kill, after: dict[str, str], broken: int
    ) -> None:
        rows = crashes.judged([kill], self.FILES, after)
        assert sum(not row.kept for row in rows) == broken

    def test_poison_that_failed_no_batch_proves_nothing(self) -> None:
        assert not crashes.harmed([], 0).kept
        assert crashes.harmed([], 1).kept


def test_the_table_says_what_is_broken() -> None:
    rows = [Row(1, "goodput", ">= 95%", "99%", kept=True), Row(2, "p99", "<= 5", "6", kept=False)]
    assert table(rows).splitlines() == [
        "promise           to reach  measured",
        "1        goodput  >= 95%    99%       kept",
        "2        p99      <= 5      6         BROKEN",
    ]


@pytest.mark.parametrize(
    ("lag", "cpu", "expected"), [(0.01, 0.3, True), (0.2, 0.3, False), (0.01, 0.95, False)]
)
def test_a_run_whose_generator_could_not_keep_up_says_so(
    lag: float, cpu: float, *, expected: bool
) -> None:
    late = call(0, 1.0, 0.5)
    late.meant["t"] += lag
    assert History([late], cpu).kept_up(1).kept == expected
