"""Interim summaries: of what was sent, and ending where a run without them ends."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mujaz.v1 import mujaz_pb2 as pb
from mujaz_server.pipeline.events import TranslatedSentence
from mujaz_server.pipeline.run import DocumentRun
from scripted import Serving, serving

WORDS = ["قتل", "وصل", "الوزير", "المدينة", "جنود", "12", "النفط", "امس", "قال", "مطار", "نهر"]
lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join).map("{}.".format)
documents = st.lists(st.one_of(lines, st.just("***")), min_size=1, max_size=14).map("\n".join)
budgets: st.SearchStrategy[dict[str, float]] = st.one_of(
    st.fixed_dictionaries({"sentence_count": st.integers(1, 6)}),
    st.fixed_dictionaries({"word_count": st.integers(1, 40)}),
    st.fixed_dictionaries({"ratio": st.floats(0.01, 1.0)}),
)
orders = st.sampled_from([pb.SUMMARY_ORDER_TRANSLATE_FIRST, pb.SUMMARY_ORDER_SELECT_FIRST])
queries = st.sampled_from(["", "النفط", "12"])


async def summaries_of(served: Serving, text: str, **options: Any) -> list[pb.Summary]:
    """Summarizes a document; each summary must name only sentences that were sent before it."""
    request = pb.SummarizeDocumentRequest(text=text, summary=pb.SummaryOptions(**options))
    sent: dict[int, str] = {}
    summaries = []
    async for event in served.stub.SummarizeDocument(request):
        if event.WhichOneof("event") == "sentence":
            sent[event.sentence.index] = event.sentence.text
        elif event.WhichOneof("event") == "summary":
            summaries.append(event.summary)
            for each in event.summary.sentences:
                assert sent.get(each.index) == each.text, "a sentence that was not sent"
    assert [each.revision for each in summaries] == list(range(1, len(summaries) + 1))
    assert [each.final for each in summaries] == [False] * (len(summaries) - 1) + [True]
    return summaries


async def require_the_same_end(served: Serving, text: str, revisions: int, **options: Any) -> None:
    """Requires that the last summary with revisions is the only one without."""
    *_, last = await summaries_of(served, text, revision_count=revisions, **options)
    [only] = await summaries_of(served, text, **options)
    last.revision = only.revision
    assert last == only, "revisions changed the summary"


@settings(max_examples=60)
@given(documents, st.integers(1, 20), budgets, orders, queries)
async def test_revisions_name_what_was_sent_and_end_as_without_them(
    text: str, revisions: int, budget: dict[str, float], order: int, query: str
) -> None:
    async with serving() as served:
        await require_the_same_end(served, text, revisions, order=order, query=query, **budget)


TEXT = "\n".join(f"وصل الوزير رقم {number} الى المدينة." for number in range(8))


async def test_a_summary_that_forgets_how_it_began_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    summarized = DocumentRun._summary

    async def forgetful(self: DocumentRun, *args: Any, **kwargs: Any) -> Any:
        summary = await summarized(self, *args, **kwargs)
        self._done = self._done[1:]
        return summary

    monkeypatch.setattr(DocumentRun, "_summary", forgetful)
    async with serving() as served:
        with pytest.raises(AssertionError, match="revisions changed the summary"):
            await require_the_same_end(served, TEXT, 3, sentence_count=2)


async def test_a_summary_of_what_was_not_sent_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    events = DocumentRun.events

    async def hasty(self: DocumentRun, *args: Any) -> Any:
        held: list[TranslatedSentence] = []
        async for event in events(self, *args):
            if not isinstance(event, TranslatedSentence):
                yield event
                continue
            for before in held:
                yield before
            held = [event]

    monkeypatch.setattr(DocumentRun, "events", hasty)
    async with serving() as served:
        with pytest.raises(AssertionError, match="a sentence that was not sent"):
            await summaries_of(served, TEXT, sentence_count=8, revision_count=3)
