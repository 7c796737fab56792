"""Defects to seed into a server, one for each detector that is to be shown to fail."""

import asyncio
import itertools
import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

from mujaz_server import lifecycle
from mujaz_server.batching.admission import Admission
from mujaz_server.batching.line import Line
from mujaz_server.batching.queue import FairQueue
from mujaz_server.batching.worker import Worker
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.rpc import concerns, edge, limits
from mujaz_server.rpc.concerns import InFlight
from mujaz_server.rpc.errors import Fault
from mujaz_server.rpc.server import RpcServer
from robustness.engine import CostedEngine

_kept: list[object] = []


def _admits_everything(_: CostedEngine) -> None:
    """Nothing is refused, as if a queue were as good as an answer."""
    Admission.check = lambda *_args: None  # type: ignore[method-assign]


def _works_for_the_dead(_: CostedEngine) -> None:
    """Expired jobs are run all the same, and those of callers that have gone."""
    _never_cancels(_)
    Line.expired = lambda *_args: False  # type: ignore[method-assign]


def _never_cancels(_: CostedEngine) -> None:
    """What a caller left behind is translated to its end."""
    Worker.cancel = lambda *_args: 0  # type: ignore[method-assign]


def _leaks(engine: CostedEngine) -> None:
    """Each sentence costs a file descriptor, a task and ten kilobytes for ever."""
    loop = asyncio.get_running_loop()

    def keep(texts: Sequence[str]) -> None:
        for _text in texts:
            _kept.append(bytearray(os.urandom(10_000)))
            _kept.append(os.dup(2))
            loop.call_soon_threadsafe(lambda: _kept.append(loop.create_task(_for_ever())))

    engine.on_batch = keep


async def _for_ever() -> None:
    await asyncio.Event().wait()


def _crosses(engine: CostedEngine) -> None:
    """The first and the last row of a batch get each other's answer."""
    inner: Callable[..., list[Any]] = engine.translate

    def crossed(*args: Any) -> list[Any]:
        answers = inner(*args)
        answers[0], answers[-1] = answers[-1], answers[0]
        return answers

    engine.translate = crossed  # type: ignore[method-assign, assignment]


def _is_slow_to_refuse(_: CostedEngine) -> None:
    """A refusal holds the event loop up for 60 ms."""
    inner = Admission.check

    def slow(*args: Any) -> None:
        try:
            inner(*args)
        except Exception:
            deadline = asyncio.get_running_loop().time() + 0.06
            while asyncio.get_running_loop().time() < deadline:
                pass
            raise

    Admission.check = slow  # type: ignore[method-assign, assignment]


def _always_invites(_: CostedEngine) -> None:
    """Every refusal invites gRPC's own retry, however many were invited before."""
    RetryBudget.spend = lambda *_args: True  # type: ignore[method-assign]


def _tells_of_its_inside(_: CostedEngine) -> None:
    """Whatever is raised goes on the wire as UNKNOWN, class name and all, as gRPC would have it."""
    concerns.fault = lambda error, request_id: Fault(  # type: ignore[attr-defined]
        2, "UNKNOWN", f"Unexpected {error!r} of {request_id}"
    )


def _takes_messages_of_any_size(_: CostedEngine) -> None:
    """Messages may be packed, nobody looks at their size, and what was taken is kept."""
    inner = limits.api_options
    size = "grpc.max_receive_message_length"
    packed = "grpc.compression_enabled_algorithms_bitset"
    limits.api_options = lambda settings: (
        *(option for option in inner(settings) if option[0] not in {size, packed}),
        (size, -1),
    )
    decoding = edge._never_raising

    def keeping(decode: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
        inner_decode = decoding(decode)

        def kept(data: bytes) -> Any:
            _kept.append(data)
            return inner_decode(data) if inner_decode else data

        return kept

    edge._never_raising = keeping


def _takes_any_number_of_calls(_: CostedEngine) -> None:
    """Nobody counts the calls in progress."""
    inner = InFlight.__init__

    def unlimited(self: InFlight, limit: int) -> None:
        inner(self, 1_000 * limit)

    InFlight.__init__ = unlimited  # type: ignore[method-assign]


def _knows_no_callers(_: CostedEngine) -> None:
    """The queue is shared by line, and whoever opens many gets many shares."""
    inner = FairQueue.open

    def nobodys(*args: Any, caller: str | None = None, **kwargs: Any) -> Line[Any, Any]:  # noqa: ARG001
        return inner(*args, **kwargs)

    FairQueue.open = nobodys  # type: ignore[method-assign]


def _serves_whoever_came_first(_: CostedEngine) -> None:
    """Nobody is served before all of those who came earlier."""
    FairQueue._may_be_early = lambda *_args: False  # type: ignore[method-assign]
    FairQueue._lead = _oldest  # type: ignore[method-assign, assignment]


def _oldest(queue: FairQueue[Any, Any], _now: float) -> tuple[Line[Any, Any], bool] | None:
    lines = [line for line in queue._lines if line.runnable]
    return (min(lines, key=lambda line: line.oldest_arrival), False) if lines else None


def _leaks_a_little(engine: CostedEngine) -> None:
    """One sentence of 25 costs 200 bytes for ever."""
    number = itertools.count()

    def keep(texts: Sequence[str]) -> None:
        _kept.extend(os.urandom(200) for _text in texts if next(number) % 25 == 0)

    engine.on_batch = keep


def _cuts_what_is_in_flight(_: CostedEngine) -> None:
    """A drain ends what is in progress at once."""
    inner = RpcServer.stop

    async def cut(server: RpcServer, _grace: float) -> None:
        await server._server.stop(None)
        await inner(server, 0)

    RpcServer.stop = cut  # type: ignore[method-assign, assignment]


def _says_nothing_of_its_end(_: CostedEngine) -> None:
    """No watch of health is told NOT_SERVING."""

    async def nothing(_server: RpcServer) -> None:
        pass

    RpcServer.not_serving = nothing  # type: ignore[method-assign, assignment]


def _takes_calls_to_the_end(_: CostedEngine) -> None:
    """For a second after SIGTERM new calls are taken, though nobody asked for a linger."""
    inner = RpcServer.stop

    async def late(server: RpcServer, grace: float) -> None:
        await asyncio.sleep(1)
        await inner(server, grace)

    RpcServer.stop = late  # type: ignore[method-assign, assignment]


def _never_ends(_: CostedEngine) -> None:
    """After a drain the process stays."""
    inner = RpcServer.stop

    async def stay(server: RpcServer, grace: float) -> None:
        await inner(server, grace)
        await _for_ever()

    RpcServer.stop = stay  # type: ignore[method-assign, assignment]


def _is_not_hurried(_: CostedEngine) -> None:
    """A second signal is like the first."""

    def patient() -> asyncio.Event:
        asked = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
        return asked

    lifecycle._stop_on_signals = patient


DEFECTS: dict[str, Callable[[CostedEngine], None]] = {
    "admits everything": _admits_everything,
    "always invites a retry": _always_invites,
    "crosses answers": _crosses,
    "cuts what is in flight": _cuts_what_is_in_flight,
    "is not hurried": _is_not_hurried,
    "is slow to refuse": _is_slow_to_refuse,
    "knows no callers": _knows_no_callers,
    "leaks": _leaks,
    "leaks a little": _leaks_a_little,
    "never cancels": _never_cancels,
    "never ends": _never_ends,
    "says nothing of its end": _says_nothing_of_its_end,
    "serves whoever came first": _serves_whoever_came_first,
    "takes any number of calls": _takes_any_number_of_calls,
    "takes messages of any size": _takes_messages_of_any_size,
    "tells of its inside": _tells_of_its_inside,
    "takes calls to the end": _takes_calls_to_the_end,
    "works for the dead": _works_for_the_dead,
}
