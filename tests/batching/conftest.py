from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mujaz_server.batching import FairQueue, Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from mujaz_server.batching import Outcome


class Answers(list[tuple[Any, Any]]):
    """The callback of test jobs: keeps (payload, outcome) in order."""

    def __call__(self, job: Job[Any, Any], outcome: Outcome[Any]) -> None:
        self.append((job.payload, outcome))


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def job(answers: Answers) -> Callable[..., Job[Any, Any]]:
    """Makes a job that answers into `answers`."""

    def make(payload: object = "job", tokens: int = 10, options: str = "greedy") -> Job[Any, Any]:
        return Job(payload, tokens, options, answers)

    return make


@pytest.fixture
def queue() -> FairQueue[Any, Any]:
    return FairQueue(batch_tokens=100, batch_rows=8, quantum=20)
