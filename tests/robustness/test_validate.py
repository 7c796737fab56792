"""Each rule of the validator finds the defect it is there for, and nothing in a good history."""

from collections.abc import Callable
from typing import Any

import pytest

from robustness.history import Event, history
from robustness.validate import RULES, UNDER_FAULTS, violations


def sentence(owner: int, index: int, **changed: Any) -> Event:
    told = {"index": index, "source": [owner, index], "text": [owner, index]}
    told |= {"failed": False, "poisoned": False, "exact": True}
    return {"kind": "sentence", "t": 2.0} | told | changed


def good(fate: str = "read", code: str = "OK") -> list[Event]:
    meant = {"kind": "meant", "t": 1.0, "intended": 1.0, "deadline": None, "phase": "all"}
    meant |= {"fate": fate, "method": "TranslateDocument", "sentences": 3, "words": 10}
    events = [
        meant,
        {"kind": "outline", "t": 2.0, "count": 3},
        *(sentence(7, index) for index in range(3)),
        {"kind": "report", "t": 3.0, "count": 3},
        {"kind": "status", "t": 3.0, "code": code},
    ]
    return [event | {"call": 7} for event in events]


def found(events: list[Event], failures: frozenset[str] = UNDER_FAULTS) -> set[str]:
    return {each.rule for each in violations(history(events).calls, failures)}


def without(*positions: int) -> Callable[[list[Event]], list[Event]]:
    return lambda events: [each for place, each in enumerate(events) if place not in positions]


def changed(position: int, **values: Any) -> Callable[[list[Event]], list[Event]]:
    return lambda events: [
        each | values if place == position else each for place, each in enumerate(events)
    ]


def test_a_good_history_breaks_no_rule() -> None:
    assert found(good()) == set()


@pytest.mark.parametrize("code", sorted(UNDER_FAULTS))
def test_a_call_may_fail_under_faults_and_not_without(code: str) -> None:
    refused = without(1, 2, 3, 4, 5)(good(code=code))
    assert found(refused) == set()
    assert found(refused, frozenset()) == {"no status but those allowed"}


@pytest.mark.parametrize(
    ("seed", "rule"),
    [
        pytest.param(without(6), "exactly one status, at the end", id="a call without an end"),
        pytest.param(
            lambda events: [*events, events[-1]],
            "exactly one status, at the end",
            id="a call that ends twice",
        ),
        pytest.param(
            lambda events: [*events, events[2]],
            "exactly one status, at the end",
            id="an event after the end",
        ),
        pytest.param(changed(6, code="UNKNOWN"), "no status but those allowed", id="UNKNOWN"),
        pytest.param(changed(6, code="INTERNAL"), "no status but those allowed", id="INTERNAL"),
        pytest.param(without(3), "sentences once each and in order", id="a lost sentence"),
        pytest.param(
            lambda events: [*events[:3], events[2], *events[3:]],
            "sentences once each and in order",
            id="a doubled sentence",
        ),
        pytest.param(
            lambda events: [*events[:2], events[3], events[2], *events[4:]],
            "sentences once each and in order",
            id="two sentences out of order",
        ),
        pytest.param(changed(3, text=[8, 1]), "own text only", id="the text of another call"),
        pytest.param(changed(3, text=[7, 2]), "own text only", id="the text of another sentence"),
        pytest.param(changed(3, text=None), "own text only", id="no text"),
        pytest.param(changed(3, source=[8, 1]), "own text only", id="the source of another call"),
        pytest.param(changed(3, exact=False), "exact offsets", id="offsets astray"),
        pytest.param(
            changed(3, failed=True), "only poison fails, and poison does", id="a harmed sentence"
        ),
        pytest.param(
            changed(3, poisoned=True), "only poison fails, and poison does", id="poison that works"
        ),
        pytest.param(without(4), "complete where OK", id="OK without the last sentence"),
        pytest.param(without(5), "complete where OK", id="OK without a report"),
        pytest.param(without(1), "complete where OK", id="OK without an outline"),
        pytest.param(changed(5, count=2), "complete where OK", id="a report that counts less"),
        pytest.param(
            changed(6, code="RESOURCE_EXHAUSTED"),
            "refused before the first event",
            id="refused after it began",
        ),
    ],
)
def test_a_seeded_defect_is_found(seed: Callable[[list[Event]], list[Event]], rule: str) -> None:
    assert rule in RULES
    assert rule in found(seed(good()))


@pytest.mark.parametrize(
    ("fate", "code", "allowed"),
    [
        ("read", "CANCELLED", False),
        ("cancel", "CANCELLED", True),
        ("cancel", "OK", True),
        ("malformed", "INVALID_ARGUMENT", True),
        ("malformed", "UNIMPLEMENTED", True),
        ("malformed", "OK", False),
    ],
)
def test_a_status_goes_with_the_fate_of_its_call(fate: str, code: str, *, allowed: bool) -> None:
    told = found(without(1, 2, 3, 4, 5)(good(fate, code)), frozenset())
    assert ("no status but those allowed" not in told) == allowed
