"""Several documents on one story, told apart by where each starts."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.text.segment import segment
from scripted import Serving, serving
from statuses import failure

LEAD = "افتتح وزير النقل سالم حداد الاحد جسرا فوق نهر الوادي في حفل حضره 40 سفيرا."
LENGTH = "ويبلغ طول الجسر 620 مترا ويربط مدينة الرملة بالطريق السريع."
FLOODS = "وتاخر العمل ثلاث سنوات بسبب فيضانات الشتاء وارتفاع اسعار الحديد."
NOISE = "وشكا سكان حي الميناء من الضجيج والغبار الذي سببه البناء طوال الصيف"
FIRST = f"جسر جديد فوق نهر الوادي\n\n{LEAD}\n{LENGTH}\n{FLOODS}"
SECOND = f"الوزير يقص الشريط امام السكان\n\n{LEAD}\n{NOISE}"
TRUCK = "عبرت اول شاحنة الجسر صباح الاثنين وسط تصفيق التجار."
THIRD = f"حركة المرور تعود الى الرملة بعد اربع سنوات من الانتظار\n\n{TRUCK}"
STORY = (FIRST, SECOND, THIRD)


def joined(*texts: str, separator: str = "\n\n") -> pb.SummarizeDocumentRequest:
    starts = [sum(map(len, texts[:n])) + n * len(separator) for n in range(len(texts))]
    return pb.SummarizeDocumentRequest(text=separator.join(texts), document_start_offsets=starts)


async def answered(
    served: Serving, request: pb.SummarizeDocumentRequest, **summary: Any
) -> list[pb.SummarizeDocumentResponse]:
    request.summary.MergeFrom(pb.SummaryOptions(**summary))
    return [event async for event in served.stub.SummarizeDocument(request)]


def sentences(stream: list[Any]) -> list[pb.TranslatedSentence]:
    return [each.sentence for each in stream if each.WhichOneof("event") == "sentence"]


def picked(stream: list[Any]) -> list[pb.SummarySentence]:
    return [*stream[-2].summary.sentences]


async def test_every_sentence_leads_to_its_own_document() -> None:
    request = joined(*STORY)
    async with serving() as served:
        stream = await answered(served, request, sentence_count=4)
    assert stream[0].outline.document_count == 3
    assert [each.document for each in sentences(stream)] == [0] * 4 + [1] * 3 + [2] * 2
    assert [each.paragraph for each in sentences(stream)] == [*range(9)]
    traced: list[Any] = [*sentences(stream), *picked(stream)]
    for each in traced:
        start = request.document_start_offsets[each.document]
        within = STORY[each.document][each.start_offset - start : each.end_offset - start]
        assert within == each.source_text


async def test_what_two_documents_say_is_said_once() -> None:
    async with serving() as served:
        stream = await answered(served, joined(*STORY), sentence_count=3)
        apart = await answered(served, joined(FIRST), sentence_count=3)
    sources = [each.source_text for each in picked(stream)]
    assert len(sources) == 3
    assert sources.count(LEAD) == 1
    assert {each.document for each in picked(stream)} >= {0, 2}
    assert LEAD in {each.source_text for each in picked(apart)}


@pytest.mark.parametrize("order", [pb.SUMMARY_ORDER_TRANSLATE_FIRST, pb.SUMMARY_ORDER_SELECT_FIRST])
async def test_each_document_has_a_headline_and_a_lead_of_its_own(order: pb.SummaryOrder) -> None:
    async with serving() as served:
        stream = await answered(served, joined(FIRST, THIRD), sentence_count=9, order=order)
    places = {
        each.source_text: reason.contribution
        for each in picked(stream)
        for reason in each.reasons
        if reason.kind == pb.REASON_KIND_POSITION
    }
    assert [*places] == [LEAD, LENGTH, FLOODS, TRUCK]
    assert places[LEAD] == places[TRUCK] > places[LENGTH] > places[FLOODS]


@pytest.mark.parametrize("separator", ["", " ", "\n\n"])
@pytest.mark.parametrize(
    "end",
    [
        pytest.param("وصل الوزير", id="no full stop"),
        pytest.param("وقال الوزير «وصلنا", id="an open quotation"),
        pytest.param("وصل الوزير (امس", id="an open bracket"),
    ],
)
async def test_no_sentence_spans_two_documents(end: str, separator: str) -> None:
    async with serving() as served:
        stream = await answered(served, joined(end, f"{NOISE}» ثم عاد.", separator=separator))
    first, *others = sentences(stream)
    assert first.source_text == end
    assert {each.document for each in others} == {1}


@settings(max_examples=40)
@given(
    st.lists(
        st.text(st.sampled_from('ابتث .؟!،؛\n\r\t"«»()٣a🌍'), min_size=1, max_size=60).filter(
            str.strip
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["", " ", "\n\n"]),
)
async def test_documents_are_cut_as_if_each_came_alone(texts: list[str], separator: str) -> None:
    request = joined(*texts, separator=separator)
    async with serving() as served:
        stream = await answered(served, request)
    bounds = [*pairwise([*request.document_start_offsets, len(request.text)])]
    for each in sentences(stream):
        start, end = bounds[each.document]
        assert start <= each.start_offset < each.end_offset <= end
        assert request.text[each.start_offset : each.end_offset] == each.source_text
    assert [(each.document, each.source_text) for each in sentences(stream)] == [
        (document, text[each.start : each.end])
        for document, text in enumerate(texts)
        for each in segment(text)
    ]


async def test_one_document_told_as_such_is_answered_as_any() -> None:
    async with serving() as served:
        told = await answered(served, joined(FIRST))
        plain = await answered(served, pb.SummarizeDocumentRequest(text=FIRST))
    assert (told[0].outline.document_count, plain[0].outline.document_count) == (1, 0)
    assert told[1:-1] == plain[1:-1]


@pytest.mark.parametrize(
    ("starts", "fields"),
    [
        pytest.param([1], ["[0]"], id="the first is not at the beginning"),
        pytest.param([-1, 5], ["[0]"], id="negative"),
        pytest.param([0, 10, 10], ["[2]"], id="not rising"),
        pytest.param([0, 20, 10, 5], ["[2]", "[3]"], id="falling"),
        pytest.param([0, len(FIRST)], ["[1]"], id="at the end of the text"),
        pytest.param([0, 2**31 - 1], ["[1]"], id="far beyond the text"),
        pytest.param([*range(129)], [""], id="too many"),
        pytest.param([0, FIRST.index("\n"), FIRST.index("\n") + 2], ["[1]"], id="a blank one"),
    ],
)
async def test_offsets_that_part_no_text_are_named(starts: list[int], fields: list[str]) -> None:
    request = pb.SummarizeDocumentRequest(text=FIRST, document_start_offsets=starts)
    async with serving() as served:
        told = await failure(served.stub.SummarizeDocument(request))
        assert served.model.started == []
    assert (told.code, told.reason) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert [each.field for each in told.violations] == [
        f"document_start_offsets{field}" for field in fields
    ]


async def test_every_document_must_hold_arabic_where_that_is_asked_for() -> None:
    request = joined(FIRST, "The bridge is open.")
    request.options.require_arabic = True
    async with serving() as served:
        told = await failure(served.stub.SummarizeDocument(request))
    assert told.reason == "NO_ARABIC"
    assert [each.field for each in told.violations] == ["document_start_offsets[1]"]


async def test_documents_are_held_to_the_limit_of_one_together() -> None:
    async with serving(max_code_points=len(FIRST) + 10) as served:
        told = await failure(served.stub.SummarizeDocument(joined(FIRST, SECOND)))
    assert told.reason == "TEXT_TOO_LARGE"


async def test_a_repeated_document_is_recalled_at_its_own_place() -> None:
    async with serving(cache_bytes=1_000_000) as served:
        await answered(served, joined(FIRST))
        stream = await answered(served, joined(SECOND, FIRST))
    assert [each.document for each in sentences(stream)] == [0] * 3 + [1] * 4
