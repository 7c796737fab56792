"""What `service_times.py` has measured, and how long batches take by it."""

import itertools
import json
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from typing import Self

import numpy as np
import simpy
from numpy.typing import NDArray
from scale.replica import Article, Replica, Service, Shape

FILE = Path(__file__).parents[1] / "data" / "service_times.json"
CALLERS = 32
"""That saturate a server."""
_CALIBRATION_S = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """How one article of an open loop went, in seconds.

    Attributes:
        due: When it was asked, from the beginning of the loop.
        first: From then to its first sentence.
        whole: From then to its end.
    """

    due: float
    first: float
    whole: float


@dataclass(frozen=True, slots=True)
class ServiceTimes:
    """Seconds of a batch: `fixed + step * longest + token * rows * longest`, times noise.

    The form follows decoding: as many steps as the longest row needs, each with a cost of its own
    and one for each row. Noise is what was measured over what the form says, drawn from the batches
    of about as many rows. So long takes a batch that runs alone; where all threads work, they share
    the caches of the cores, and the cores themselves with what a server does beside the model.

    Attributes:
        fixed: Seconds.
        step: Seconds a token of the longest row.
        token: Seconds a padded token.
        noise: Quotients, by the bits of the number of rows.
        stretch: What all is multiplied by where every other thread works.
    """

    fixed: float
    step: float
    token: float
    noise: Mapping[int, Sequence[float]]
    stretch: float = 1.0

    @classmethod
    def of(cls, batches: Sequence[tuple[int, int, float]]) -> Self:
        """Returns those nearest to batches of rows, longest row and seconds: relative squares."""
        terms = np.array([[1.0, longest, rows * longest] for rows, longest, _ in batches])
        seconds = np.array([each for _, _, each in batches])
        found = _least_squares(terms / seconds[:, None])
        noise = defaultdict(list)
        for (rows, _, taken), fitted in zip(batches, terms @ found, strict=True):
            noise[rows.bit_length()].append(taken / float(fitted))
        fixed, step, token = map(float, found)
        return cls(fixed, step, token, noise)

    def seconds(self, rows: int, longest: int, crowd: float, chance: random.Random) -> float:
        """Returns the seconds of a batch; see `Service`."""
        form = self.fixed + self.step * longest + self.token * rows * longest
        stretch = 1 + crowd * (self.stretch - 1)
        return stretch * form * chance.choice(self.noise[self._key(rows)])

    def _key(self, rows: int) -> int:
        return min(self.noise, key=lambda bits: abs(bits - rows.bit_length()))


def _least_squares(terms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns factors, none negative, with which the columns add up to 1 as nearly as they can.

    The best of such factors is the best without bounds of some of the columns, and these are few.
    """
    best, least = np.zeros(terms.shape[1]), float(len(terms))
    for used in itertools.product((False, True), repeat=terms.shape[1]):
        columns = terms[:, used]
        some, *_ = np.linalg.lstsq(columns, np.ones(len(terms)), rcond=None)
        error = float(np.sum((columns @ some - 1) ** 2))
        if (some >= 0).all() and error < least:
            best, least = np.zeros(terms.shape[1]), error
            best[list(used)] = some
    return best


@dataclass(frozen=True, slots=True)
class Measured:
    """The file.

    Attributes:
        signature: Of what it depends on.
        threads: Of the server.
        batch_tokens: Of its batches, as it chose at start.
        share: Of what CTranslate2 does alone with the same articles, that a saturated server does.
        tokens_per_s: Source tokens a second of a saturated server, in the mean.
        beside_s: Seconds of a lone call, to its first sentence, beside the batch of it.
        batches: Rows, source tokens of the longest row, seconds.
        documents: Source tokens of the sentences of each article.
        loops: What open loops met, by their share of what the server did just before.
    """

    signature: str
    threads: int
    batch_tokens: int
    share: float
    tokens_per_s: float
    beside_s: float
    batches: Sequence[tuple[int, int, float]]
    documents: Sequence[tuple[int, ...]]
    loops: Mapping[float, Sequence[Answered]]

    @classmethod
    def read(cls, path: Path = FILE) -> Self:
        """Reads what was measured."""
        found = json.loads(path.read_text(encoding="utf-8"))
        batches = [
            (int(rows), int(longest), seconds) for rows, longest, seconds in found["batches"]
        ]
        documents = [tuple(document) for document in found["documents"]]
        return cls(
            found["signature"],
            found["threads"],
            found["batch_tokens"],
            mean(found["served"]) / mean(found["offline"]),
            mean(found["served"]),
            beside(ServiceTimes.of(batches), documents, found["alone"]),
            batches,
            documents,
            {
                float(load): [Answered(*each) for each in answers]
                for load, answers in found["loops"].items()
            },
        )

    @property
    def document_tokens(self) -> float:
        """The mean source tokens of an article."""
        return sum(map(sum, self.documents)) / len(self.documents)

    @property
    def documents_per_s(self) -> float:
        """Articles a second of a saturated server."""
        return self.tokens_per_s / self.document_tokens

    @property
    def shape(self) -> Shape:
        """Of a simulated server like the one measured."""
        return Shape(self.threads, self.tokens_per_s, self.batch_tokens, beside_s=self.beside_s)

    def service(self) -> ServiceTimes:
        """Returns the service times with which a saturated replica does `tokens_per_s`."""
        bare = ServiceTimes.of(self.batches)
        stretch = saturated(bare, self) / self.tokens_per_s
        return replace(bare, stretch=stretch)


def beside(
    service: ServiceTimes, documents: Sequence[tuple[int, ...]], alone: Sequence[float]
) -> float:
    """Returns the median of what first sentences took over a batch of each, never less than 0.

    Args:
        service: How long batches take.
        documents: Source tokens of the sentences of each article.
        alone: Seconds to the first sentence of the first of them, with nothing else to do.
    """
    chance = random.Random(6)
    firsts = (service.seconds(1, document[0], 0.0, chance) for document in documents)
    return max(0.0, median(took - first for took, first in zip(alone, firsts, strict=False)))


def saturated(service: Service, measured: Measured) -> float:
    """Returns the source tokens a second of a simulated replica in the same closed loop."""
    env = simpy.Environment()
    documents = itertools.cycle(measured.documents)
    done: list[Article] = []

    def ask() -> None:
        replica.submit(Article(next(documents), env.now))

    def ended(article: Article) -> None:
        done.append(article)
        ask()

    replica = Replica(env, service, measured.shape, random.Random(6), ended)
    for _ in range(CALLERS):
        ask()
    env.run(_CALIBRATION_S)
    return sum(sum(article.tokens) for article in done) / _CALIBRATION_S
