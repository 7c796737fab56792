"""Sentences that come again: what a caller sees, and what reaches the model."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.batching import worker
from mujaz_server.pipeline import finished, translated
from mujaz_server.text.segment import segment
from mujaz_server.translation.engine import Decoding, Translation
from scripted import ScriptedModel, Serving, serving, transliterated, until
from statuses import failure

FIRST = "قتل 4 جنود في قصف على معسكر."
SECOND = "وقال المدير ان القصف هو الاول."
THIRD = "وتستهدف الغارات انشطة النفط في الشرق."
TEXT = f"{FIRST} {SECOND}"
ON: dict[str, Any] = {"cache_bytes": 1_000_000}
FAST = pb.TranslationOptions(quality=pb.QUALITY_FAST)


async def translate(served: Serving, text: str, **fields: Any) -> pb.TextTranslation:
    request = pb.TranslateTextRequest(texts=[text], **fields)
    answer: pb.TranslateTextResponse = await served.stub.TranslateText(request)
    return answer.translations[0]


async def document(served: Serving, text: str, **options: Any) -> list[Any]:
    request = pb.TranslateDocumentRequest(text=text, **options)
    return [event async for event in served.stub.TranslateDocument(request)]


def sentences(stream: Sequence[Any]) -> list[pb.TranslatedSentence]:
    return [each.sentence for each in stream if each.WhichOneof("event") == "sentence"]


def lookups(served: Serving) -> tuple[float, float]:
    """Returns hits and misses."""
    sample = served.app.metrics.registry.get_sample_value
    hits, misses = (
        sample("mujaz_cache_lookups_total", {"result": result}) or 0 for result in ("hit", "miss")
    )
    return hits, misses


async def test_what_comes_again_is_answered_alike_and_starts_no_row() -> None:
    async with serving(**ON) as served:
        first = await translate(served, TEXT)
        assert served.model.started == [FIRST, SECOND]
        assert await translate(served, TEXT) == first
        assert served.model.started == [FIRST, SECOND]
        assert lookups(served) == (2, 2)
        assert served.app.metrics.registry.get_sample_value("mujaz_cache_bytes")


async def test_a_cache_of_no_bytes_is_off() -> None:
    async with serving(cache_bytes=0) as served:
        assert await translate(served, TEXT) == await translate(served, TEXT)
        assert served.model.started == [FIRST, SECOND] * 2
        assert lookups(served) == (0, 4)
        assert served.app.metrics.registry.get_sample_value("mujaz_cache_bytes") == 0


async def test_it_stands_at_its_place_in_the_new_document() -> None:
    text = f"{THIRD}\n\n***\n\n  {SECOND} {FIRST}\n"
    async with serving(**ON) as served:
        await document(served, TEXT)
        stream = await document(served, text)
        assert served.model.started == [FIRST, SECOND, THIRD]
    got = sentences(stream)
    assert [each.source_text for each in got] == [THIRD, "***", SECOND, FIRST]
    assert [text[each.start_offset : each.end_offset] for each in got] == [
        each.source_text for each in got
    ]
    assert [(each.index, each.paragraph) for each in got] == [(0, 0), (1, 1), (2, 2), (3, 2)]
    assert [each.text for each in got] == [
        transliterated(each) for each in (THIRD, "***", SECOND, FIRST)
    ]
    report = stream[-1].report
    assert report.streamed_sentence_count == 4
    assert report.source_token_count == sum(len(each.split()) for each in (FIRST, SECOND, THIRD))
    assert report.target_token_count == report.source_token_count


async def test_another_spelling_is_given_back_as_it_was_sent() -> None:
    spelled = FIRST.replace("4", "٤").replace("جنود", "جُنود")
    async with serving(**ON) as served:
        await translate(served, FIRST)
        [sentence] = (await translate(served, spelled)).sentences
        assert served.model.started == [FIRST]
    assert sentence.source_text == spelled
    assert sentence.text == transliterated(FIRST)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"options": pb.TranslationOptions(quality=pb.QUALITY_BEST)}, id="a quality"),
        pytest.param({"alternative_count": 1}, id="alternatives"),
    ],
)
async def test_other_options_are_other_sentences(fields: dict[str, Any]) -> None:
    async with serving(**ON) as served:
        await translate(served, FIRST)
        other = await translate(served, FIRST, **fields)
        assert served.model.started == [FIRST] * 2
        assert await translate(served, FIRST, **fields) == other
        assert served.model.started == [FIRST] * 2


async def test_the_same_quality_by_name_and_by_default_is_one() -> None:
    balanced = pb.TranslationOptions(quality=pb.QUALITY_BALANCED)
    async with serving(**ON) as served:
        await translate(served, FIRST)
        await translate(served, FIRST, options=balanced)
        assert served.model.started == [FIRST]


async def test_alternatives_come_again_too() -> None:
    async with serving(**ON) as served:
        first = await translate(served, FIRST, alternative_count=2)
        assert await translate(served, FIRST, alternative_count=2) == first
    assert len(first.sentences[0].alternatives) == 2


async def test_a_second_try_is_kept_with_its_flag_and_counted_again() -> None:
    model = ScriptedModel(answers={FIRST: ["Nine soldiers of 9.", "The 4 soldiers."]})
    async with serving(model, **ON) as served:
        streams = [await document(served, FIRST) for _ in range(2)]
    assert model.started == [FIRST] * 2
    assert sentences(streams[0]) == sentences(streams[1])
    assert [list(sentences(each)[0].flags) for each in streams] == [[pb.QUALITY_FLAG_RETRIED]] * 2
    assert [each[-1].report.retried_sentence_count for each in streams] == [1, 1]


async def test_a_doubt_that_a_second_try_confirmed_is_told_again() -> None:
    model = ScriptedModel(answers={FIRST: ["The soldiers.", "The 7 of 8 soldiers."]})
    async with serving(model, **ON) as served:
        streams = [await document(served, FIRST) for _ in range(2)]
    assert model.started == [FIRST] * 2
    assert sentences(streams[0]) == sentences(streams[1])
    [sentence] = sentences(streams[1])
    assert pb.QUALITY_FLAG_NUMBERS_DIFFER in sentence.flags
    assert list(sentence.number_difference.missing) == ["4"]
    assert streams[1][-1].report.flagged_sentence_count == 1


async def test_a_doubt_for_which_there_was_no_credit_is_translated_again() -> None:
    spent = "كلمة " * 32
    model = ScriptedModel(
        answers={FIRST: ["The soldiers.", "The 4 soldiers."], spent.strip(): [""] * 99}
    )
    async with serving(model, retry_share=1e-6, **ON) as served:
        await translate(served, "\n".join([spent] * 16))  # of 512 tokens of credit at the start
        told = [(await translate(served, FIRST)).text for _ in range(3)]
    assert told == ["The soldiers.", "The 4 soldiers.", "The 4 soldiers."]
    assert model.started.count(FIRST) == 2


async def test_a_doubt_is_kept_where_there_are_no_second_tries() -> None:
    model = ScriptedModel(answers={FIRST: ["The soldiers.", "The 4 soldiers."]})
    async with serving(model, retry_share=0, **ON) as served:
        first = await translate(served, FIRST)
        assert await translate(served, FIRST) == first
    assert first.text == "The soldiers."


async def test_a_sentence_in_parts_is_kept_whole() -> None:
    text = "وقال الوزير ان العمل مستمر في كل المدن، " * 20 + "والسلام."
    async with serving(**ON) as served:
        first = await translate(served, text)
        rows = len(served.model.started)
        assert rows > 1
        assert await translate(served, text) == first
        assert len(served.model.started) == rows
    assert pb.QUALITY_FLAG_SPLIT in first.sentences[0].flags


class EndingModel(ScriptedModel):
    """Ends the rows that nobody waits for, and those with the word LONG, before they are done."""

    def translate(
        self, rows: Sequence[Sequence[str]], decoding: Decoding, gone: Any = None
    ) -> list[Translation]:
        answers = super().translate(rows, decoding, gone)
        return [
            _ended(answer) if "LONG" in row or gone(number) else answer
            for number, (row, answer) in enumerate(zip(rows, answers, strict=True))
        ]


def _ended(whole: Translation) -> Translation:
    return replace(whole, text="half of", truncated=True)


async def unkept(served: Serving) -> bool:
    """Whether neither what failed nor what was ended is kept."""
    for text in ("هذا FAIL خبر.", "هذا LONG خبر."):
        await translate(served, text)
        before = len(served.model.started)
        await translate(served, text)
        if len(served.model.started) == before:
            return False
    return True


async def test_what_failed_or_was_ended_is_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(EndingModel(), **ON) as served:
        assert await unkept(served)
    monkeypatch.setattr(finished, "_UNFINISHED", frozenset())
    async with serving(EndingModel(), **ON) as served:
        assert not await unkept(served)


async def after_one_that_left(served: Serving) -> str:
    """A caller goes while its sentence runs; returns what the next is told of the same."""
    served.model.gate.clear()
    going = served.stub.TranslateDocument(pb.TranslateDocumentRequest(text=FIRST, options=FAST))
    await going.read()
    await until(lambda: bool(served.model.started))
    going.cancel()
    # The gate is closed: the row ends because its reader has gone.
    batches = served.app.metrics.registry.get_sample_value
    await until(lambda: batches("mujaz_batch_rows_count") == 1)
    served.model.gate.set()
    return (await translate(served, FIRST, options=FAST)).text


async def test_what_its_reader_left_half_done_is_never_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serving(EndingModel(), **ON) as served:
        assert await after_one_that_left(served) == transliterated(FIRST)
        assert served.model.started == [FIRST] * 2
    # Rows whose caller went are not answered; what is cut gets a second try, and is not kept.
    monkeypatch.setattr(worker.Worker, "_answer", lambda _, job, outcome: job.done(job, outcome))
    monkeypatch.setattr(translated, "deserves_retry", lambda _: False)
    async with serving(EndingModel(), **ON) as served:
        assert await after_one_that_left(served) == transliterated(FIRST)
    monkeypatch.setattr(finished, "_UNFINISHED", frozenset())
    async with serving(EndingModel(), **ON) as served:
        assert await after_one_that_left(served) == "half of"


# Raised digits are footnotes to the checks, and digits to the model.
WORDS = [
    "وصل",
    "الوزير",
    "جنود",
    "جُنود",
    "7",
    "٧",
    "⁷",
    "16,30",
    "16.30",
    "«خبر»",
    ".",
    "\n",
    "***",
]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join).filter(segment)


async def all_is_as_without_a_cache(texts: list[str]) -> bool:
    # A sentence in doubt only as it is spelled now would get a second try without one.
    async with serving(retry_share=0, **ON) as cached, serving(retry_share=0) as plain:
        return all(
            [await translate(cached, each) == await translate(plain, each) for each in texts]
        )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TEXTS, min_size=2, max_size=5))
async def test_all_is_as_without_a_cache(texts: list[str]) -> None:
    assert await all_is_as_without_a_cache(texts)


async def test_findings_of_another_spelling_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["وصل الوزير 7", "وصل الوزير ⁷"]
    assert await all_is_as_without_a_cache(texts)
    monkeypatch.setattr(finished, "hash", lambda _: 0, raising=False)
    assert not await all_is_as_without_a_cache(texts)


async def test_what_comes_again_passes_the_queue_and_needs_no_admission() -> None:
    model = ScriptedModel()
    async with serving(model, max_backlog_tokens=10, **ON) as served:
        await translate(served, TEXT)
        model.gate.clear()
        running = asyncio.create_task(translate(served, THIRD))
        await until(lambda: THIRD in model.started)
        waiting = asyncio.create_task(translate(served, THIRD))
        await until(lambda: served.app.worker.load().jobs == 1)
        refused = await failure(
            served.stub.TranslateText(pb.TranslateTextRequest(texts=[THIRD] * 3))
        )
        assert refused.reason == "QUEUE_FULL"
        stream = await document(served, TEXT)
        assert stream[-1].report.streamed_sentence_count == 2
        assert stream[-1].report.queue_duration.ToTimedelta().total_seconds() == 0
        assert lookups(served) == (2, 4), "what was refused was not looked up"
        model.gate.set()
        await asyncio.gather(running, waiting)


async def test_sentences_before_the_first_new_one_come_while_that_waits() -> None:
    model = ScriptedModel()
    async with serving(model, **ON) as served:
        await translate(served, TEXT)
        model.gate.clear()
        request = pb.TranslateDocumentRequest(text=f"{TEXT} {THIRD} {FIRST}")
        call = served.stub.TranslateDocument(request)
        assert [(await call.read()).WhichOneof("event") for _ in range(3)][-1] == "sentence"
        model.gate.set()
        rest = [(await call.read()).sentence.source_text for _ in range(2)]
    assert rest == [THIRD, FIRST]


@pytest.mark.parametrize("count", [30, 300], ids=["a short document", "a long one"])
@pytest.mark.parametrize("window", [1, 2, 100])
async def test_old_and_new_sentences_mix_in_order_in_any_window(window: int, count: int) -> None:
    lines = [f"الخبر رقم {number} من المدينة." for number in range(count)]
    async with serving(stream_window=window, batch_tokens=32, **ON) as served:
        await document(served, "\n".join(lines[::3]))
        stream = await document(served, "\n".join(lines))
        assert sorted(served.model.started) == sorted(lines)
        again = await document(served, "\n".join(lines))
        assert len(served.model.started) == count
        assert lookups(served) == (count + count // 3, count)
    assert [each.source_text for each in sentences(stream)] == lines
    assert sentences(again) == sentences(stream)


async def test_a_summary_is_the_same_of_sentences_that_come_again() -> None:
    request = pb.SummarizeDocumentRequest(
        text=f"{TEXT} {THIRD}",
        summary=pb.SummaryOptions(sentence_count=1, query="الاول", revision_count=1),
    )
    async with serving(**ON) as served:
        streams = [[event async for event in served.stub.SummarizeDocument(request)] for _ in "ab"]
        assert sorted(served.model.started) == sorted([FIRST, SECOND, THIRD])
    assert streams[0][:-1] == streams[1][:-1]
    assert streams[0][-1].HasField("report")


AMAL = (("authorization", "Bearer amal"),)
BADR = (("authorization", "Bearer badr"),)


async def test_callers_with_tokens_share_nothing(limited: Callable[[str], str]) -> None:
    request = pb.TranslateTextRequest(texts=[FIRST])
    async with serving(tokens=limited(""), **ON) as served:
        for caller in (AMAL, BADR, BADR):
            await served.stub.TranslateText(request, metadata=caller)
        assert served.model.started == [FIRST] * 2
        assert lookups(served) == (1, 2)


async def test_what_comes_again_costs_nothing_of_the_tokens_a_minute(
    limited: Callable[[str], str],
) -> None:
    request = pb.TranslateTextRequest(texts=[FIRST])
    tokens = limited("tokens_per_minute = 10")
    async with serving(tokens=tokens, **ON) as served:
        for _ in range(5):
            await served.stub.TranslateText(request, metadata=AMAL)
        assert served.model.started == [FIRST]
    async with serving(tokens=tokens) as served:
        await served.stub.TranslateText(request, metadata=AMAL)
        await served.stub.TranslateText(request, metadata=AMAL)
        told = await failure(served.stub.TranslateText(request, metadata=AMAL))
        assert told.reason == "TOO_MANY_TOKENS"


async def test_the_least_recently_used_goes_when_there_is_no_room() -> None:
    lines = [f"الخبر رقم {number} من المدينة." for number in range(4)]
    async with serving(cache_bytes=1_200) as served:
        for line in lines:
            await translate(served, line)
        taken = served.app.metrics.registry.get_sample_value("mujaz_cache_bytes")
        assert taken is not None
        assert 0 < taken <= 1_200
        await translate(served, lines[3])
        assert served.model.started == lines
        await translate(served, lines[0])
        assert served.model.started == [*lines, lines[0]]
