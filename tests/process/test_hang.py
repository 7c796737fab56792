"""A hung engine cannot be killed from inside: the process says so, and goes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mujaz.v1 import mujaz_pb2 as pb
from mujaz.v1 import mujaz_pb2_grpc
from processes import ServerProcess
from scripted import until
from statuses import failure

HERE = Path(__file__).parent


@pytest.fixture
def server() -> Iterator[ServerProcess]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "hanging_server.py")],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONFAULTHANDLER": "1"},
    )
    server = ServerProcess(process)
    assert server.serving.wait(20)
    yield server
    process.kill()
    server.wait()


@pytest.mark.parametrize("draining", [False, True], ids=["while serving", "while draining"])
async def test_a_hung_engine_turns_not_serving_and_exits_for_its_supervisor(
    draining: bool,  # noqa: FBT001  a table
    server: ServerProcess,
) -> None:
    async with grpc.aio.insecure_channel(server.address) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        stub = mujaz_pb2_grpc.MujazServiceStub(channel)
        call = stub.TranslateText(pb.TranslateTextRequest(texts=["وصل الوزير."]))
        await until(lambda: any(line["event"] == "batch started" for line in server.log))
        if draining:
            server.process.send_signal(signal.SIGTERM)
        told = await failure(call)
    assert told.code == "UNAVAILABLE"
    assert server.wait(30) == 70, server.other
    assert server.said("the engine hangs; exiting for the supervisor")
