import dataclasses
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mujaz_server.pipeline.events import TranslatedSentence
from mujaz_server.pipeline.finished import FinishedSentences, Partition, recalled
from mujaz_server.pipeline.plan import Pieces, PlannedSentence, plan
from mujaz_server.text.segment import Segment, segment
from mujaz_server.translation.checks import Flag, check
from mujaz_server.translation.engine import Decoding

SOURCE = "وصل 4 وزراء الى المدينة."
ROOM = 1_000_000
GREEDY = Decoding()
DIGEST = "0" * 64


def planned(text: str) -> PlannedSentence:
    [sentence] = plan(text, segment(text), str.split, 40)
    return sentence


def of_pieces(*parts: Pieces) -> PlannedSentence:
    return PlannedSentence(Segment(0, 0, 0, 1), "و", parts)


def translated(where: PlannedSentence, text: str, *flags: Flag) -> TranslatedSentence:
    """What the pipeline makes of this answer."""
    found = check(where.source, text, truncated=False)
    return TranslatedSentence(
        index=where.segment.index,
        paragraph=where.segment.paragraph,
        start=where.segment.start,
        end=where.segment.end,
        source=where.source,
        text=text,
        score=-0.5,
        flags=found.flags | set(flags),
        missing=found.missing,
        added=found.added,
        alternatives=("another",),
        source_tokens=where.tokens,
        target_tokens=len(text.split()),
    )


def partition(capacity: int = ROOM) -> Partition:
    return FinishedSentences(capacity, DIGEST).partition(GREEDY, None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("4 ministers arrived in the city.", id="a good one"),
        pytest.param("The ministers of 7 arrived.", id="one with numbers astray"),
        pytest.param("", id="an empty one"),
    ],
)
def test_what_was_kept_comes_back_as_it_was(text: str) -> None:
    known = partition()
    sentence = translated(planned(SOURCE), text, Flag.RETRIED)
    known.keep(planned(SOURCE), sentence)
    finished = known.get(planned(SOURCE))
    assert finished is not None
    assert recalled(finished, planned(SOURCE)) == sentence


def test_it_comes_back_at_the_place_where_it_stands_now() -> None:
    known = partition()
    known.keep(planned(SOURCE), translated(planned(SOURCE), "4 ministers arrived in the city."))
    text = f"خبر.\n\n  {SOURCE}"
    second = plan(text, segment(text), str.split, 40)[1]
    finished = known.get(second)
    assert finished is not None
    assert recalled(finished, second) == translated(second, "4 ministers arrived in the city.")
    assert text[second.segment.start : second.segment.end] == SOURCE


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        pytest.param(SOURCE, SOURCE.replace("4", "٤"), id="digits"),
        pytest.param(SOURCE, SOURCE.replace("وزراء", "وُزَراء"), id="vowels"),
        pytest.param("بلغ الربح 2 مليون", "بلغ الربح ² مليون", id="a sign that only checks tell"),
        pytest.param("بلغ الربح ² مليون", "بلغ الربح 2 مليون", id="the same the other way round"),
    ],
)
@pytest.mark.parametrize("text", ["The profit is 3 million.", "Nothing."])
def test_another_spelling_is_the_same_sentence_with_findings_of_its_own(
    kept: str, asked: str, text: str
) -> None:
    known = partition()
    known.keep(planned(kept), translated(planned(kept), text, Flag.RETRIED))
    finished = known.get(planned(asked))
    assert finished is not None
    assert recalled(finished, planned(asked)) == translated(planned(asked), text, Flag.RETRIED)


def test_findings_that_were_not_made_again_would_be_seen() -> None:
    kept, asked = planned("بلغ الربح 2 مليون"), planned("بلغ الربح ² مليون")
    known = partition()
    known.keep(kept, translated(kept, "Nothing."))
    finished = known.get(asked)
    assert finished is not None
    stale = finished.replace(b"%d" % hash(kept.source), b"%d" % hash(asked.source))
    assert recalled(stale, asked) != translated(asked, "Nothing.")


@pytest.mark.parametrize("flag", [Flag.FAILED, Flag.TRUNCATED])
def test_what_may_go_better_another_time_is_not_kept(flag: Flag) -> None:
    known = partition()
    known.keep(planned(SOURCE), translated(planned(SOURCE), "4 ministers", flag, Flag.RETRIED))
    assert known.get(planned(SOURCE)) is None


@pytest.mark.parametrize(
    ("digest", "decoding", "caller"),
    [
        pytest.param("1" * 64, GREEDY, "amal", id="another model"),
        pytest.param(DIGEST, Decoding(beam_size=2), "amal", id="another beam"),
        pytest.param(DIGEST, Decoding(2, 2), "amal", id="with alternatives"),
        pytest.param(DIGEST, GREEDY, "badr", id="another caller"),
        pytest.param(DIGEST, GREEDY, None, id="no caller"),
    ],
)
def test_partitions_are_apart(digest: str, decoding: Decoding, caller: str | None) -> None:
    one, other = FinishedSentences(ROOM, DIGEST), FinishedSentences(ROOM, digest)
    other._cache = one._cache
    sentence = planned(SOURCE)
    one.partition(GREEDY, "amal").keep(sentence, translated(sentence, "4 ministers arrived."))
    assert one.partition(GREEDY, "amal").get(sentence) is not None
    assert other.partition(decoding, caller).get(sentence) is None


def test_nobody_and_somebody_called_none_are_apart() -> None:
    finished, sentence = FinishedSentences(ROOM, DIGEST), planned(SOURCE)
    finished.partition(GREEDY, None).keep(sentence, translated(sentence, "4 ministers arrived."))
    assert finished.partition(GREEDY, "None").get(sentence) is None


PARTS = st.lists(st.lists(st.text(max_size=3), max_size=3), max_size=3)


@given(PARTS, PARTS)
def test_other_pieces_have_another_key(ours: list[Pieces], theirs: list[Pieces]) -> None:
    known = partition()
    assert (known._key(of_pieces(*ours)) == known._key(of_pieces(*theirs))) is (ours == theirs)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param([["a", "b"]], [["a"], ["b"]], id="cut elsewhere into parts"),
        pytest.param([["a", "b"]], [["ab"]], id="cut elsewhere into pieces"),
        pytest.param([["a", "b"]], [["a', 'b"]], id="a piece that looks like two"),
        pytest.param([["\ud800"]], [["\ud801"]], id="lone surrogates"),
    ],
)
def test_pieces_that_look_alike_have_another_key(ours: list[Pieces], theirs: list[Pieces]) -> None:
    known = partition()
    assert known._key(of_pieces(*ours)) != known._key(of_pieces(*theirs))


# Of which the table of the cache has just grown.
JUST_GROWN = 5_462


@pytest.mark.parametrize(
    ("length", "sentences"),
    [(0, 1_000), (30, 1_000), (150, 1_000), (2_000, 1_000), (30, JUST_GROWN)],
)
def test_what_is_counted_is_at_least_what_is_taken(length: int, sentences: int) -> None:
    taken, counted, count = memory_of(sentences, length, FinishedSentences(10 * ROOM, DIGEST))
    assert count == sentences
    assert taken <= counted <= 2 * taken


def memory_of(sentences: int, length: int, finished: FinishedSentences) -> tuple[int, int, int]:
    """Returns the bytes that sentences of a length take and count, and their number."""
    known = finished.partition(GREEDY, None)
    like = translated(of_pieces(["x"]), "")
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(sentences):
        text = f"{number:04}" + "x" * length
        sentence = dataclasses.replace(like, text=text, score=-number / 7)
        known.keep(of_pieces([str(number)]), sentence)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before, finished.size, len(finished._cache)
