"""Processes that train side by side on one machine and average what they learn (Local SGD).

Of the small products of a small model two threads make less than twice of what one makes, and
two processes of one thread each lose nothing to one another. Each reads other batches, and their
weights are averaged only now and then (Stich 2019, https://arxiv.org/abs/1805.09767), so that they
hardly ever wait. The average is better than any of them: it takes out noise, as a lower learning
rate does.

The process that asks for workers trains nothing itself. It waits for them, passes on requests to
stop, and ends the others when one dies. They talk over the loopback interface.
"""

import contextlib
import multiprocessing
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final

import torch
import torch.distributed as dist

from mujaz_models.command import CommandError

_DESERTED: Final = 75  # exit status of a worker that another one has left waiting
_GRACE_SECONDS: Final = 2.0
_REQUESTS: Final = (signal.SIGTERM, signal.SIGINT)


class WorkerError(CommandError):
    """A worker has died, and the others with it."""


@dataclass(frozen=True, slots=True)
class Crew:
    """The workers that train side by side, as one of them sees them.

    Each method is called by all of them, in the same order. Where there is only one it does what
    the words say of one: nothing.

    Attributes:
        rank: of this worker, from 0; the first one keeps checkpoints and the log.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    def agree(self, *flags: bool) -> list[bool]:
        """Return for each flag whether any of the workers raises it."""
        if self.size == 1:
            return list(flags)
        raised = torch.tensor([int(flag) for flag in flags])
        with _others_needed():
            dist.all_reduce(raised, dist.ReduceOp.MAX)
        return [bool(flag) for flag in raised]

    def average(self, tensors: Sequence[torch.Tensor]) -> None:
        """Put into each tensor the mean of all workers' ones, the same to the bit."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().view(-1) for tensor in tensors])
        with _others_needed():
            dist.all_reduce(flat)
        flat /= self.size
        parts = flat.split([tensor.numel() for tensor in tensors])
        with torch.no_grad():
            for tensor, part in zip(tensors, parts, strict=True):
                tensor.copy_(part.view_as(tensor))

    def gather(self, own: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Return what each worker has, by rank, to the first one; to the others nothing."""
        if self.size == 1:
            return (own,)
        held: list[Any] | None = None if self.rank else [None] * self.size
        with _others_needed():
            dist.gather_object(own, held)
        return tuple(held or ())


ALONE: Final = Crew()


@contextlib.contextmanager
def _others_needed() -> Iterator[None]:
    """End this process where another one has left: the one that waits for both says why."""
    try:
        yield
    except RuntimeError as error:  # of torch.distributed: the connection is closed, or timed out
        raise SystemExit(_DESERTED) from error


def side_by_side(work: Callable[[Crew], object], size: int) -> None:
    """Do a work in several new processes, each with its part of the processor's cores.

    SIGTERM and SIGINT are passed on to them, as SIGTERM.

    Args:
        work: is pickled, with all that it holds.
        size: how many processes.

    Raises:
        WorkerError: one of them ended before its time.
    """
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        meeting = Path(folder) / "meeting"
        workers = [
            spawn.Process(target=_enter, args=(work, Crew(rank, size), meeting), daemon=True)
            for rank in range(size)
        ]
        try:
            with _passing_on(workers) as asked:
                _wait(workers)
            failed = _failed(workers, (-signal.SIGTERM,) if asked else ())
        finally:
            for worker in workers:
                if worker.pid is not None:
                    worker.kill()
                    worker.join()
    if failed is not None:
        rank, status = failed
        how = f"with status {status}" if status > 0 else f"by {signal.Signals(-status).name}"
        raise WorkerError(
            f"worker {rank} of {size} ended {how};"
            " the same command goes on from the last checkpoint"
        )


def _enter(work: Callable[[Crew], object], crew: Crew, meeting: Path) -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    torch.set_num_threads(max(1, torch.get_num_threads() // crew.size))
    loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
    os.environ["GLOO_SOCKET_IFNAME"] = loopback
    with _others_needed():
        dist.init_process_group(
            "gloo", init_method=meeting.as_uri(), rank=crew.rank, world_size=crew.size
        )
    work(crew)
    dist.destroy_process_group()


def _follow_parent() -> None:
    """Ask this process to stop once the one that waits for it is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise AssertionError("A worker has no parent. This is a bug")
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


@contextlib.contextmanager
def _passing_on(workers: Sequence[SpawnProcess]) -> Iterator[list[int]]:
    """Start the workers, and pass on to them the requests to stop, which are yielded."""
    asked: list[int] = []

    def pass_on(number: int, _frame: object) -> None:
        asked.append(number)
        for worker in workers:
            if worker.is_alive():
                worker.terminate()

    before = [signal.signal(number, signal.SIG_IGN) for number in _REQUESTS]
    try:
        # A terminal sends SIGINT to them too. They inherit that it is ignored, and ignore it for
        # as long as they have no handler of their own. SIGTERM must reach them from the start.
        signal.signal(signal.SIGTERM, pass_on)
        for worker in workers:
            worker.start()
            if asked:
                worker.terminate()
        signal.signal(signal.SIGINT, pass_on)
        yield asked
    finally:
        for number, handler in zip(_REQUESTS, before, strict=True):
            signal.signal(number, handler)


def _wait(workers: Sequence[SpawnProcess]) -> None:
    """Wait until all have ended, or one has before its time."""
    running = list(workers)
    while running:
        ready = connection.wait([worker.sentinel for worker in running])
        ended = [worker for worker in running if worker.sentinel in ready]
        for worker in ended:
            worker.join()
            running.remove(worker)
        if any(worker.exitcode for worker in ended):
            # One that was left waiting may be seen before the one that left.
            connection.wait([worker.sentinel for worker in running], _GRACE_SECONDS)
            return


def _failed(workers: Sequence[SpawnProcess], expected: Sequence[int]) -> tuple[int, int] | None:
    """Return rank and exit status of the worker that is at fault, if one is."""
    statuses = [(rank, worker.exitcode) for rank, worker in enumerate(workers)]
    failed = [(rank, s) for rank, s in statuses if s and s not in expected]
    return min(failed, key=lambda each: each[1] == _DESERTED, default=None)
