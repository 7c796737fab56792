"""Malformed calls in short form, and judges that can fail."""

import asyncio

import pytest

from robustness import malformed, raw
from robustness.cases import Case, cases
from robustness.malformed import Answer
from robustness.promise import Row
from robustness.raw import Told

WRONG = Case("odd", "/a/b")
HARD = Case("hard", "", "INTERNAL", headers=[("a", "b")], of_grpc=True)
FINE = (WRONG, Told("INVALID_ARGUMENT", "texts: must not be blank", 0.01, ours=True))


def broken(rows: list[Row]) -> list[str]:
    return [row.what.split(" ")[0] for row in rows if not row.kept]


async def test_malformed_calls_harm_nobody() -> None:
    rows = await malformed.measured(malformed.SHORT)
    assert [f"{row.what}: {row.measured}" for row in rows if not row.kept] == []


async def test_a_server_that_tells_of_its_inside_is_found() -> None:
    rows = await malformed.measured(malformed.Size(100, 50), "tells of its inside")
    assert {"malformed", "UNKNOWN", "messages"} <= set(broken(rows))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(FINE, [], id="fine"),
        pytest.param((HARD, Told("INTERNAL", "Illegal header", 0.01, ours=False)), [], id="gRPC's"),
        pytest.param(
            (HARD, Told("INTERNAL", "a defect", 0.01, ours=True)),
            ["UNKNOWN"],
            id="INTERNAL of ours",
        ),
        pytest.param(
            (WRONG, Told("UNKNOWN", "Unexpected", 0.01, ours=False)),
            ["malformed", "UNKNOWN"],
            id="UNKNOWN of gRPC for what we should have answered",
        ),
        pytest.param((WRONG, Told("OK", "", 0.01, ours=True)), ["malformed"], id="answered"),
        pytest.param((WRONG, Told("", "", 0.01, ours=False)), ["malformed"], id="not answered"),
        pytest.param((WRONG, Told("INVALID_ARGUMENT", "", 1.01, ours=True)), ["the"], id="slow"),
        *(
            pytest.param(
                (WRONG, Told("INVALID_ARGUMENT", message, 0.01, ours=True)),
                ["messages"],
                id=message,
            )
            for message in (
                "DecodeError: no",
                "google.protobuf.message.DecodeException",
                "<class 'str'>",
                "at /usr/lib/x",
                "in edge.py",
                "mujaz_server.rpc",
                "object at 0x7f00deadbeef",
            )
        ),
    ],
)
def test_an_answer_is_judged(answer: Answer, found: list[str]) -> None:
    assert broken(malformed.judged([FINE, answer], ["OK"], 0)) == found


@pytest.mark.parametrize(
    ("canaries", "defects"), [(["OK", "UNAVAILABLE"], 0), (["OK"], 1), ([], 0)]
)
def test_a_canary_and_the_log_are_judged(canaries: list[str], defects: int) -> None:
    assert broken(malformed.judged([FINE], canaries, defects)) == ["good"]


def test_every_kind_of_case_is_made() -> None:
    made = cases(3_000, seed=10)
    assert made == cases(3_000, seed=10)
    kinds = {case.kind for case in made}
    assert len(kinds) >= 30, kinds
    assert {case.expected for case in made} == {
        *("INVALID_ARGUMENT", "UNIMPLEMENTED", "RESOURCE_EXHAUSTED", "INTERNAL", raw.RESET)
    }


async def test_a_connection_that_is_cut_is_told_from_an_answer() -> None:

    async def cut(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await raw.call(f"127.0.0.1:{port}", raw.usual_headers("/a/b"), b"", 2)
    assert told.code == raw.RESET


async def test_a_server_that_says_nothing_is_given_up() -> None:

    held: list[asyncio.StreamWriter] = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await raw.call(f"127.0.0.1:{port}", raw.usual_headers("/a/b"), b"", 0.1)
        for writer in held:
            writer.close()
    assert told.code == ""
