"""Long documents on an idle server: the first sentence before all the others are planned."""

import hashlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from mujaz.v1 import mujaz_pb2 as pb
from scripted import ScriptedModel, Serving, serving, transliterated, until
from statuses import failure

LINES = [f"قال الوزير رقم {number} ان المحادثات تستأنف الاسبوع المقبل." for number in range(300)]
OTHERS = [line.replace("الوزير", "المدير") for line in LINES]
BREAKS = {"NEWLINE_MODE_BREAK": "\n", "NEWLINE_MODE_WRAP": "\n\n"}


@dataclass
class Plodding(ScriptedModel):
    """Cuts only first lines into pieces until it is let go."""

    go: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)

    def encode(self, text: str) -> list[str]:
        self.asked.append(text)
        if text not in (LINES[0], OTHERS[0]):
            assert self.go.wait(10), "nobody lets it go"
        return text.split()


def document(lines: list[str], newline: str = "NEWLINE_MODE_BREAK") -> pb.TranslateDocumentRequest:
    options = pb.TranslationOptions(newline_mode=pb.NewlineMode.Value(newline))
    return pb.TranslateDocumentRequest(text=BREAKS[newline].join(lines), options=options)


async def rest(call: Any) -> list[Any]:
    events = []
    while (event := await call.read()) is not grpc.aio.EOF:
        events.append(event)
    return events


@pytest.mark.parametrize("newline", BREAKS)
async def test_the_first_sentence_comes_while_the_others_are_planned(newline: str) -> None:
    model = Plodding()
    async with serving(model) as served:
        call = served.stub.TranslateDocument(document(LINES, newline))
        outline, first = (await call.read()).outline, (await call.read()).sentence
        assert (outline.sentence_count, outline.paragraph_count) == (300, 300)
        assert first.source_text == LINES[0]
        assert model.started == LINES[:1]
        model.go.set()
        events = await rest(call)
    assert events[-1].report.streamed_sentence_count == 300
    assert [event.sentence.index for event in events[:-1]] == list(range(1, 300))
    assert [event.sentence.text for event in events[:-1]] == list(map(transliterated, LINES[1:]))


async def test_one_document_at_a_time_begins_before_it_is_counted() -> None:
    model = Plodding()
    async with serving(model) as served:
        begun = served.stub.TranslateDocument(document(LINES))
        assert [await begun.read() for _ in range(2)]
        counted = served.stub.TranslateDocument(document(OTHERS))
        await until(lambda: any(line in model.asked for line in OTHERS[1:]))
        assert OTHERS[0] not in model.started
        model.go.set()
        for call in (begun, counted):
            assert (await rest(call))[-1].HasField("report")
        model.go.clear()
        again = served.stub.TranslateDocument(document(LINES))
        assert [(await again.read()).WhichOneof("event") for _ in range(2)] == [
            "outline",
            "sentence",
        ]
        model.go.set()
        await rest(again)


async def test_where_something_waits_the_whole_is_admitted_or_refused() -> None:
    model = Plodding()
    model.go.set()
    async with serving(model, max_backlog_tokens=500) as served:
        model.gate.clear()
        held = served.stub.TranslateText(pb.TranslateTextRequest(texts=OTHERS[:40]))
        await until(lambda: served.app.worker.load().jobs > 0)
        told = await failure(served.stub.TranslateDocument(document(LINES)))
        assert told.reason == "QUEUE_FULL"
        assert LINES[0] not in model.started
        model.gate.set()
        await held


async def test_what_is_metered_is_counted_first(tmp_path: Path) -> None:
    model = Plodding()
    tokens = tmp_path / "tokens.toml"
    digest = hashlib.sha256(b"amal").hexdigest()
    tokens.write_text(f'[[token]]\nname = "amal"\nsha256 = "{digest}"\ntokens_per_minute = 60\n')
    async with serving(model, tokens=str(tokens)) as served:
        presented = (("authorization", "Bearer amal"),)
        call = served.stub.TranslateDocument(document(LINES), metadata=presented)
        await until(lambda: len(model.asked) > 1)
        assert model.started == []
        model.go.set()
        assert (await rest(call))[-1].HasField("report")


async def test_too_many_sentences_are_refused_before_any_event() -> None:
    async with serving(Plodding(), max_sentences=299) as served:
        told = await failure(served.stub.TranslateDocument(document(LINES)))
        assert told.reason == "TEXT_TOO_LARGE"
        await until(lambda: idle(served))


async def test_a_call_that_is_cancelled_while_it_is_planned_leaves_nothing() -> None:
    model = Plodding()
    async with serving(model) as served:
        call = served.stub.TranslateDocument(document(LINES))
        assert [await call.read() for _ in range(2)]
        call.cancel()
        await until(lambda: idle(served))
        model.go.set()
        registry = served.app.metrics.registry
        assert registry.get_sample_value("mujaz_dropped_total", {"reason": "cancelled"}) == 299
        assert await served.stub.TranslateText(pb.TranslateTextRequest(texts=LINES[:1]))
        assert model.started == LINES[:1] * 2


async def test_a_deadline_that_passes_while_it_is_planned_ends_the_call() -> None:
    model = Plodding()
    async with serving(model, default_deadline=0.3) as served:
        call = served.stub.TranslateDocument(document(LINES))
        assert [await call.read() for _ in range(2)]
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await rest(call)
        assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        model.go.set()
        await until(lambda: idle(served))


def idle(served: Serving) -> bool:
    return not served.app.worker.load().jobs and not len(served.app.rpc.in_flight)
