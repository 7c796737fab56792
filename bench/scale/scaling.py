"""A fleet whose replicas come and go as an autoscaler decides, late as it is.

The HPA sees what was scraped last, decides every fifteen seconds, and a replica that it asks for
takes calls only when it has started.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scale.autoscaling import SYNC_S, Autoscaler
from scale.fleet import Fleet, Sample
from scale.measured import Measured

if TYPE_CHECKING:
    import simpy

LEAST, MOST = 2, 12
"""Replicas."""
BUSY_TARGET = 0.7
"""Of a replica's threads."""
SCRAPE_S = 15.0
BUSY_OVER_S = 60.0
"""Over which the rate is taken: four scrapes."""
START_S = 30.0
"""From the decision to the first call: a pod is placed, its container starts, the model loads."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How replicas are scaled.

    Attributes:
        queued_s: The target of what waits at a replica, in seconds of its work, or None.
        busy: Whether threads that work are looked at.
        start_s: What a replica takes to start.
        least: The fewest replicas.
    """

    queued_s: float | None
    busy: bool
    start_s: float = START_S
    least: int = LEAST

    def __str__(self) -> str:
        parts = [] if self.queued_s is None else [f"{self.queued_s:g} s of work waiting"]
        parts += [f"{BUSY_TARGET:.0%} of threads at work"] * self.busy
        return " and ".join(parts) or f"none: {self.least} replicas"


@dataclass(eq=False)
class Scaling:
    """An autoscaler that looks after a fleet.

    Attributes:
        fleet: Which.
        policy: How.
        measured: What a replica can do.
    """

    fleet: Fleet
    policy: Policy
    measured: Measured
    asked: int = 0
    changes: int = 0
    most: int = 0
    paid_s: float = 0.0

    def begin(self) -> None:
        """Starts with the fewest replicas, at once; then decides for ever."""
        self.asked = self.most = self.policy.least
        self.fleet.add(self.asked)
        self.fleet.env.process(self._decide())

    def _decide(self) -> "simpy.events.ProcessGenerator":
        policy, threads = self.policy, self.measured.threads
        targets = [(policy.queued_s or 0) * self.measured.tokens_per_s, BUSY_TARGET * threads]
        used = [policy.queued_s is not None, policy.busy]
        scaler = Autoscaler(_only(targets, used), policy.least, MOST)
        samples = self.fleet.scraped(SCRAPE_S)
        env = self.fleet.env
        yield env.timeout(SCRAPE_S / 2)  # a scrape is half its period old, in the mean
        while True:
            yield env.timeout(SYNC_S)
            self.paid_s += self.asked * SYNC_S
            if any(used):
                totals = _only(_totals(samples), used)
                self._change(scaler.decide(env.now, self.asked, totals))

    def _change(self, wanted: int) -> None:
        self.changes += wanted != self.asked
        for _ in range(wanted - self.asked):
            self.fleet.env.process(self._start())
        for _ in range(self.asked - wanted):
            self.fleet.remove()
        self.asked = wanted
        self.most = max(self.most, wanted)

    def _start(self) -> "simpy.events.ProcessGenerator":
        yield self.fleet.env.timeout(self.policy.start_s)
        self.fleet.add()


def _only(values: Sequence[float], used: Sequence[bool]) -> list[float]:
    return [value for value, wanted in zip(values, used, strict=True) if wanted]


def _totals(samples: Sequence[Sample]) -> list[float]:
    last = samples[-1]
    before = next(each for each in reversed(samples) if each.at <= max(0, last.at - BUSY_OVER_S))
    seconds = last.at - before.at
    return [last.queued_tokens, (last.busy_s - before.busy_s) / seconds if seconds else 0.0]
