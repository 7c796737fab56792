"""The port for probes: health and nothing else, without TLS or token."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mujaz.v1 import mujaz_pb2_grpc
from mujaz_server.app import StartError
from scripted import Serving, serving, until
from statuses import failure
from visitors import REQUEST, House

_STATUS = health_pb2.HealthCheckResponse
CHECK = health_pb2.HealthCheckRequest(service="mujaz.v1.MujazService")


def probe(served: Serving) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{served.app.health_port}")


@pytest.mark.parametrize("server", ["plaintext", "tls", "mutual tls"])
async def test_a_probe_needs_neither_tls_nor_token(server: str, tmp_path: Path) -> None:
    settings = House(tmp_path).settings(server)
    async with (
        serving(**settings, health_address="127.0.0.1:0") as served,
        probe(served) as channel,
    ):
        health: Any = health_pb2_grpc.HealthStub(channel)
        assert (await health.Check(CHECK)).status == _STATUS.SERVING


async def test_both_ports_tell_one_state() -> None:
    async with serving(health_address="127.0.0.1:0") as served, probe(served) as channel:
        stubs: list[Any] = [health_pb2_grpc.HealthStub(each) for each in (served.channel, channel)]
        watches = [stub.Watch(CHECK) for stub in stubs]
        assert [(await each.read()).status for each in watches] == [_STATUS.SERVING] * 2
        await served.app.rpc.not_serving()
        assert [(await each.read()).status for each in watches] == [_STATUS.NOT_SERVING] * 2


async def test_a_drain_is_seen_at_the_port_to_its_end() -> None:
    async with serving(health_address="127.0.0.1:0") as served, probe(served) as channel:
        served.model.gate.clear()
        health: Any = health_pb2_grpc.HealthStub(channel)
        call = served.stub.TranslateText(REQUEST)
        await until(lambda: bool(served.model.started))
        await served.app.rpc.not_serving()
        stopping = asyncio.create_task(served.app.rpc.stop(5))
        await until(lambda: served.app.rpc.in_flight.draining)
        assert (await health.Check(CHECK)).status == _STATUS.NOT_SERVING
        served.model.gate.set()
        assert (await call).translations
        await stopping
        assert (await failure(health.Check(CHECK))).code == "UNAVAILABLE"


async def test_nothing_but_health_is_there(tmp_path: Path) -> None:
    settings = House(tmp_path).settings("plaintext")
    async with (
        serving(**settings, reflection=True, health_address="127.0.0.1:0") as served,
        probe(served) as channel,
    ):
        stub: Any = mujaz_pb2_grpc.MujazServiceStub(channel)
        assert (await failure(stub.TranslateText(REQUEST))).code == "UNIMPLEMENTED"
        reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
        listing = reflection_pb2.ServerReflectionRequest(list_services="")
        call = reflection.ServerReflectionInfo(iter([listing]))
        assert (await failure(call)).code == "UNIMPLEMENTED"
        assert served.model.started == []


async def test_what_is_not_a_probe_gets_a_status() -> None:
    def raw(data: bytes) -> bytes:
        return data

    async with serving(health_address="127.0.0.1:0") as served, probe(served) as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check", raw, raw)
        assert (await failure(check(b"\xff\xff"))).reason == "MALFORMED_REQUEST"
        assert (await failure(check(bytes(10_000)))).code == "RESOURCE_EXHAUSTED"


async def test_there_is_no_such_port_unless_asked_for() -> None:
    async with serving() as served:
        assert served.app.health_port is None


async def test_a_taken_port_stops_the_start_and_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StartError, match="--health-address"):
            async with serving(health_address=address):
                pass
