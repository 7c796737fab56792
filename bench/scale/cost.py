"""What documents a day cost in cores, from the rates that docs/benchmarks.md tells.

cores = documents a day * tokens of a document * peak / 86,400 s
/ (source tokens/s of a core * share that a server keeps of it * load)
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rounds import Chart, Goal, Table, figure
from scale.benchmarks import rates
from scale.newsroom import DAY_S

LOAD = 0.7
"""What replicas are planned for at the peak; see the other parts."""
PEAKS = (1.0, 1.6, 3.0)
"""Even, as a batch is; the daily curve; that, doubled by news."""
LENGTHS = (0.5, 1.0, 2.0, 4.0)
"""Of a document, by the mean of the project's own newswire."""
DOCUMENTS = 1_000_000
_QUALITIES = {1: "fast", 2: "balanced", 5: "best"}


def cores(documents: float, tokens: float, rate: float, peak: float, load: float = LOAD) -> float:
    """Returns the cores that documents a day need.

    Args:
        documents: A day.
        tokens: Source tokens of a document, in the mean.
        rate: Source tokens a second of a core.
        peak: The busiest hour over the mean.
        load: Of the cores, then.
    """
    return documents * tokens * peak / DAY_S / (rate * load)


@dataclass(frozen=True, slots=True)
class Study:
    """What it costs.

    Attributes:
        rates: Source tokens a second of a core offline.
        served: Share of it that a server keeps.
        tokens: Of a document, in the mean.
        sentence_tokens: Of a sentence, in the mean.
    """

    rates: Mapping[tuple[str, int], float]
    served: float
    tokens: float
    sentence_tokens: float

    def rows(self) -> list[Goal]:
        """Returns what the table rests on."""
        return [
            figure("an article of the newswire, source tokens", self.tokens, "{:.0f}"),
            figure("its sentences", self.tokens / self.sentence_tokens, "{:.1f}"),
            figure("share of the offline rate that a server keeps", self.served, "{:.1%}"),
            *(
                figure(f"{_name(key)}: served source tokens/s of a core", rate, "{:.0f}")
                for key, rate in self._served()
            ),
        ]

    def tables(self) -> list[Table]:
        """Returns cores by model and peak, and by length."""
        peaks = [f"peak {peak:g}" for peak in PEAKS]
        by_peak = [
            [_name(key), *(self._told(self.tokens, rate, peak) for peak in PEAKS)]
            for key, rate in self._served()
        ]
        lengths = [f"{times * self.tokens:.0f} tokens" for times in LENGTHS]
        by_length = [
            [_name(key), *(self._told(times * self.tokens, rate, PEAKS[1]) for times in LENGTHS)]
            for key, rate in self._served()
        ]
        load = f"at {LOAD:.0%} load"
        return [
            Table(
                f"Cores for a million documents a day of {self.tokens:.0f} tokens, {load}",
                ("model", *peaks),
                by_peak,
            ),
            Table(
                f"The same by length of a document, peak {PEAKS[1]:g}, {load}",
                ("model", *lengths),
                by_length,
            ),
        ]

    def charts(self) -> list[Chart]:
        """Returns cores by model, at the peak of the daily curve."""
        series = {
            f"{model}, beam {beam}".replace("'s architecture", ""): [
                (0.0, cores(DOCUMENTS, self.tokens, rate, PEAKS[1]))
            ]
            for (model, beam), rate in self._served()
        }
        return [Chart("cores", "A million documents a day", "", "cores", series, bars=True)]

    def _served(self) -> Sequence[tuple[tuple[str, int], float]]:
        return [(key, self.served * rate) for key, rate in self.rates.items()]

    def _told(self, tokens: float, rate: float, peak: float) -> str:
        return f"{cores(DOCUMENTS, tokens, rate, peak):.1f}"


def _name(key: tuple[str, int]) -> str:
    model, beam = key
    quality = _QUALITIES.get(beam)
    return f"{model}, beam {beam}" + (f" ({quality})" if quality else "")


def study(documents: Sequence[Sequence[int]], share: float) -> Study:
    """Returns the cost of documents.

    Args:
        documents: Source tokens of the sentences of each.
        share: Of the offline rate, that a server keeps with such documents.
    """
    tokens = sum(map(sum, documents))
    sentences = len(list(itertools.chain(*documents)))
    return Study(rates(), share, tokens / len(documents), tokens / sentences)
