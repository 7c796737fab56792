"""deploy/envoy.yaml before real servers: balance, restarts, lost replicas, strangers.

Each judge is shown a configuration, or servers, with a defect that it must find.
"""

from __future__ import annotations

import signal
import urllib.error
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from deploy import measured
from deploy.measured import Restarts, balanced, bombed, left_out, restarted, unevenness
from deploy.proxy import as_it_stands, left_out_after_s
from deploy.replicas import running, until
from deploy.tools import needs
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from mujaz_client import Client, TooLargeError
from robustness.plan import Kind, tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deploy.proxy import Edit, Proxy
    from deploy.replicas import Replicas

pytestmark = needs("envoy")

UNEVENNESS = 0.10
MOST_GROWTH = 50_000_000
CALLS = 1_500
LONGEST = 400_000
SHARED_S = 1.0
"""What a busy machine may add to a bound on time."""


@pytest.fixture(scope="module")
def three() -> Iterator[Replicas]:
    with running(3) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def envoy(three: Replicas) -> Iterator[Proxy]:
    with three.behind_envoy() as proxy:
        yield proxy


def edited(there: str, here: str) -> Edit:
    def edit(config: str) -> str:
        assert there in config
        return config.replace(there, here)

    return edit


async def test_three_replicas_have_equal_shares(three: Replicas, envoy: Proxy) -> None:
    assert await balanced(three, envoy, CALLS) <= UNEVENNESS


async def test_shares_that_are_not_equal_are_found(three: Replicas) -> None:
    by_caller = edited("lb_policy: LEAST_REQUEST", "lb_policy: MAGLEV")
    hashed = edited(
        "timeout: 0s  #", "hash_policy: [{connection_properties: {source_ip: true}}]  #"
    )
    with three.behind_envoy(lambda config: hashed(by_caller(config))) as skewed:
        assert await balanced(three, skewed, 100) > UNEVENNESS


def test_unevenness_is_of_the_farthest_from_an_equal_share() -> None:
    assert unevenness([100, 100]) == 0
    assert unevenness([90, 100, 110]) == pytest.approx(0.1)
    assert unevenness([0, 300, 0]) == 2


async def test_header_bombs_end_at_envoy(three: Replicas, envoy: Proxy) -> None:
    found = await bombed(three.servers["127.0.0.1"], envoy.address, 1.0)
    assert found.sent > 100
    assert found.reached == 0
    assert found.growth <= MOST_GROWTH
    with Client(envoy.address) as client:
        client.list_models()


async def test_header_bombs_that_reach_a_server_are_found() -> None:
    with running(1) as past_envoy:
        [server] = past_envoy.servers.values()
        found = await bombed(server, server.address, 1.0)
    assert found.growth > MOST_GROWTH


@pytest.fixture(scope="module")
def small() -> Iterator[Replicas]:
    """Two that take one call each, and no long texts."""
    with running(2, max_streams=1, max_code_points=LONGEST) as cluster:
        yield cluster


@pytest.mark.parametrize(
    ("edit", "given"),
    [
        pytest.param(as_it_stands, 1, id="as it stands"),
        pytest.param(edited("[0-9]+", "-?[0-9]+"), 2, id="where -1 is not obeyed"),
    ],
)
def test_a_refusal_for_good_is_tried_once(small: Replicas, edit: Edit, given: int) -> None:
    before = sum(small.calls_seen())
    with (
        small.behind_envoy(edit) as proxy,
        Client(proxy.address) as client,
        pytest.raises(TooLargeError),
    ):
        client.translate_text(["و" * (LONGEST + 1)])
    assert sum(small.calls_seen()) - before == given


@pytest.mark.parametrize(
    ("edit", "codes"),
    [
        pytest.param(as_it_stands, {"OK"}, id="as it stands"),
        pytest.param(
            edited("[0-9]+", "never"), {"OK", "RESOURCE_EXHAUSTED"}, id="where none is invited"
        ),
    ],
)
def test_a_refusal_that_invites_a_retry_is_tried_on_the_other(
    small: Replicas, edit: Edit, codes: set[str]
) -> None:
    with small.behind_envoy(edit) as proxy, grpc.insecure_channel(proxy.address) as channel:
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        document = "\n".join(tagged(1, index) for index in range(5_000))
        holding = stub.TranslateDocument(pb.TranslateDocumentRequest(text=document))
        next(holding)
        told = {code(stub) for _ in range(30)}
        holding.cancel()
    assert told == codes


def code(stub: Any) -> str:
    try:
        stub.TranslateText(pb.TranslateTextRequest(texts=["وصل الوزير"]))
    except grpc.RpcError as error:
        name: str = error.code().name
        return name
    return "OK"


def test_a_call_that_outlasts_its_connection_is_not_cut(three: Replicas) -> None:
    young = edited("max_connection_duration: 3600s", "max_connection_duration: 1s")
    with three.behind_envoy(young) as proxy, Client(proxy.address) as client:
        document = "\n".join(tagged(1, index) for index in range(1_000))  # 2.5 s
        assert len(client.summarize(document).sentences) == 1_000
        assert proxy.stats()["envoy_http_downstream_cx_max_duration_reached"] > 0
        client.list_models()


@pytest.mark.parametrize(
    ("edit", "held_up"),
    [
        pytest.param(as_it_stands, True, id="as it stands"),
        pytest.param(edited(": 65536", ": 16777216"), False, id="where Envoy holds all for it"),
    ],
)
def test_a_reader_that_stops_holds_up_its_own_replica_s_work(edit: Edit, *, held_up: bool) -> None:
    document = "\n".join(tagged(1, index, 6, width=80) for index in range(1_500))
    with (
        running(1) as cluster,
        cluster.behind_envoy(edit) as proxy,
        grpc.insecure_channel(proxy.address, options=[("grpc.http2.bdp_probe", 0)]) as channel,
    ):
        [server] = cluster.servers.values()
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        stopped = stub.TranslateDocument(pb.TranslateDocumentRequest(text=document))
        next(stopped)
        done = settled(lambda: server.counters()["mujaz_sentences_total"])
        assert code(stub) == "OK"
        stopped.cancel()
    assert (done < 1_000) is held_up


def settled(read: Callable[[], float], looks: int = 20) -> float:
    """What a figure is once so many looks in turn have found it the same, and not zero."""
    seen: list[float] = []

    def the_same() -> bool:
        seen.append(read())
        return seen[-1] > 0 and len(seen) > looks and len({*seen[-looks:]}) == 1

    until(the_same)
    return seen[-1]


def test_the_admin_interface_shows_two_pages_and_no_more(envoy: Proxy) -> None:
    assert "envoy_cluster_upstream_rq_retry" in envoy.stats()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        envoy.page("config_dump")
    assert envoy.page("ready") == "LIVE\n"


def test_a_replica_that_dns_names_is_given_calls_until_it_is_forgotten(
    three: Replicas, envoy: Proxy
) -> None:
    host = three.start()
    three.name(host)
    until(lambda: host in envoy.healthy())
    with Client(envoy.address) as client:
        until(lambda: bool(client.list_models()) and envoy.calls()[host] > 0)
    three.unname(host)
    assert three.stop(host) == 0
    until(lambda: host not in envoy.calls())


async def test_restarts_by_another_replica_are_seen_by_no_caller(
    three: Replicas, envoy: Proxy
) -> None:
    found = await restarted(three, envoy, three.replace, 1)
    assert found.clean, found


# Least request alone gives few calls to a replica that answers none; round robin hides nothing.
IN_TURN = edited("lb_policy: LEAST_REQUEST", "lb_policy: ROUND_ROBIN")
SELDOM = edited("interval: 1s\n", "interval: 60s\n")


@pytest.mark.parametrize(
    ("edit", "left"),
    [
        pytest.param(as_it_stands, True, id="as it stands"),
        pytest.param(IN_TURN, True, id="by its health alone"),
        pytest.param(lambda config: SELDOM(IN_TURN(config)), False, id="where none is asked"),
    ],
)
async def test_a_replica_that_hangs_is_left_out(three: Replicas, edit: Edit, *, left: bool) -> None:
    with three.behind_envoy(edit) as proxy:
        gone = [*three.servers][:1]
        found = await left_out(three, proxy, signal.SIGSTOP, gone, resumed=True)
    assert (found.seconds <= left_out_after_s() + SHARED_S) is left
    assert found.failures == []


@pytest.fixture(scope="module")
def two() -> Iterator[Replicas]:
    with running(2) as cluster:
        yield cluster


async def test_two_replicas_share_restart_and_die_unseen(two: Replicas) -> None:
    with two.behind_envoy() as proxy:
        assert await balanced(two, proxy, CALLS) <= UNEVENNESS
        found = await restarted(two, proxy, two.restart_in_place, 2)
        assert found.clean, found
        died = await left_out(two, proxy, signal.SIGKILL, [*two.servers][:1])
        assert died.seconds <= left_out_after_s() + SHARED_S
        assert died.failures == []


async def test_restarts_that_cut_calls_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # More than they get done, so that documents are in flight at any time.
    monkeypatch.setattr(measured, "KINDS", [Kind("TranslateDocument", 1.0, (400, 400))])
    monkeypatch.setattr(measured, "RATE", 2.5)
    monkeypatch.setattr(measured, "_RESTART_S", 3.0)
    with (
        running(2, "cuts what is in flight", drain_linger=0.0) as cluster,
        cluster.behind_envoy() as proxy,
    ):
        found = await restarted(cluster, proxy, cluster.restart_in_place, 1)
    assert found.failures
    assert not found.clean


CLEAN = Restarts([], 1, Counter(OK=1), [0], lasted=True)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(replace(CLEAN, failures=["one"]), id="a call of ours that fails"),
        pytest.param(replace(CLEAN, stub=Counter(OK=1, UNAVAILABLE=1)), id="one of the stub"),
        pytest.param(replace(CLEAN, statuses=[0, 1]), id="a server that ends badly"),
        pytest.param(replace(CLEAN, lasted=False), id="load that ends too soon"),
        pytest.param(replace(CLEAN, calls=0), id="no calls prove nothing"),
        pytest.param(replace(CLEAN, stub=Counter()), id="no calls of the stub neither"),
    ],
)
def test_restarts_are_judged(found: Restarts) -> None:
    assert CLEAN.clean
    assert not found.clean
