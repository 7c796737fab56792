"""What autoscaling is worth in a surge, three times the usual rate within a minute, and its delay.

The HPA sees what Prometheus scraped last, decides every fifteen seconds, and a replica that it asks
for takes calls only when it has started. Two metrics are tried, alone and together: source tokens
that wait (`mujaz_queue_tokens`), and threads that work (the rate of `mujaz_batch_seconds_sum`).
"""

import random
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import simpy
from rounds import Chart, Goal, Table, figure
from scale.balancing import least_request
from scale.fleet import Fleet
from scale.measured import Measured, ServiceTimes
from scale.newsroom import arrivals, surge
from scale.outcome import Outcome, within
from scale.scaling import BUSY_TARGET, LEAST, Policy, Scaling

TIMES, RISES_S, LASTS_S = 3.0, 60.0, 420.0
BEGINS_S = 420.0
END_S = BEGINS_S + 2 * RISES_S + LASTS_S + 420.0
USUAL_LOAD = 0.6
"""Of what the fewest replicas can do."""
_SEED = 8


FIXED = [Policy(None, busy=False), Policy(None, busy=False, least=6)]
TARGETS = (0.1, 0.5, 1.0, 4.0)
POLICIES = [
    *FIXED,
    *(Policy(seconds, busy=False) for seconds in TARGETS),
    Policy(None, busy=True),
    *(Policy(seconds, busy=True) for seconds in TARGETS[1:]),
]
CHOSEN = Policy(0.5, busy=True)
STARTS = (5.0, 30.0, 90.0)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a policy.

    Attributes:
        policy: Which.
        before: Of the articles before the surge.
        surge: Of those that came while it lasted.
        late_s: Seconds of the surge in which callers were late, by periods of ten seconds.
        replica_minutes: That were paid for.
        changes: How often the number of replicas was changed.
        most: Replicas at once.
    """

    policy: Policy
    before: Outcome
    surge: Outcome
    late_s: float
    replica_minutes: float
    changes: int
    most: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """A policy to be run in any process."""

    measured: Measured
    service: ServiceTimes
    policy: Policy

    def run(self) -> Found:
        """Simulates the surge, what comes before it and what comes after."""
        env, chance = simpy.Environment(), random.Random(_SEED)
        balancer = least_request(random.Random(_SEED + 1))
        fleet = Fleet(env, self.service, self.measured.shape, balancer, chance)
        scaling = Scaling(fleet, self.policy, self.measured)
        scaling.begin()
        curve = surge(TIMES, BEGINS_S, RISES_S, LASTS_S)
        rate = USUAL_LOAD * LEAST * self.measured.documents_per_s
        fleet.feed(arrivals(rate, curve, END_S, _SEED + 3), self.measured.documents)
        env.run(END_S + 120)
        ends = BEGINS_S + 2 * RISES_S + LASTS_S
        late = [
            Outcome.of(within(fleet.articles, begin, begin + 10)).late
            for begin in range(round(BEGINS_S), round(ends), 10)
        ]
        return Found(
            self.policy,
            Outcome.of(within(fleet.articles, 60, BEGINS_S)),
            Outcome.of(within(fleet.articles, BEGINS_S, ends)),
            10.0 * sum(late),
            scaling.paid_s / 60,
            scaling.changes,
            scaling.most,
        )


def run(each: Simulated) -> Found:
    """Runs it; for a pool of processes."""
    return each.run()


@dataclass(frozen=True, slots=True)
class Study:
    """What came of the policies, and of the chosen one where starting takes more or less."""

    policies: Sequence[Found]
    starts: Sequence[Found]
    tokens_per_s: float

    def rows(self) -> list[Goal]:
        """Returns the figures of the chosen policy beside none."""
        none, chosen = self.policies[0], next(f for f in self.policies if f.policy == CHOSEN)
        rows = []
        for name, found in (("no autoscaling", none), (f"HPA: {CHOSEN}", chosen)):
            rows += [
                figure(f"{name}: p99 to the whole article in the surge, s", found.surge.whole_p99),
                figure(
                    f"{name}: seconds of the surge in which callers are late",
                    found.late_s,
                    "{:.0f}",
                ),
                figure(f"{name}: calls refused for good", found.surge.given_up, "{:.0f}"),
            ]
        target = (CHOSEN.queued_s or 0) * self.tokens_per_s
        what = "HPA target: source tokens that wait at a replica of as many cores as measured"
        return [*rows, figure(what, target, "{:.0f}")]

    def tables(self) -> list[Table]:
        """Returns a line for each policy, and for each time to start."""
        heads = (
            "scaled on, for each replica",
            "p99 first before, s",
            "p99 first in the surge, s",
            "p99 whole in the surge, s",
            "late, s",
            "refused for good",
            "replica-minutes",
            "most",
            "changes",
        )
        by_start = [(f"{f.policy.start_s:.0f} s to start", *_line(f)[1:]) for f in self.starts]
        return [
            Table("By what the HPA looks at", heads, [_line(found) for found in self.policies]),
            Table(f"By time to start, scaled on {CHOSEN}", ("", *heads[1:]), by_start),
        ]

    def charts(self) -> list[Chart]:
        """Returns p99 in the surge against the target of what waits."""
        series = {
            "alone": self._points(busy=False),
            f"with {BUSY_TARGET:.0%} of threads": self._points(busy=True),
        }
        return [
            Chart(
                "targets",
                "A surge, by the target of what waits",
                "s of work waiting at a replica",
                "p99 to the whole article, s",
                series,
                logarithmic=True,
            )
        ]

    def _points(self, *, busy: bool) -> list[tuple[float, float]]:
        return [
            (found.policy.queued_s, found.surge.whole_p99)
            for found in self.policies
            if found.policy.busy == busy and found.policy.queued_s is not None
        ]


def _line(found: Found) -> tuple[str, ...]:
    return (
        str(found.policy),
        f"{found.before.first_p99:.2f}",
        f"{found.surge.first_p99:.2f}",
        f"{found.surge.whole_p99:.2f}",
        f"{found.late_s:.0f}",
        str(found.surge.given_up),
        f"{found.replica_minutes:.0f}",
        str(found.most),
        str(found.changes),
    )


def study(measured: Measured, pool: Executor, *, quick: bool) -> Study:
    """Simulates all policies."""
    service = measured.service()
    starts = [Policy(CHOSEN.queued_s, CHOSEN.busy, start_s) for start_s in STARTS]
    policies = [FIXED[0], CHOSEN] if quick else POLICIES
    starts = starts[:1] if quick else starts
    found = list(pool.map(run, (Simulated(measured, service, p) for p in (*policies, *starts))))
    return Study(found[: len(policies)], found[len(policies) :], measured.tokens_per_s)
