"""Names in a circle: the days of the week, the months."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mujaz_models.train.corpora import Pair
from mujaz_models.train.substitution.slots import Edit, Slot, spell, unhamza


@dataclass(frozen=True, slots=True)
class Cycle:
    """Names in a circle, turned together, so that Monday to Tuesday stays one night.

    Attributes:
        spellings: the names in order, in each way to write them; the longest way first.
        english: the names in order.
    """

    before: str
    spellings: tuple[tuple[str, ...], ...]
    english: tuple[str, ...]

    def slot(self, pair: Pair, rng: Random) -> Slot | None:
        """Turn all names of the pair, or none where the sides do not name the same."""
        english = {
            n: found.span()
            for n, name in enumerate(self.english)
            for found in re.finditer(rf"(?<![\w-]){name}(?!\w)", pair.english)
        }
        count = len(re.findall(rf"\b(?:{'|'.join(self.english)})\b", pair.english))
        if not english or len(english) != count:
            return None
        arabic = list(self._in_arabic(unhamza(pair.arabic)))
        if sorted(n for n, *_ in arabic) != sorted(english):
            return None
        turn = rng.randrange(1, len(self.english))
        names = {n: (n + turn) % len(self.english) for n in english}
        return Slot(
            tuple(
                Edit(start, end, spell(self.spellings[way][names[n]], pair.arabic))
                for n, way, start, end in arabic
            ),
            tuple(Edit(*span, self.english[names[n]]) for n, span in english.items()),
        )

    def _in_arabic(self, plain: str) -> Iterator[tuple[int, int, int, int]]:
        for way, names in enumerate(self.spellings):
            for n, name in enumerate(names):
                if (bare := unhamza(name)) not in plain:
                    continue
                for found in re.compile(rf"{self.before}({re.escape(bare)})(?!\w)").finditer(plain):
                    start, end = found.span(1)
                    yield n, way, start, end
                    plain = plain[:start] + " " * (end - start) + plain[end:]
