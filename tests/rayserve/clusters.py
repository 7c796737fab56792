"""Starts `two_nodes` and talks to it. For tests and benchmarks."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import grpc.aio

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from rayserve.replicas import FOLDER

_TESTS = Path(__file__).parents[1]
_ENVIRONMENT = {
    "PYTHONPATH": str(_TESTS),
    "RAY_AUTH_MODE": "disabled",  # or it writes a token into the home of whoever tests
    "RAY_DEDUP_LOGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # The one proxy would send all to the replica beside it.
    "RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING": "0",
    # A lost node is known to be after five seconds, not twenty; less takes slow ones for lost.
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_failure_threshold": "5",
}


@dataclass
class RayCluster:
    """Two nodes with replicas.

    Attributes:
        address: Where their proxy listens.
        folder: Where scripted models tell what they do.
        log: What all processes have logged.
    """

    process: "subprocess.Popen[str]"
    address: str
    folder: Path
    log: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def status(self) -> dict[str, int]:
        """How many replicas there are in each state."""
        return await self._asked("status")

    async def kill_a_node(self) -> dict[str, int]:
        """Kills the second node and starts another; returns as `status`."""
        return await self._asked("kill")

    async def replicas(self, count: int, seconds: float = 60) -> None:
        """Waits until so many replicas run, and no others."""
        async with asyncio.timeout(seconds):
            while await self.status() != {"RUNNING": count}:
                pass

    async def replaced(self, count: int, seconds: float = 60) -> None:
        """Waits until one of so many replicas is known to be lost, and as many run again."""
        async with asyncio.timeout(seconds):
            while await self.status() == {"RUNNING": count}:
                pass
        await self.replicas(count, seconds)

    async def _asked(self, word: str) -> dict[str, int]:
        async with self.lock:
            return await asyncio.to_thread(self.answer, word)

    def answer(self, word: str = "") -> dict[str, int]:
        """Says a word, if any, and returns the answer to it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if word:
            self.process.stdin.write(f"{word}\n")
            self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                told: dict[str, int] = json.loads(line)
                return told
        raise AssertionError("the driver of Ray has ended")


@contextmanager
def two_nodes(folder: Path, model: str, fewest: int) -> Iterator[RayCluster]:
    """Serves a model, "scripted" or "starter", on at least so many replicas of two nodes."""
    grpc_port, http_port = _free_ports(2)
    arguments = ["-m", "rayserve.two_nodes", f"{grpc_port}", f"{http_port}", model, f"{fewest}"]
    told, log = folder / "told", folder / "ray.log"
    told.mkdir()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            env=os.environ | _ENVIRONMENT | {FOLDER: str(told)},
        )
        with process:
            cluster = RayCluster(process, f"127.0.0.1:{grpc_port}", told, log)
            try:
                cluster.answer()
                wait_until_served(cluster.address)
                yield cluster
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(60)


def wait_until_served(address: str) -> None:
    """Returns once calls are answered; the proxy learns of replicas a little after all others."""
    again = '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 5, "initialBackoff": '
    again += '"0.1s", "maxBackoff": "1s", "backoffMultiplier": 2, "retryableStatusCodes": '
    again += '["UNAVAILABLE"]}}]}'
    with grpc.insecure_channel(address, options=[("grpc.service_config", again)]) as channel:
        mujaz_pb2_grpc.MujazServiceStub(channel).ListModels(pb.ListModelsRequest(), timeout=30)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:  # all at once, or one port may come twice
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]
