"""What a row holds: what gRPC would have said of the document."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulk.runs import WORK, batch, lines, news, translated, written
from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.bulk.chunks import Chunk, chunked
from mujaz_server.bulk.documents import Document
from mujaz_server.bulk.lanes import BATCH_TOKENS, Lanes, batches
from mujaz_server.text.segment import NewlineMode
from mujaz_server.translation.engine import Decoding, EngineError, Translation
from scripted import ScriptedModel, serving, transliterated

LONG = "وغادر الوزير بعد ذلك، وهو في طريقه الى لندن" + "، ثم غادر، ثم قال انه عاد" * 8 + "."
TEXT = f"""الوزير يصل الى العاصمة

بيروت 1-1 (اف ب) - وصل الوزير الى العاصمة يوم الاثنين وقال ان 12 جنديا قتلوا.
وقال ايضا ان الجنود عادوا.
reuters 2024
{LONG}"""


async def test_a_row_is_what_the_service_streams(tmp_path: Path) -> None:
    doubted = "وقال ايضا ان الجنود عادوا."
    answers = {doubted: ["there are 77.", "They are back."]}
    batch(
        written(tmp_path / "in.jsonl", [{"id": "a", "text": TEXT}]),
        tmp_path / "out.jsonl",
        ScriptedModel(answers={doubted: [*answers[doubted]]}),
    )
    [row] = lines(tmp_path / "out.jsonl")
    request = pb.SummarizeDocumentRequest(text=TEXT)
    request.options.quality = pb.QUALITY_FAST
    async with serving(ScriptedModel(answers=answers)) as server:
        events = [event async for event in server.stub.SummarizeDocument(request)]
    sentences = [event.sentence for event in events if event.HasField("sentence")]
    assert row["sentences"] == [streamed(each) for each in sentences]
    assert {"RETRIED", "SPLIT"} <= {flag for each in row["sentences"] for flag in each["flags"]}
    [summary] = [event.summary for event in events if event.HasField("summary")]
    assert row["summary"] == {
        "sentences": [picked(each) for each in summary.sentences],
        "word_count": summary.word_count,
        "compression": summary.compression,
        "considered_sentence_count": summary.considered_sentence_count,
    }
    outline, report = events[0].outline, events[-1].report
    assert (row["model"], row["model_digest"]) == (outline.model, outline.model_digest)
    assert row["counts"] == {
        name: getattr(outline if hasattr(outline, name) else report, name) for name in row["counts"]
    }


def streamed(each: pb.TranslatedSentence) -> dict[str, Any]:
    return {
        "index": each.index,
        "paragraph": each.paragraph,
        "start_offset": each.start_offset,
        "end_offset": each.end_offset,
        "source_text": each.source_text,
        "text": each.text,
        "score": each.score if each.HasField("score") else None,
        "flags": [pb.QualityFlag.Name(flag).removeprefix("QUALITY_FLAG_") for flag in each.flags],
        "missing": list(each.number_difference.missing),
        "added": list(each.number_difference.added),
    }


def picked(each: pb.SummarySentence) -> dict[str, Any]:
    return {
        "index": each.index,
        "text": each.text,
        "score": each.score,
        "rank": each.rank,
        "reasons": [
            {
                "kind": pb.ReasonKind.Name(reason.kind).removeprefix("REASON_KIND_"),
                "contribution": reason.contribution,
            }
            for reason in each.reasons
        ],
    }


def test_rows_stand_in_the_order_of_the_input_whatever_is_translated_first(tmp_path: Path) -> None:
    documents = news(30)
    batch(written(tmp_path / "in.jsonl", documents), tmp_path / "out.jsonl", threads=3)
    rows = lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == [each["id"] for each in documents]
    for row, each in zip(rows, documents, strict=True):
        assert "\n".join(s["source_text"] for s in row["sentences"]) == each["text"]
        assert all(s["text"] == transliterated(s["source_text"]) for s in row["sentences"])


def test_a_sentence_that_comes_again_is_translated_once(tmp_path: Path) -> None:
    model = ScriptedModel()
    text = "وصل الوزير.\nوصل الوزير."
    source = written(tmp_path / "in.jsonl", [{"text": text}, {"text": text}])
    batch(source, tmp_path / "out.jsonl", model)
    assert model.started == ["وصل الوزير."]
    assert [len(row["sentences"]) for row in lines(tmp_path / "out.jsonl")] == [2, 2]


def test_a_text_that_is_wrapped_is_joined(tmp_path: Path) -> None:
    source = written(tmp_path / "in.jsonl", [{"text": "وصل الوزير\nالى العاصمة."}])
    batch(source, tmp_path / "out.jsonl", work=replace(WORK, newline=NewlineMode.WRAP))
    [row] = lines(tmp_path / "out.jsonl")
    assert row["counts"]["sentence_count"] == 1


@pytest.mark.parametrize(("share", "tries"), [(0.0, 1), (0.1, 2)])
def test_a_doubtful_sentence_gets_a_second_try_while_there_is_credit(
    share: float, tries: int, tmp_path: Path
) -> None:
    model = ScriptedModel(answers={"وصل 12 وزيرا.": ["None came.", "12 came."]})
    source = written(tmp_path / "in.jsonl", [{"text": "وصل 12 وزيرا."}])
    batch(source, tmp_path / "out.jsonl", model, replace(WORK, retry_share=share))
    assert len(model.started) == tries
    [row] = lines(tmp_path / "out.jsonl")
    assert row["counts"]["retried_sentence_count"] == tries - 1
    assert row["counts"]["flagged_sentence_count"] == 2 - tries


def test_an_engine_that_translates_nothing_ends_the_run_and_rejects_nothing(tmp_path: Path) -> None:
    class Broken(ScriptedModel):
        def translate(self, *_rows: Any, **_more: Any) -> list[Translation]:
            raise MemoryError

    source = written(tmp_path / "in.jsonl", news(3))
    with pytest.raises(EngineError, match="every sentence"):
        batch(source, tmp_path / "out.jsonl", Broken())
    assert not (tmp_path / "out.jsonl.rejected.jsonl").exists()
    assert batch(source, tmp_path / "out.jsonl").translated == 3


def test_too_few_results_are_a_failure_of_the_rows_that_lack_them(tmp_path: Path) -> None:
    source = written(tmp_path / "in.jsonl", [*news(3), {"id": "bad", "text": "نعم SHORT."}])
    assert batch(source, tmp_path / "out.jsonl").rejected == 0  # SHORT. is not the word
    source = written(tmp_path / "in2.jsonl", [*news(3), {"id": "bad", "text": "نعم SHORT ثم"}])
    assert batch(source, tmp_path / "out2.jsonl").rejected == 1


# What chunks are.


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 400))
def test_chunks_hold_all_in_order_and_end_at_the_document_that_fills_them(
    lengths: list[int], size: int
) -> None:
    entries = [Document(number, str(number), "ا" * n) for number, n in enumerate(lengths, 1)]
    chunks = list(chunked(entries, size))
    assert [entry for chunk in chunks for entry in chunk.entries] == entries
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    sizes = [[100 + len(each.text) for each in entries_of(chunk)] for chunk in chunks]
    assert all(sum(each[:-1]) < size for each in sizes)
    assert all(sum(each) >= size for each in sizes[:-1])


def entries_of(chunk: Chunk) -> list[Document]:
    return [each for each in chunk.entries if isinstance(each, Document)]


def test_no_more_than_four_chunks_are_alive_however_many_come() -> None:
    alive, most, gate = 0, 0, threading.Lock()

    def chunks() -> Any:
        nonlocal alive, most
        for index in range(40):
            with gate:
                alive += 1
                most = max(most, alive)
            yield Chunk(index, (Document(index + 1, str(index), f"قال {index}."),))

    done = []
    for outcome in translated(ScriptedModel(), WORK, 2, chunks()):
        done.append(outcome.index)
        with gate:
            alive -= 1
    assert done == list(range(40))
    assert most <= 4


# What batches are.

ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 60)).map(lambda each: (str(each[0]),) * each[1]),
    unique=True,
)


@given(ROWS, st.integers(1, 300))
def test_batches_hold_each_row_once_within_their_tokens(
    rows: list[tuple[str, ...]], tokens: int
) -> None:
    made = batches(rows, tokens)
    assert sorted(row for each in made for row in each) == sorted(rows)
    assert all(len(each) == 1 or len(each[0]) * len(each) <= tokens for each in made)
    lengths = [len(row) for each in made for row in each]
    assert lengths == sorted(lengths, reverse=True)


def test_the_batches_of_an_earlier_chunk_go_first() -> None:
    model = ScriptedModel()
    model.gate.clear()
    began = threading.Semaphore(0)
    model.on_start = lambda _rows: began.release()
    with Lanes(model, 1) as lanes:  # two lanes

        def ask(chunk: int, words: Sequence[str]) -> threading.Thread:
            rows = [(word,) * (BATCH_TOKENS // 2 + 1) for word in words]  # a batch of one each
            given = (chunk, rows, Decoding())
            thread = threading.Thread(target=lanes.translate, args=given, daemon=True)
            thread.start()
            return thread

        threads = [ask(5, ["ا", "ب"])]
        for _ in range(2):
            assert began.acquire(timeout=5)
        threads += [ask(7, ["ج"]), ask(6, ["د"])]
        while lanes._waiting.qsize() < 2:
            pass
        model.gate.set()
        for thread in threads:
            thread.join(5)
    assert [text[0] for text in model.started] == ["ا", "ب", "د", "ج"]
