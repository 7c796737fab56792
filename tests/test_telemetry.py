import json
from typing import Any

import pytest

from mujaz.v1 import mujaz_pb2 as pb
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
    assert "المدينة" not in str(lines)
