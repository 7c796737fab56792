import json
import sys
from typing import Any

import pytest

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.app import StartError
from mujaz_server.pipeline.deadlines import out_of_time
from mujaz_server.rpc import replies
from mujaz_server.telemetry import configure_logs
from scripted import serving
from statuses import failure

UNTOLD = "وصل الوزير الى المدينة الفاضلة."


@pytest.mark.parametrize("form", ["json", "text"])
async def test_a_defect_is_logged_with_its_request_id_and_without_any_text(
    form: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(replies, "sentence", broken)
    configure_logs("debug", form)
    async with serving() as served:
        told = await failure(
            served.stub.SummarizeDocument(pb.SummarizeDocumentRequest(text=UNTOLD))
        )
    logged = capsys.readouterr().err
    assert told.request_id is not None
    assert told.request_id in logged
    assert "out of order" in logged
    assert "Traceback" in logged
    for word in UNTOLD.rstrip(".").split():
        assert word not in logged


async def test_a_failed_batch_is_logged_without_any_text(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("debug", "json")
    async with serving() as served:
        text = f"FAIL {UNTOLD}"
        await served.stub.TranslateText(pb.TranslateTextRequest(texts=[text]))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert "batch failed" in [line["event"] for line in lines]
    assert "call started" in [line["event"] for line in lines if line.get("request_id")]
    assert "المدينة" not in str(lines)


async def test_tracing_without_its_packages_is_refused_at_the_start_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "mujaz_server.telemetry.traces", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(StartError, match=r"pip install 'mujaz-server\[tracing\]'") as refused:
        async with serving(tracing=True):
            pass
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("left", "allowed", "expected"),
    [
        pytest.param(0.0, 1.0, True, id="its time is up"),
        pytest.param(-2.0, 1.0, True, id="its time is long up"),
        pytest.param(0.04, 1.0, True, id="the word of it was quicker than the deadline"),
        pytest.param(5.9, 600.0, True, id="its deadline was rounded up on the wire"),
        pytest.param(0.06, 1.0, False, id="it had time left"),
        pytest.param(6.1, 600.0, False, id="it had long left"),
    ],
)
def test_a_caller_that_left_was_out_of_time_or_had_changed_its_mind(
    left: float,
    allowed: float,
    expected: bool,  # noqa: FBT001  a table
) -> None:
    assert out_of_time(left, allowed) is expected
