"""What Envoy does with deploy/envoy.yaml before real servers, measured as users would meet it."""

import asyncio
import json
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc.aio
import psutil

from deploy.proxy import Proxy
from deploy.replicas import Replicas, until
from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from robustness.abuse import HEADER_BOMBS, attack
from robustness.history import History, generated, generating
from robustness.plan import Kind, Phase, Plan, tagged
from robustness.restarts import KINDS, RATE
from robustness.servers import ScriptedServer
from robustness.validate import violations

SHORT_CALLS = [Kind(words=10)]
_API = Path(__file__).parents[2] / "docs" / "api.md"
_WORKERS = 16
_RESTART_S = 7.0
_LOAD_S = 5.0
_POLL_S = 0.02
_PATIENCE_S = 40.0


def unevenness(counts: Sequence[float]) -> float:
    """How far the replica farthest from an equal share is from it, as a part of that share."""
    share = sum(counts) / len(counts)
    return max(abs(count - share) for count in counts) / share


async def balanced(cluster: Replicas, proxy: Proxy, calls: int) -> float:
    """The unevenness of calls of two kinds that come over one connection."""
    phase = Phase("load", workers=_WORKERS, count=calls)
    kinds = [Kind("TranslateText", 6.0), Kind("SummarizeDocument", 3.0, (1, 12))]
    before = cluster.calls_seen()
    await generated(Plan([proxy.address], [phase], kinds, channels=1))
    return unevenness([now - then for now, then in zip(cluster.calls_seen(), before, strict=True)])


@dataclass(frozen=True, slots=True)
class Restarts:
    """Restarts in turn under load.

    Attributes:
        failures: What was wrong with calls of `mujaz_client`, whole streams included.
        calls: How many of these there were.
        stub: Calls of a plain stub with the service config of docs/api.md, by status.
        statuses: What the servers exited with.
        lasted: Whether calls began after the last restart.
    """

    failures: list[str]
    calls: int
    stub: Counter[str]
    statuses: list[int]
    lasted: bool

    @property
    def clean(self) -> bool:
        """Whether no caller met a failure, and every server drained; nothing proves nothing."""
        seen = self.calls > 0 and self.stub["OK"] > 0 and self.lasted
        return seen and not self.failures and set(self.stub) == {"OK"} and set(self.statuses) == {0}


async def restarted(
    cluster: Replicas, proxy: Proxy, turn: Callable[[Proxy], int], count: int
) -> Restarts:
    """Restarts so often, at 0.8 of what all but one replica can do, by two sorts of callers.

    Args:
        cluster: The replicas.
        proxy: The Envoy before them.
        turn: Makes one restart: `cluster.restart_in_place` or `cluster.replace`.
        count: How many restarts.
    """
    phase = Phase("load", RATE * (len(cluster.servers) - 1), (count + 1) * _RESTART_S)
    plan = Plan([proxy.address], [phase], KINDS, channels=1, shipped=True)
    async with generating(plan) as generator, asyncio.TaskGroup() as group:
        await _until_called(cluster)
        over = asyncio.Event()
        plain = group.create_task(_stub_calls(proxy.address, over))
        statuses = [await asyncio.to_thread(turn, proxy) for _ in range(count)]
        last = time.monotonic()
        history = await generator
        over.set()
    return _judged(history, plain.result(), statuses, last)


async def _until_called(cluster: Replicas) -> None:
    before = sum(cluster.calls_seen())
    await asyncio.to_thread(until, lambda: sum(cluster.calls_seen()) > before)


def _judged(history: History, stub: Counter[str], statuses: list[int], last: float) -> Restarts:
    lasted = any(call.meant["t"] > last for call in history.calls)
    failures = [str(each) for each in violations(history.calls)]
    return Restarts(failures, len(history.calls), stub, statuses, lasted)


def shipped_service_config() -> str:
    """The service config that docs/api.md gives to clients of other makes."""
    [config] = re.findall(
        r"```json\n(\{.*?loadBalancing.*?)```", _API.read_text("utf-8"), re.DOTALL
    )
    return json.dumps(json.loads(config))


async def _stub_calls(address: str, over: asyncio.Event) -> Counter[str]:
    """One call after the other until it is over, by a stub that knows nothing of mujaz_client."""
    codes: Counter[str] = Counter()
    options = [("grpc.service_config", shipped_service_config())]
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        while not over.is_set():
            request = pb.TranslateTextRequest(texts=[tagged(0, codes.total())])
            try:
                await stub.TranslateText(request, timeout=10)
                codes["OK"] += 1
            except grpc.aio.AioRpcError as error:
                codes[error.code().name] += 1
    return codes


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What became of the calls of replicas that stopped.

    Attributes:
        seconds: From their end until they were last given a call.
        failures: Short calls that failed, all replicas together.
        calls: How many of these there were.
        slowest: The seconds that the slowest of them took.
    """

    seconds: float
    failures: list[str]
    calls: int
    slowest: float


async def left_out(
    cluster: Replicas,
    proxy: Proxy,
    number: signal.Signals,
    gone: Sequence[str],
    *,
    resumed: bool = False,
) -> LeftOut:
    """Stops replicas by a signal under short calls, and sees how long they are given some.

    Calls have no deadline here and no retries of their own, so what Envoy loses shows.

    Args:
        cluster: The replicas.
        proxy: The Envoy before them.
        number: SIGKILL, or SIGSTOP to have them hang.
        gone: Which ones.
        resumed: Whether those that hang go on in the end; else Envoy must give up their calls.
    """
    phase = Phase("load", RATE / 2, _LOAD_S)
    plan = Plan([proxy.address], [phase], SHORT_CALLS, channels=1, guard_s=_PATIENCE_S)
    async with generating(plan) as generator:
        await _until_called(cluster)
        for host in gone:
            cluster.servers[host].server.process.send_signal(number)
        seconds = await _last_given(proxy, gone)
        for host in gone if resumed else ():
            cluster.servers[host].server.process.send_signal(signal.SIGCONT)
        history = await generator
    return LeftOut(
        seconds,
        [str(each) for each in violations(history.calls)],
        len(history.calls),
        max(call.seconds for call in history.calls),
    )


async def _last_given(proxy: Proxy, gone: Sequence[str]) -> float:
    """After how many seconds from now replicas were given their last call of the load."""
    began, last = time.monotonic(), 0.0
    before = _given(proxy, gone)
    while time.monotonic() - began < _LOAD_S:
        await asyncio.sleep(_POLL_S)
        given = await asyncio.to_thread(_given, proxy, gone)
        if given > before:
            before, last = given, time.monotonic() - began
    return last


def _given(proxy: Proxy, hosts: Sequence[str]) -> int:
    return sum(count for host, count in proxy.calls().items() if host in hosts)


@dataclass(frozen=True, slots=True)
class Bombed:
    """What header bombs did.

    Attributes:
        sent: How many were sent.
        reached: How many the server saw, and refused itself.
        growth: Bytes that the server had at its most, over what it had before.
    """

    sent: int
    reached: int
    growth: int


async def bombed(server: ScriptedServer, target: str, seconds: float) -> Bombed:
    """Throws header bombs at a target, which is a server or what stands before it."""
    pid = server.server.process.pid
    before, seen = psutil.Process(pid).memory_info().rss, server.calls_seen()
    _, _, sent = await attack(target, HEADER_BOMBS, seconds)
    return Bombed(sent, int(server.calls_seen() - seen), most_memory(pid) - before)


def most_memory(pid: int) -> int:
    """The most bytes that a process ever had at once, as Linux counts."""
    told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [kilobytes] = re.findall(r"^VmHWM:\s+(\d+) kB$", told, re.MULTILINE)
    return int(kilobytes) * 1024
