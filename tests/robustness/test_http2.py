"""Abuse of HTTP/2 in short form, and judges that can fail."""

import math
from dataclasses import replace
from typing import Any

import pytest

from robustness import abuse, http2
from robustness.abuse import ATTACKS
from robustness.history import Call
from robustness.http2 import Window
from robustness.promise import TIMEOUT_S, Row, missed


def call(intended: float, seconds: float, code: str = "OK") -> Call:
    meant = {"intended": intended, "t": intended, "deadline": None, "phase": "healthy"}
    return Call(0, meant, [{"kind": "status", "t": intended + seconds, "code": code}])


def broken(rows: list[Row]) -> list[str]:
    return [row.what for row in rows if not row.kept]


WINDOWS = [Window("a flood", 10.0, 12.0, 5), Window("a storm", 20.0, 22.0, 5)]


def calls(**slow: float) -> list[Call]:
    """Ten a second; some stretches slower than the 0.1 s of the others."""
    stretches = {"flood": (10, 12), "late": (14.5, 16), "storm": (20, 22), "after": (24, 30)}
    times = [n / 10 for n in range(300)]
    return [
        call(t, next((s for name, s in slow.items() if in_(stretches[name], t)), 0.1))
        for t in times
    ]


def in_(stretch: tuple[float, float], time: float) -> bool:
    return stretch[0] <= time < stretch[1]


@pytest.mark.parametrize(
    ("slow", "found"),
    [
        pytest.param({}, [], id="nobody noticed"),
        pytest.param({"flood": 0.19}, [], id="slower, within the bound"),
        pytest.param(
            {"flood": 0.21}, ["a healthy caller's p99 during a flood"], id="slower than the bound"
        ),
        pytest.param({"late": 0.2}, ["2 s after a flood"], id="not normal again"),
        pytest.param({"after": 0.2}, ["2 s after a storm"], id="not normal at the end"),
    ],
)
def test_a_healthy_caller_is_judged(slow: dict[str, float], found: list[str]) -> None:
    assert broken(http2.judged(calls(**slow), WINDOWS, http2.LONG)) == found


def test_a_recovery_is_judged_by_hundreds_of_calls() -> None:
    assert (http2.LONG.calm_s - http2.RECOVERY_S) * http2.RATE >= 400


def test_a_healthy_call_that_fails_is_told() -> None:
    rows = http2.judged([*calls(), call(11, 0.1, "UNAVAILABLE")], WINDOWS, http2.LONG)
    assert broken(rows) == ["healthy calls that failed beside abuse of HTTP/2"]
    assert "UNAVAILABLE" in rows[0].measured


def test_an_attack_that_sent_nothing_shows_nothing() -> None:
    nothing = [Window("a flood", 10.0, 12.0, 0)]
    assert broken(http2.judged(calls(), nothing, http2.LONG)) == [
        "a healthy caller's p99 during a flood"
    ]


def test_a_time_without_healthy_calls_shows_nothing() -> None:
    some = [each for each in calls() if each.meant["intended"] < 20]
    assert "a healthy caller's p99 during a storm" in broken(
        http2.judged(some, WINDOWS, http2.LONG)
    )


@pytest.mark.parametrize(
    ("growth", "crowd", "count"),
    [(49_000_000, 512, 0), (51_000_000, 512, 1), (0, 513, 1), (0, 0, 1)],
)
def test_the_server_itself_is_judged(growth: int, crowd: int, count: int) -> None:
    windows = [Window("a flood", 10.0, 12.0, 5, growth), *WINDOWS]
    assert len(broken(http2.inside(windows, crowd, http2.LONG))) == count


def ended(second: float, seconds: float, **more: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-01-01T00:00:{second:09.6f}+00:00", "seconds": seconds} | more


@pytest.mark.parametrize(
    ("log", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([ended(2, 1), ended(3, 1)], 1, id="one after the other"),
        pytest.param([ended(2, 1), ended(2.5, 1), ended(4, 3)], 3, id="together"),
        pytest.param([ended(2, 1), ended(2, 1, reason="TOO_MANY_STREAMS")], 1, id="one refused"),
    ],
)
def test_calls_at_once_are_counted_from_the_log(log: list[dict[str, Any]], most: int) -> None:
    assert http2.most_at_once(log) == most


@pytest.mark.parametrize("what", ATTACKS, ids=lambda what: what.name)
def test_an_attack_is_bounded_over_one_connection(what: abuse.Attack) -> None:
    sent = size = 0
    for count, chunk in what.chunks():
        sent, size = sent + count, size + len(chunk)
        assert len(chunk) < 1 << 20
    assert sent > 0
    assert size < 1 << 25


@pytest.mark.timeout(TIMEOUT_S)
async def test_abuse_of_http2_costs_a_healthy_caller_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bearable = tuple(each for each in ATTACKS if each is not abuse.HEADER_BOMBS)  # see there
    monkeypatch.setattr(http2, "ATTACKS", bearable)
    assert await missed(lambda: http2.measured(http2.SHORT)) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize(
    ("defect", "attack", "figure"),
    [
        ("takes messages of any size", "gzip bombs", "memory at its most in gzip bombs"),
        ("takes any number of calls", "tiny windows", "calls admitted at once, by the log"),
    ],
)
async def test_a_seeded_defect_breaks_its_figure(
    defect: str, attack: str, figure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = next(each for each in ATTACKS if each.name == attack)
    monkeypatch.setattr(http2, "ATTACKS", [replace(one, most=4_000)])
    monkeypatch.setattr(http2, "_MAX_STREAMS", 8)
    rows = await http2.measured(http2.Size(1.5, 2.0, 0.0), defect)
    assert any(figure in what for what in broken(rows)), rows


def test_no_call_is_no_figure() -> None:
    assert http2._p99([], 0, 1) == math.inf
