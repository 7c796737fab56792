import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.summary.selection import WEIGHTS
from mujaz_server.text.segment import segment
from scripted import ScriptedModel, Serving, serving, transliterated
from statuses import failure

HEADLINE = "جنود قرب المدينة"
FIRST = "قتل 4 جنود في قصف على معسكر."
SECOND = "وقال المدير ان القصف هو الاول."
THIRD = "وتستهدف الغارات انشطة النفط في الشرق."
TELLING = 'ابتثجحخ .؟!،؛\n\r\t"«»()\u200f\u0640\u064e5٣a'
ARTICLE = f"{HEADLINE}\n\n{FIRST} {SECOND}\n\n***\n\n{THIRD}\n"


async def events(served: Serving, text: str, **fields: Any) -> list[Any]:
    request = pb.SummarizeDocumentRequest(text=text, **fields)
    return [event async for event in served.stub.SummarizeDocument(request)]


def kinds(stream: list[Any]) -> list[str]:
    return [event.WhichOneof("event") for event in stream]


def sentences(stream: list[Any]) -> list[pb.TranslatedSentence]:
    return [each.sentence for each in stream if each.WhichOneof("event") == "sentence"]


def summaries(stream: list[Any]) -> list[pb.Summary]:
    return [each.summary for each in stream if each.WhichOneof("event") == "summary"]


async def test_a_stream_is_outline_sentences_summary_report() -> None:
    async with serving() as served:
        stream = await events(served, ARTICLE)
    assert kinds(stream) == ["outline", *["sentence"] * 5, "summary", "report"]
    outline, report = stream[0].outline, stream[-1].report
    assert (outline.sentence_count, outline.streamed_sentence_count) == (5, 5)
    assert (outline.paragraph_count, outline.code_point_count) == (4, len(ARTICLE))
    assert (outline.model, outline.model_digest) == ("scripted", "0" * 64)
    assert (report.streamed_sentence_count, report.summary_count) == (5, 1)
    assert report.passed_through_sentence_count == 1
    assert report.first_sentence_duration.ToTimedelta() <= report.total_duration.ToTimedelta()


async def test_a_translation_has_no_summary() -> None:
    request = pb.TranslateDocumentRequest(text=ARTICLE)
    async with serving() as served:
        stream = [event async for event in served.stub.TranslateDocument(request)]
    assert kinds(stream) == ["outline", *["sentence"] * 5, "report"]
    assert [each.sentence.text for each in stream[1:-1]] == [
        transliterated(each) for each in (HEADLINE, FIRST, SECOND, "***", THIRD)
    ]


async def test_sentences_come_in_order_though_lengths_mix_in_batches() -> None:
    lines = [f"خبر {'طويل ' * (number % 9)}رقم {number}." for number in range(200)]
    async with serving(batch_tokens=32, batch_rows=4, threads=3) as served:
        stream = await events(served, "\n".join(lines))
    assert [each.index for each in sentences(stream)] == list(range(200))
    assert [each.source_text for each in sentences(stream)] == lines


async def test_a_small_window_and_second_tries_do_not_stall_a_stream() -> None:
    lines = [f"خبر {'طويل ' * (number % 9)}رقم {number}." for number in range(60)]
    model = ScriptedModel(answers={line: ["", "a better one"] for line in lines[::3]})
    async with serving(model, stream_window=1, batch_tokens=32, retry_share=1) as served:
        stream = await events(served, "\n".join(lines))
    assert len(sentences(stream)) == 60


async def test_a_sentence_of_more_parts_than_the_window_is_completed() -> None:
    text = "\n".join(["كلمة " * 4_000 + "رقم 7", "وصل الوزير.", "كلمة " * 4_000])
    async with serving(stream_window=2) as served:
        stream = await events(served, text)
    assert len(sentences(stream)) == 3


@settings(max_examples=60)
@given(
    st.text(
        st.one_of(
            st.sampled_from('ابتثجحخ .؟!،؛\n\r\t"«»()\u200f\u0640\u064e5٣a'), st.characters()
        ),
        min_size=1,
        max_size=300,
    ).filter(lambda text: _encodable(text) and text.strip())
)
async def test_spans_give_back_what_was_sent(text: str) -> None:
    async with serving() as served:
        request = pb.TranslateDocumentRequest(text=text)
        call = served.stub.TranslateDocument(request)
        if not _has_sentences(text):
            assert (await failure(call)).reason == "BLANK_TEXT"
            return
        stream = [event async for event in call]
    end = 0
    for each in sentences(stream):
        assert each.start_offset >= end
        assert text[each.start_offset : each.end_offset] == each.source_text
        assert not any(c.isalnum() for c in text[end : each.start_offset])
        end = each.end_offset
    assert not any(c.isalnum() for c in text[end:])
    assert stream[-1].report.streamed_sentence_count == len(sentences(stream))


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _has_sentences(text: str) -> bool:
    return bool(segment(text))


async def test_a_sentence_too_long_for_the_model_is_split_and_said_so() -> None:
    clause = "وقال الوزير ان العمل مستمر في كل المدن، "
    text = clause * 20 + "والسلام."
    async with serving() as served:
        stream = await events(served, text)
        assert all(len(row.split()) <= 40 for row in served.model.started)
        assert "".join("".join(row.split()) for row in served.model.started) == "".join(
            text.split()
        )
    [sentence] = sentences(stream)
    assert pb.QUALITY_FLAG_SPLIT in sentence.flags
    assert sentence.source_text == text
    assert sentence.source_token_count == len(text.split())


async def test_a_sentence_that_breaks_the_model_harms_no_other() -> None:
    lines = [f"الخبر رقم {number}." for number in range(20)]
    lines[7] = "هذا FAIL خبر."
    lines[11] = "هذا SHORT خبر."
    async with serving() as served:
        stream = await events(served, "\n".join(lines))
    failed = {each.index for each in sentences(stream) if pb.QUALITY_FLAG_FAILED in each.flags}
    assert failed == {7, 11}
    assert all(each.text for each in sentences(stream) if each.index not in failed)
    assert all(not each.text for each in sentences(stream) if each.index in failed)
    assert stream[-1].report.flagged_sentence_count == 2
    assert not {each.index for each in summaries(stream)[0].sentences} & failed


async def test_a_doubtful_sentence_gets_one_second_try_with_stricter_decoding() -> None:
    model = ScriptedModel(answers={FIRST: ["Nine soldiers of 9.", "The 4 soldiers."]})
    async with serving(model) as served:
        stream = await events(served, FIRST)
    [sentence] = sentences(stream)
    assert sentence.text == "The 4 soldiers."
    assert list(sentence.flags) == [pb.QUALITY_FLAG_RETRIED]
    assert stream[-1].report.retried_sentence_count == 1
    assert [each.no_repeat_ngram_size for each in model.decodings] == [0, 3]


async def test_what_still_fails_is_flagged_and_the_better_try_is_kept() -> None:
    model = ScriptedModel(answers={FIRST: ["The soldiers.", "The 7 of 8 soldiers."]})
    async with serving(model) as served:
        stream = await events(served, FIRST)
    [sentence] = sentences(stream)
    assert sentence.text == "The soldiers."
    assert pb.QUALITY_FLAG_NUMBERS_DIFFER in sentence.flags
    assert list(sentence.number_difference.missing) == ["4"]
    assert not sentence.number_difference.added
    assert stream[-1].report.flagged_sentence_count == 1


async def test_second_tries_are_capped() -> None:
    lines = [f"قتل {number} جنود في هذا اليوم." for number in range(100, 700)]
    model = ScriptedModel(answers={line: ["None.", "None."] for line in lines})
    async with serving(model) as served:
        stream = await events(served, "\n".join(lines))
    tries = stream[-1].report.retried_sentence_count
    # Six tokens a sentence: a tenth of 600, and a burst of 512 tokens.
    assert 60 <= tries <= 60 + math.ceil(512 / 6)


async def test_without_a_share_there_are_no_second_tries() -> None:
    model = ScriptedModel(answers={FIRST: ["None."]})
    async with serving(model, retry_share=0) as served:
        stream = await events(served, FIRST)
    assert pb.QUALITY_FLAG_RETRIED not in sentences(stream)[0].flags


async def test_every_pick_leads_to_its_arabic_and_its_reasons_add_up() -> None:
    async with serving() as served:
        stream = await events(served, ARTICLE, summary=pb.SummaryOptions(sentence_count=2))
    [summary] = summaries(stream)
    assert summary.final
    assert len(summary.sentences) == 2
    assert sorted(each.rank for each in summary.sentences) == [1, 2]
    assert [each.index for each in summary.sentences] == sorted(
        each.index for each in summary.sentences
    )
    for each in summary.sentences:
        assert ARTICLE[each.start_offset : each.end_offset] == each.source_text
        assert each.text == transliterated(each.source_text)
        assert math.isclose(
            sum(reason.contribution for reason in each.reasons), each.score, abs_tol=1e-9
        )
    assert summary.word_count == sum(len(each.text.split()) for each in summary.sentences)
    assert 0 < summary.compression <= 1


async def test_a_pick_is_doubted_as_far_as_its_tokens_are_improbable() -> None:
    async with serving() as served:
        stream = await events(served, ARTICLE, summary=pb.SummaryOptions(sentence_count=2))
    by_index = {each.index: each for each in sentences(stream)}
    for pick in summaries(stream)[0].sentences:
        [doubt] = [each for each in pick.reasons if each.kind == pb.REASON_KIND_DOUBT]
        improbable = 1 - math.exp(by_index[pick.index].score)
        assert math.isclose(doubt.contribution, -WEIGHTS["en"].doubt * improbable)


async def test_select_first_translates_only_what_it_selected() -> None:
    options = pb.SummaryOptions(sentence_count=2, order=pb.SUMMARY_ORDER_SELECT_FIRST)
    async with serving() as served:
        stream = await events(served, ARTICLE, summary=options)
        assert len(served.model.started) == 2
    assert kinds(stream) == ["outline", "sentence", "sentence", "summary", "report"]
    assert (stream[0].outline.sentence_count, stream[0].outline.streamed_sentence_count) == (5, 2)
    [summary] = summaries(stream)
    assert [each.index for each in summary.sentences] == [each.index for each in sentences(stream)]
    assert summary.considered_sentence_count == 4


async def test_interim_summaries_come_while_translation_goes_on() -> None:
    text = "\n".join(f"الخبر رقم {number} من المدينة." for number in range(12))
    async with serving() as served:
        stream = await events(served, text, summary=pb.SummaryOptions(revision_count=3))
    at = [
        kinds(stream)[:position].count("sentence")
        for position, kind in enumerate(kinds(stream))
        if kind == "summary"
    ]
    assert at == [3, 6, 9, 12]
    assert [each.revision for each in summaries(stream)] == [1, 2, 3, 4]
    assert [each.final for each in summaries(stream)] == [False, False, False, True]
    assert stream[-1].report.summary_count == 4


async def test_an_arabic_query_is_compared_with_the_arabic_and_not_translated() -> None:
    options = pb.SummaryOptions(sentence_count=1, query="انشطة النفط")
    async with serving() as served:
        stream = await events(served, ARTICLE, summary=options)
        assert "انشطة النفط" not in served.model.started
    [pick] = summaries(stream)[0].sentences
    assert pick.source_text == THIRD
    assert pb.REASON_KIND_QUERY in {each.kind for each in pick.reasons}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        pytest.param({"sentence_count": 0}, "sentence_count", id="no sentences"),
        pytest.param({"sentence_count": -3}, "sentence_count", id="negative sentences"),
        pytest.param({"word_count": 0}, "word_count", id="no words"),
        pytest.param({"ratio": 0.0}, "ratio", id="nothing of the document"),
        pytest.param({"ratio": 1.01}, "ratio", id="more than the document"),
        pytest.param({"ratio": math.nan}, "ratio", id="a ratio that is no number"),
        pytest.param({"ratio": math.inf}, "ratio", id="an infinite ratio"),
        pytest.param({"diversity": -0.1}, "diversity", id="negative diversity"),
        pytest.param({"diversity": math.nan}, "diversity", id="diversity that is no number"),
        pytest.param({"order": 9}, "order", id="an unknown order"),
        pytest.param({"query": "س" * 1001}, "query", id="a query that is an article"),
        pytest.param({"revision_count": 21}, "revision_count", id="too many revisions"),
        pytest.param({"revision_count": -1}, "revision_count", id="negative revisions"),
    ],
)
async def test_an_invalid_option_is_named(options: dict[str, Any], field: str) -> None:
    request = pb.SummarizeDocumentRequest(text=ARTICLE, summary=pb.SummaryOptions(**options))
    async with serving() as served:
        told = await failure(served.stub.SummarizeDocument(request))
        assert served.model.started == []
    assert told.code == "INVALID_ARGUMENT"
    assert [each.field for each in told.violations] == [f"summary.{field}"]


@pytest.mark.parametrize(
    ("mode", "count"), [("BREAK", 2), ("UNSPECIFIED", 2), ("WRAP", 1)], ids=str
)
async def test_a_line_break_ends_a_sentence_unless_lines_are_wrapped(mode: str, count: int) -> None:
    options = pb.TranslationOptions(newline_mode=pb.NewlineMode.Value(f"NEWLINE_MODE_{mode}"))
    async with serving() as served:
        stream = await events(served, "وصل الوزير الى\nالمدينة امس.", options=options)
    assert len(sentences(stream)) == count
