"""Calls that gRPC holds and our loop has not seen yet, because it stands still."""

import asyncio
import contextlib
import select
import socket
from typing import Any

import grpc
import grpc.aio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived

from mujaz.v1 import mujaz_pb2 as pb
from scripted import serving

REQUEST = pb.TranslateTextRequest(texts=["وصل الوزير الى المدينة."])


def calls_at_once(stack: contextlib.ExitStack, port: int) -> dict[socket.socket, H2Connection]:
    """Calls 65 times over each of two connections, in one breath: our loop sees none of them."""
    path = "/mujaz.v1.MujazService/TranslateText"
    headers = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost"}
    headers |= {"te": "trailers", "content-type": "application/grpc"}
    lanes = {}
    for _ in range(2):
        lane = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        lane.initiate_connection()
        for stream in range(1, 131, 2):
            lane.send_headers(stream, list(headers.items()), end_stream=True)
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        connection.sendall(lane.data_to_send())
        lanes[connection] = lane
    return lanes


def statuses(lanes: dict[socket.socket, H2Connection], count: int) -> list[str]:
    """The statuses that come over some connections, by number, once there are so many of them."""
    found: list[str] = []
    while len(found) < count:
        readable, _, _ = select.select(lanes, [], [], 5)
        assert readable, f"{len(found)} statuses have come"
        for connection in readable:
            for event in lanes[connection].receive_data(connection.recv(65_536)):
                if isinstance(event, ResponseReceived):
                    headers = {str(name): str(value) for name, value in event.headers or ()}
                    found += [headers["grpc-status"]] if "grpc-status" in headers else []
    return found


async def _served_again(stub: Any) -> None:
    """Asks until what waited is through; until then we refuse, as there is room for one."""
    while True:
        try:
            assert await stub.TranslateText(REQUEST)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
        else:
            return


async def test_no_more_calls_wait_unseen_than_may_be_in_progress() -> None:
    with contextlib.ExitStack() as stack:
        async with serving(max_streams=1) as served:
            told = statuses(calls_at_once(stack, served.app.port), 60)  # our loop stands still
            assert set(told) == {str(grpc.StatusCode.CANCELLED.value[0])}
            await _served_again(served.stub)


async def test_as_many_calls_as_may_be_in_progress_wait_until_they_are_seen() -> None:
    with contextlib.ExitStack() as stack:
        async with serving(max_streams=130) as served:
            lanes = calls_at_once(stack, served.app.port)
            told = await asyncio.to_thread(statuses, lanes, 130)
    assert set(told) == {str(grpc.StatusCode.INVALID_ARGUMENT.value[0])}, "there is no request"
