"""mujaz and its peers: the same weights, the same sentences, greedy search, one run.

    python bench/peers.py [--json FILE] [--quick] [--texts FILE]

Each peer is a server in a process of its own, and all stand ready side by side; one after the
other is called for a while, in turn, round after round, by 1, 8 and 32 callers of one sentence a
call and by 4 callers of 20 sentences a call. Every caller has a connection of its own. The callers
are one process on the same cores, so all figures err to the low side, those of the quickest most.

What peers need stands in environments under build/, pinned by bench/peer_services/*.txt, which
`make bench-peers` makes; whoever is not installed is left out, and said so. How each is started,
and what it would do by default, stands in bench/peer_services/roster.py. Nothing is fetched while
they run.

A peer whose translations are not nearly mujaz's does other work, and ends the benchmark. Int8 in
CTranslate2 and float32 in PyTorch, the cleaning of texts before and the mending after change a word
here and there.
"""

import asyncio
import functools
import sys
import tempfile
from argparse import Namespace
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from peer_services.environments import pinned
from peer_services.loads import Load, answers_of, translations_of
from peer_services.roster import MUJAZ, environment, roster
from peer_services.started import Started, started
from peer_services.table import Cost, Row, costs_table, load_table, rates_chart
from rounds import Goal, at_least, finished, paired, parser, ratio
from sacrebleu.metrics.chrf import CHRF
from signature import signature
from texts import add_option, sentences
from traffic import Answer, rate

ROUNDS = 3
SECONDS = 1.2
SENTENCES = 640
LONGEST = 40  # words
LOADS = (Load(1), Load(8), Load(32), Load(4, 20))
HEAVY = Load(32)
COMPARED = 40  # sentences
NEAR = 80.0  # chrF, of at most 100


@dataclass
class Comparison:
    """What is measured, and how.

    Attributes:
        peers: Those that were started.
        texts: What they translate.
        seconds: How long a load lasts.
        runner: Runs the callers.
        answers: What was answered so far.
    """

    peers: Sequence[Started]
    texts: Sequence[str]
    seconds: float
    runner: asyncio.Runner
    answers: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def candidates(self) -> dict[str, Callable[[], float]]:
        """Returns what loads each peer once: peer after peer, load after load."""
        return {
            key(each.peer.name, load): functools.partial(self.measure, each, load)
            for load in LOADS
            for each in self.peers
        }

    def measure(self, peer: Started, load: Load) -> float:
        """Loads one peer; returns its sentences a second."""
        answers = self.runner.run(answers_of(peer, load, self.texts, self.seconds))
        self.answers[key(peer.peer.name, load)] += answers
        return rate(answers)

    def nearness(self) -> dict[str, float]:
        """Returns how near each peer's translations are to mujaz's, in chrF; warms all up.

        Raises:
            SystemExit: some are not near enough to be the same work.
        """
        made = {
            each.peer.name: self.runner.run(translations_of(each, self.texts[:COMPARED]))
            for each in self.peers
        }
        scores = {
            name: CHRF().corpus_score(lines, [made[MUJAZ.name]]).score
            for name, lines in made.items()
        }
        for name, score in scores.items():
            if score < NEAR:
                told = f"{made[name][0]!r} for {made[MUJAZ.name][0]!r}"
                raise SystemExit(f"{name} does other work (chrF to mujaz {score:.1f}): {told}")
        return scores


def key(name: str, load: Load) -> str:
    """Names a peer under a load."""
    return f"{name}: {load}"


def rows_of(found: Comparison, rates: Mapping[str, Sequence[float]]) -> list[Row]:
    """Returns every peer under each load."""
    return [
        Row.of(name, load, rates[key(name, load)], found.answers[key(name, load)])
        for load in LOADS
        for name in (each.peer.name for each in found.peers)
    ]


def goals(peers: Sequence[Started], rates: Mapping[str, Sequence[float]]) -> list[Goal]:
    """Returns how many times the sentences of each peer mujaz has translated, round by round."""
    ours = rates[key(MUJAZ.name, HEAVY)]
    return [
        at_least(
            f"times the sentences of {each.peer.name} at {HEAVY.callers} callers",
            each.peer.goal,
            ratio(ours, rates[key(each.peer.name, HEAVY)]),
        )
        for each in peers
        if each.peer.name != MUJAZ.name
    ]


def compared(options: Namespace, folder: Path) -> int:
    """Starts all, measures, prints; returns the exit status."""
    rounds, seconds = (1, 0.3) if options.quick else (ROUNDS, SECONDS)
    with ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        variables = environment(folder)
        peers = [
            stack.enter_context(started(peer, folder, variables, runner)) for peer in roster(folder)
        ]
        texts = sentences(SENTENCES, options.texts, longest=LONGEST)
        found = Comparison(peers, texts, seconds, runner)
        nearness = found.nearness()
        rates = paired(found.candidates(), rounds)
        costs = [
            Cost(
                each.peer.name,
                each.start_up,
                each.peak_bytes() / 1e6,
                nearness[each.peer.name],
                each.peer.as_it_comes,
            )
            for each in peers
        ]
    rows = rows_of(found, rates)
    tables = [*(load_table(load, rows) for load in LOADS), costs_table(costs)]
    print("", *tables, "", sep="\n\n")
    return finished(
        options.json,
        "peers",
        goals(peers, rates),
        {
            "loads": [asdict(row) for row in rows],
            "costs": [asdict(cost) for cost in costs],
            "tables": [asdict(table) for table in tables],
            "charts": [asdict(rates_chart(rows))],
        },
        signature(rounds=rounds, seconds=seconds, decoding="greedy", peers=pinned()),
    )


def main() -> int:
    """Compares; returns 1 where a goal is missed."""
    options = parser(__doc__)
    add_option(options)
    with tempfile.TemporaryDirectory() as folder:
        return compared(options.parse_args(), Path(folder))


if __name__ == "__main__":
    sys.exit(main())
