"""Promise 2: a refusal is early, says when to come back, and retries do not amplify the load.

Stock gRPC clients with the retry policy that `mujaz_client` ships call at twice what the engine can
do; the server counts the attempts. Other clients, that do not retry, see every refusal as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from robustness.history import Call, generated, quantile
from robustness.overload import CAPACITY, DEADLINE_S, SECONDS_PER_TOKEN, THREADS, WORDS
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row, within
from robustness.servers import ScriptedServer, scripted_server

PROMISE = 2
EARLY_S = 0.05
_KINDS = [
    Kind("TranslateText", 0.5, words=WORDS, deadline=(DEADLINE_S, DEADLINE_S)),
    Kind("SummarizeDocument", 0.5, words=WORDS, deadline=(DEADLINE_S, DEADLINE_S)),
]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        seconds: Of each load.
        clients: With retries.
        times: The load of those without, as a multiple of capacity.
    """

    seconds: float
    clients: int
    times: float = 10.0


SHORT = Size(1.5, 20, times=4.0)
LONG = Size(30, 200)


async def measured(size: Size, defect: str = "") -> list[Row]:
    """Overloads a server twice: by clients that do not retry, then by those that do."""
    with scripted_server(
        SECONDS_PER_TOKEN, defect=defect, threads=THREADS, batch_tokens=64, max_streams=4096
    ) as server:
        address = [server.address]
        plain = await generated(
            Plan(address, [Phase("plain", size.times * CAPACITY, size.seconds)], _KINDS, seed=2)
        )
        attempts, calls = await _attempts(server, size)
    refused = [call for call in plain.calls if call.code == "RESOURCE_EXHAUSTED"]
    return [
        *judged(refused),
        Row(
            PROMISE,
            f"attempts a call of {size.clients} stock clients at 2 times capacity",
            "<= 1.2",
            f"{attempts / calls:.2f} ({attempts:.0f} for {calls} calls)",
            attempts <= 1.2 * calls,
        ),
        plain.kept_up(PROMISE),
    ]


async def _attempts(server: ScriptedServer, size: Size) -> tuple[float, int]:
    seen = server.calls_seen()
    phase = Phase("2", 2 * CAPACITY, size.seconds)
    plan = Plan([server.address], [phase], _KINDS, channels=size.clients, shipped=True)
    history = await generated(plan)
    return server.calls_seen() - seen, len(history.calls)


def judged(refused: Sequence[Call]) -> list[Row]:
    """The figures of calls that were refused at overload."""
    p99 = quantile([call.seconds for call in refused], 0.99)
    late = sum(len(call.events) > 1 for call in refused)
    silent = sum(not _says_when(call) for call in refused)
    return [
        Row(
            PROMISE,
            "refusal, p99",
            f"<= {within(EARLY_S) * 1000:.0f} ms",
            f"{p99 * 1000:.1f} ms",
            p99 <= within(EARLY_S),
        ),
        Row(
            PROMISE,
            "refused after the first event",
            "0",
            f"{late} of {len(refused)}",
            bool(refused) and late == 0,
        ),
        Row(
            PROMISE,
            "refused without RetryInfo and grpc-retry-pushback-ms",
            "0",
            f"{silent} of {len(refused)}",
            bool(refused) and silent == 0,
        ),
    ]


def _says_when(call: Call) -> bool:
    status = call.status or {}
    if status.get("retry_s") is None or status.get("pushback") is None:
        return False
    # -1: a new call makes sense then, but gRPC's own retry is not invited.
    return int(status["pushback"]) in {-1, round(1000 * status["retry_s"])}
