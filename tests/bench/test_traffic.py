import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from traffic import Answer, Call, Callers, closed, generator, opened, p50, p95, rate

from processes import ServerProcess, running

TEXT = "وصل الوزير الى العاصمة."


def answers(*latencies: float) -> list[Answer]:
    return [
        Answer(float(at), at + seconds, at + seconds, 2) for at, seconds in enumerate(latencies)
    ]


def test_the_rate_counts_sentences_from_the_first_beginning_to_the_last_end() -> None:
    assert rate(answers(1, 1, 2)) == 6 / 4


def test_latency_counts_from_when_a_call_was_due() -> None:
    assert [each.latency for each in answers(3, 1)] == [3, 1]
    assert p50(answers(*range(1, 102))) == 51
    assert p95(answers(*range(101))) == 95


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with running("--threads", "1") as process:
        yield process


@pytest.fixture(scope="module")
def callers() -> Iterator[Callers]:
    with generator() as made:
        yield made


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(Call(TEXT), id="a text"),
        pytest.param(Call(f"{TEXT}\n{TEXT}", 2, streamed=True), id="a document"),
    ],
)
def test_every_call_of_a_closed_loop_is_answered(
    call: Call, server: ServerProcess, callers: Callers
) -> None:
    answered = callers(closed, server.address, [call] * 5, 2)
    assert [each.sentences for each in answered] == [call.sentences] * 5
    assert all(each.due < each.first <= each.ended for each in answered)


def test_an_open_loop_begins_about_as_many_calls_as_it_should(
    server: ServerProcess, callers: Callers
) -> None:
    answered = callers(opened, server.address, [Call(TEXT)], 20, 1)
    assert 8 <= len(answered) <= 35  # Poisson of 20, whose seed is fixed


def test_an_answer_of_another_number_of_sentences_ends_the_benchmark(
    server: ServerProcess, callers: Callers
) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        callers(closed, server.address, [Call(TEXT, 2)], 1)
    assert raised.group_contains(RuntimeError, match="1 of 2 sentences came")
