"""The same run in actors of Ray, in a cluster of this machine."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulk.runs import WORK
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.documents import Document
from mujaz_server.bulk.job import in_process
from mujaz_server.bulk.setup import Setup
from mujaz_server.bulk.translator import Outcome
from mujaz_server.translation.engine import EngineError

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")

TEXT = (Path(__file__).parents[2] / "examples" / "article.ar.txt").read_text(encoding="utf-8")
MANIFEST = Manifest.load(store.embedded())


def chunks(count: int) -> Iterator[Chunk]:
    for index in range(count):
        text = TEXT[50 * index : 50 * index + 250]
        yield Chunk(index, (Document(index + 1, f"d{index}", text), Document(0, "blank", " ")))


def made(threads: int = 1) -> Setup:
    return Setup("starter", MANIFEST, threads, WORK)


@pytest.fixture(scope="module")
def expected() -> list[Outcome]:
    with made().translator() as translator:
        return list(in_process(translator, chunks(8)))


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    yield
    ray.shutdown()


def in_order(outcomes: list[Outcome]) -> list[Outcome]:
    return sorted(outcomes, key=lambda each: each.index)


def test_two_actors_make_what_one_process_makes(expected: list[Outcome]) -> None:
    from mujaz_server.bulk.ray import Actors  # noqa: PLC0415  ray may not be there

    with Actors(2, made()) as actors:
        assert in_order(list(actors.translate(chunks(8)))) == expected


def test_an_actor_that_is_killed_is_started_anew_and_nothing_is_lost(
    expected: list[Outcome],
) -> None:
    from mujaz_server.bulk.ray import Actors  # noqa: PLC0415  ray may not be there

    with Actors(1, made()) as actors:
        outcomes = actors.translate(chunks(8))
        first = next(outcomes)
        os.kill(_process(actors._actors[0]), signal.SIGKILL)
        assert in_order([first, *outcomes]) == expected


def _process(actor: Any) -> int:
    """Asks an actor for the number of its process."""
    pid = ray.get(actor.__ray_call__.remote(lambda _self: os.getpid()))
    assert isinstance(pid, int)
    return pid


def test_a_model_that_is_not_there_is_told_in_one_line() -> None:
    from mujaz_server.bulk.ray import Actors  # noqa: PLC0415  ray may not be there

    with (
        Actors(1, Setup("nobody", MANIFEST, 1, WORK)) as actors,
        pytest.raises(EngineError, match=r"there is no model 'nobody'") as caught,
    ):
        list(actors.translate(chunks(1)))
    assert "\n" not in str(caught.value)
