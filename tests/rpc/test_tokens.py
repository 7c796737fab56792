"""Bearer tokens: the file, the comparison, and what a call without a good one is told."""

import datetime as dt
import hashlib
import hmac
import tomllib
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from certificates import replace
from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server import cli
from mujaz_server.app import StartError
from mujaz_server.rpc import tokens
from mujaz_server.rpc.watched import RefusedFileError
from scripted import ScriptedModel, serving
from statuses import failure

TEXT = "وصل الوزير الى المدينة.\nغادر الرئيس العاصمة."
REQUEST = pb.TranslateTextRequest(texts=["وصل الوزير."])


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def table(name: str, token: str | None = None, **limits: Any) -> str:
    lines = [f'[[token]]\nname = "{name}"\nsha256 = "{digest(token or name)}"']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in limits.items())]) + "\n"


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tokens.toml"
    path.write_text(table("amal") + table("badr"))
    return path


def test_a_file_is_read_with_every_limit(tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    limits: dict[str, Any] = {"streams": 4, "tokens_per_minute": 6_000, "code_points": 10_000}
    path.write_text(table("amal", expires="2027-01-01", **limits) + table("badr"))
    amal, badr = tokens.read(path)
    assert amal == tokens.Token(
        name="amal", sha256=digest("amal"), expires=dt.date(2027, 1, 1), **limits
    )
    assert (badr.expires, badr.streams, badr.tokens_per_minute, badr.code_points) == (None,) * 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("", "must hold", id="an empty file, as one that is being written"),
        pytest.param("token = 3", "must hold", id="no tables"),
        pytest.param("token = []", "must hold", id="no token"),
        pytest.param("[[tokens]]", "must hold", id="a misspelt table"),
        pytest.param("[[token", "not TOML", id="no TOML"),
        pytest.param(table("amal") + "stream = 3", "stream: ", id="a misspelt limit"),
        pytest.param(table("amal", streams=0), "streams: ", id="a limit of nothing"),
        pytest.param(table("amal", streams="true"), "streams: ", id="a limit that is no number"),
        pytest.param(table("amal", expires='"soon"'), "expires", id="an end that is no date"),
        pytest.param(table("two words"), "name: ", id="a name that is not fit for a log"),
        pytest.param(
            '[[token]]\nname = "amal"\nsha256 = "the token itself"',
            "sha256: ",
            id="a token in place of its hash",
        ),
        pytest.param(table("amal") + table("amal", "other"), "one name", id="a name twice"),
        pytest.param(table("amal", "x") + table("badr", "x"), "one sha256", id="a token twice"),
    ],
)
async def test_a_broken_file_is_refused_with_the_remedy(
    content: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(content)
    with pytest.raises(StartError) as refused:
        async with serving(tokens=str(path)):
            pass
    said = str(refused.value)
    assert str(path) in said
    assert told in said
    assert "mujaz-server token" in said
    assert "the token itself" not in said
    assert "\n" not in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedFileError, match="--tokens"):
        tokens.read(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("presented", ["amal", "badr", "a stranger"])
def test_a_token_is_compared_with_all(
    presented: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def compare(one: str, other: str) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    known = tokens.read(file)
    found = tokens.find(known, presented)
    assert compared == [token.sha256 for token in known]
    assert (found.name if found else "a stranger") == presented


@pytest.mark.parametrize(
    ("expires", "last", "first"),
    [
        pytest.param("2027-01-01", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", id="a date"),
        pytest.param(
            "2027-01-01T12:00:00+03:00",
            "2027-01-01T08:59:59Z",
            "2027-01-01T09:00:00Z",
            id="a moment with its offset",
        ),
        pytest.param(
            "2027-01-01T12:00:00",
            "2027-01-01T11:59:59Z",
            "2027-01-01T12:00:00Z",
            id="a moment without one is of UTC",
        ),
    ],
)
def test_a_token_expires(expires: str, last: str, first: str, tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text(table("amal", expires=expires))
    [token] = tokens.read(path)
    moments = [dt.datetime.fromisoformat(each) for each in (last, first)]
    assert [token.expired(each) for each in moments] == [False, True]


def test_an_issued_token_is_found_by_its_table_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["token", "amal@example.org"])
    assert ended.value.code == 0
    shown = capsys.readouterr()
    secret = shown.err.splitlines()[-1]
    assert len(secret) >= 43
    assert secret not in shown.out
    path = tmp_path / "tokens.toml"
    path.write_text(shown.out)
    found = tokens.find(tokens.read(path), secret)
    assert found is not None
    assert found.name == "amal@example.org"
    assert tomllib.loads(shown.out)["token"][0].keys() == {"name", "sha256"}
    assert tokens.issue("amal")[0] != tokens.issue("amal")[0]


@pytest.mark.parametrize("name", ["", "two words", 'a"b', "x" * 65, "\N{ARABIC LETTER ALEF}"])
def test_a_name_that_is_not_fit_for_a_log_is_refused(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["token", name])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def _calls(channel: grpc.aio.Channel, stub: Any, metadata: Any) -> dict[str, Any]:
    health: Any = health_pb2_grpc.HealthStub(channel)
    reflection: Any = reflection_pb2_grpc.ServerReflectionStub(channel)  # type: ignore[arg-type]
    document = pb.SummarizeDocumentRequest(text=TEXT)
    nothing: Any = channel.unary_unary("/mujaz.v1.MujazService/Nothing")
    listing = reflection_pb2.ServerReflectionRequest(list_services="")
    return {
        "unary": stub.TranslateText(REQUEST, metadata=metadata),
        "stream": stub.SummarizeDocument(document, metadata=metadata),
        "models": stub.ListModels(pb.ListModelsRequest(), metadata=metadata),
        "health": health.Check(health_pb2.HealthCheckRequest(), metadata=metadata),
        "watch": health.Watch(health_pb2.HealthCheckRequest(), metadata=metadata),
        "no such method": nothing(b"", metadata=metadata),
        "reflection": reflection.ServerReflectionInfo(iter([listing]), metadata=metadata),
    }


@pytest.mark.parametrize(
    ("metadata", "reason", "told"),
    [
        pytest.param((), "TOKEN_MISSING", "authorization: Bearer", id="no token"),
        pytest.param(bearer("guess"), "TOKEN_UNKNOWN", "withdrawn", id="a wrong one"),
        pytest.param(bearer("amal") * 2, "TOKEN_MISSING", "send one", id="the same one twice"),
    ],
)
async def test_every_method_asks_for_a_token_and_says_what_to_do(
    metadata: Any, reason: str, told: str, file: Path
) -> None:
    async with serving(tokens=str(file), reflection=True) as served:
        for name, call in _calls(served.channel, served.stub, metadata).items():
            refused = await failure(call)
            assert (refused.code, refused.reason) == ("UNAUTHENTICATED", reason), name
            assert told in refused.message
            assert refused.request_id
            assert refused.pushback is None
        assert served.model.started == []
        assert len(served.app.rpc.in_flight) == 0
        count = served.app.metrics.registry.get_sample_value
        labels = {"method": "TranslateText", "code": "UNAUTHENTICATED"}
        assert count("mujaz_calls_total", labels) == 1


async def test_a_good_token_opens_every_method(file: Path) -> None:
    async with serving(tokens=str(file), reflection=True) as served:
        calls = _calls(served.channel, served.stub, bearer("badr"))
        await calls["unary"], await calls["models"], await calls["health"]
        assert [event async for event in calls["stream"]][-1].HasField("report")
        assert (await failure(calls["no such method"])).code == "UNIMPLEMENTED"
        assert (await calls["watch"].read()).status == health_pb2.HealthCheckResponse.SERVING
        assert len([answer async for answer in calls["reflection"]]) == 1


async def test_the_queue_knows_the_caller_by_the_name_of_its_token(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tokens=str(file)) as served:
        opened = served.app.worker.open
        callers = []

        def spy(*given: Any, caller: str | None, **more: Any) -> Any:
            callers.append(caller)
            return opened(*given, caller=caller, **more)

        monkeypatch.setattr(served.app.worker, "open", spy)
        for name in ("badr", "amal"):
            await served.stub.TranslateText(REQUEST, metadata=bearer(name))
    assert callers == ["badr", "amal"]


async def test_reflection_is_off_where_tokens_are_asked_for(file: Path) -> None:
    async with serving(tokens=str(file)) as served:
        calls = _calls(served.channel, served.stub, bearer("amal"))
        assert (await failure(calls["reflection"])).code == "UNIMPLEMENTED"


async def test_a_stranger_is_refused_before_the_request_is_read(file: Path) -> None:
    def raw(data: bytes) -> bytes:
        return data

    async with serving(tokens=str(file)) as served:
        for method in ("TranslateText", "SummarizeDocument"):
            shape = served.channel.stream_unary(f"/mujaz.v1.MujazService/{method}", raw, raw)
            call = shape(timeout=10)  # and not one byte of a request
            assert await call.code() is grpc.StatusCode.UNAUTHENTICATED
        known = served.channel.stream_unary("/mujaz.v1.MujazService/TranslateText", raw, raw)
        call = known(timeout=0.2, metadata=bearer("amal"))
        assert await call.code() is grpc.StatusCode.DEADLINE_EXCEEDED, "it waits for the request"


async def test_a_withdrawn_token_is_refused_from_the_next_call_on(file: Path) -> None:
    model = ScriptedModel()
    async with serving(model, tokens=str(file)) as served:
        model.gate.clear()
        document = pb.SummarizeDocumentRequest(text=TEXT)
        stream = served.stub.SummarizeDocument(document, metadata=bearer("amal"))
        assert (await stream.read()).HasField("outline")
        replace(file, (table("badr") + table("carim")).encode())
        told = await failure(served.stub.TranslateText(REQUEST, metadata=bearer("amal")))
        assert told.reason == "TOKEN_UNKNOWN"
        model.gate.set()
        assert (await served.stub.TranslateText(REQUEST, metadata=bearer("carim"))).translations
        events = []
        while event := await stream.read():
            events.append(event)
        assert events[-1].HasField("report"), "what was begun goes on"


async def test_a_broken_file_leaves_the_old_tokens_and_is_logged_once(file: Path) -> None:
    async with serving(tokens=str(file)) as served:
        with structlog.testing.capture_logs() as log:
            replace(file, b"[[token]]\nname = ")
            for _ in range(3):
                await served.stub.TranslateText(REQUEST, metadata=bearer("amal"))
            replace(file, b"")
            await served.stub.TranslateText(REQUEST, metadata=bearer("amal"))
        errors = [line for line in log if line["log_level"] == "error"]
        assert [line["event"] for line in errors] == ["changed files refused"] * 2
        assert all(line["files"] == [str(file)] for line in errors)
