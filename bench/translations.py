"""Articles in Arabic with the English that a real server makes of their sentences, kept in build/.

The server is that of the embedded model with its second tries, as users have it. A second run reads
what the first has kept; it is of one model, and stale where the checks have changed since: then
delete it.
"""

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from mujaz_client import Client, TextTranslation
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_models.summaries.sets import Article

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from processes import running

BUILD = Path(__file__).parents[1] / "build"
TEXTS = 100
"""Of one call; a longer article would be refused."""
TIMEOUT_S = 300.0
"""Of one call."""


@dataclass(frozen=True, slots=True)
class English:
    """What became of a sentence.

    Attributes:
        text: Its translation.
        flagged: Whether a check doubts it.
        score: The mean log-probability of a target token; 0 where no model was asked.
    """

    text: str
    flagged: bool
    score: float

    @property
    def considered(self) -> bool:
        """Whether it may be selected: the server leaves out what it passed through."""
        return bool(self.text and self.score)

    @property
    def confidence(self) -> float:
        """The geometric mean of the probabilities of its tokens."""
        return math.exp(min(self.score, 0.0))

    @classmethod
    def of(cls, translation: TextTranslation) -> "English":
        """Takes what was answered; the segmenter may have cut the sentence into several."""
        parts = translation.sentences
        tokens = sum(part.target_token_count for part in parts)
        total = sum((part.score or 0.0) * part.target_token_count for part in parts)
        flagged = any(part.is_doubtful for part in parts)
        return cls(translation.text, flagged, total / tokens if tokens else 0.0)


def translated(articles: Sequence[Article], into: Path = BUILD) -> list[list[English]]:
    """Returns the English of each sentence of each article's body."""
    kept = into / f"english-{Manifest.load(store.embedded()).digest[:12]}.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    if missing := [article for article in articles if article.id not in known]:
        for article, sentences in zip(
            missing, translate([each.body for each in missing]), strict=True
        ):
            known[article.id] = [asdict(each) for each in sentences]
        into.mkdir(exist_ok=True)
        kept.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
    return [[English(**each) for each in known[article.id]] for article in articles]


def translate(texts: Sequence[Sequence[str]]) -> list[list[English]]:
    """Returns the English of lists of at most `TEXTS` sentences."""
    with running() as server, Client(server.address) as client:
        answers = [client.translate_text(each, timeout=TIMEOUT_S) for each in texts]
    return [[English.of(translation) for translation in each] for each in answers]
