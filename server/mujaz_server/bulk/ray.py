"""The same run in actors of Ray: an engine in each, fed chunk by chunk.

Actors are Ray's, and so are where they run, and starting one anew whose process or machine was
lost. Ray Data is not used: docs/decisions/0014-actors-not-ray-data.md says why.
"""

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, Self

import ray
from ray.exceptions import RayActorError, RayTaskError

from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.setup import Setup
from mujaz_server.bulk.translator import Outcome
from mujaz_server.translation.engine import EngineError

_AT_ONCE = 2
"""Chunks in an actor: while one is cut or summarized, the engine has the batches of the other."""
_TRIES = 4
"""A chunk that has ended its actor so often is to blame for it."""


class TranslatorActor:
    """One engine, in a process of its own."""

    def __init__(self, setup: Setup) -> None:
        self._open = ExitStack()
        self._translator = self._open.enter_context(setup.translator())

    def translate(self, chunk: Chunk) -> Outcome:
        """Translates one chunk."""
        return self._translator.translate(chunk)


class Actors:
    """Actors that translate chunks, in the cluster that `RAY_ADDRESS` names or in one of their own.

    A context manager: they are there within it.

    Args:
        count: How many.
        setup: Of each; it asks for a core a thread.
    """

    def __init__(self, count: int, setup: Setup) -> None:
        self._count = count
        self._setup = setup
        self._actors: list[Any] = []

    def __enter__(self) -> Self:
        _connect(self._count * self._setup.threads)
        made = ray.remote(TranslatorActor).options(
            num_cpus=self._setup.threads,
            max_restarts=-1,
            max_task_retries=_TRIES - 1,
            max_concurrency=_AT_ONCE,
        )
        self._actors = [made.remote(self._setup) for _ in range(self._count)]
        return self

    def __exit__(self, *_: object) -> None:
        for actor in self._actors:
            ray.kill(actor)

    def translate(self, chunks: Iterable[Chunk]) -> Iterator[Outcome]:
        """Translates chunks, read as actors are free, and yields their outcomes as they come.

        Raises:
            EngineError: An actor cannot start, or was lost over one chunk again and again.
        """
        free: deque[Any] = deque(self._actors * _AT_ONCE)
        running: dict[Any, Any] = {}
        for chunk in chunks:
            if not free:
                yield _next(running, free)
            actor = free.popleft()
            running[actor.translate.remote(chunk)] = actor
        while running:
            yield _next(running, free)


def _connect(cores: int) -> None:
    """Joins the cluster that is named, or begins one with just the cores that are needed."""
    if ray.is_initialized():
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    named = "RAY_ADDRESS" in os.environ
    ray.init(
        None if named else "local",
        num_cpus=None if named else cores,
        include_dashboard=None if named else False,
        logging_level=logging.ERROR,
        log_to_driver=False,
    )


def _next(running: dict[Any, Any], free: deque[Any]) -> Outcome:
    """Waits for one of the chunks; its actor is free for another one then."""
    [ready], _ = ray.wait([*running])
    free.append(running.pop(ready))
    try:
        outcome: Outcome = ray.get(ready)
    except RayTaskError as error:
        raise EngineError(f"an actor failed: {_line(error.cause)}") from error
    except RayActorError as error:
        raise EngineError(f"an actor was lost: {_line(error)}") from error
    return outcome


def _line(error: BaseException) -> str:
    return str(error).strip().rpartition("\n")[2]
