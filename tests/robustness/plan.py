"""What traffic to make: phases of load, kinds of calls, and texts that tell whose they are."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from typing import Literal, Self

_WORDS = [
    "من",
    "المدينة",
    "حيث",
    "وصل",
    "الوزير",
    "صباح",
    "اليوم",
    "بعد",
    "جولة",
    "طويلة",
    "شملت",
    "عددا",
    "كبيرا",
    "جدا",
    "والتقى",
    "خلالها",
    "رؤساء",
    "وفود",
    "عربية",
    "ثم",
    "غادر",
    "مساء",
    "الى",
    "بلده",
]
_TAG = re.compile(r"\b(\d+)\D+(\d+)\b")

Fate = Literal["read", "cancel", "malformed"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call.

    Attributes:
        method: TranslateText, TranslateDocument or SummarizeDocument.
        weight: Its share among the kinds of a plan.
        sentences: The least and the most sentences of its text.
        words: Words of a sentence, which are its tokens to the scripted engine; 5 to 40.
        fate: Whether it is read to its end, cancelled on the way, or malformed.
        deadline: The least and the most seconds until its deadline, from its intended start.
        quality: A name of `Quality` without its prefix.
        extra: A word of `engine` added to the sentences it is drawn for.
        extra_share: The share of sentences it is drawn for.
        width: Letters added to a word, to make sentences of many bytes and few tokens.
    """

    method: str = "TranslateText"
    weight: float = 1.0
    sentences: tuple[int, int] = (1, 1)
    words: int = 10
    fate: Fate = "read"
    deadline: tuple[float, float] | None = None
    quality: str = "FAST"
    extra: str = ""
    extra_share: float = 0.0
    width: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of load: open (`rate`, for `seconds`) or closed (`workers`, for `count` calls).

    Open-loop calls start when they are meant to, whatever became of those before them.
    """

    name: str
    rate: float = 0.0
    seconds: float = 0.0
    workers: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole work of one generator.

    Attributes:
        addresses: Calls go round over them.
        channels: Connections to each address.
        shipped: Whether channels are those of `mujaz_client`, with its retries; each is a client
            of its own to gRPC's retry throttle.
        guard_s: Seconds past its deadline after which a call without a status is given up.
    """

    addresses: list[str]
    phases: list[Phase]
    kinds: list[Kind]
    channels: int = 4
    shipped: bool = False
    seed: int = 1
    guard_s: float = 20.0
    first_call: int = 0

    def to_json(self) -> str:
        """The plan as the generator's argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The plan of an argument."""
        values = json.loads(text)
        values["phases"] = [Phase(**each) for each in values["phases"]]
        values["kinds"] = [Kind(**each) for each in values["kinds"]]
        return cls(**values)


def tagged(owner: int, index: int, words: int = 10, *, extra: str = "", width: int = 0) -> str:
    """A sentence that says in source and translation whose it is, of exactly so many words."""
    filler = islice(cycle(_WORDS), (owner + index) % len(_WORDS), None)
    parts = ["قال", str(owner), "في", str(index)]
    parts += [word + "ا" * width for word in islice(filler, words - 4 - bool(extra))]
    return " ".join([*parts, extra] if extra else parts)


def tag(text: str) -> tuple[int, int] | None:
    """The owner and the index that a sentence, or its translation, tells."""
    found = _TAG.search(text)
    return (int(found[1]), int(found[2])) if found else None


def lines(owner: int, count: int, kind: Kind, extras: Iterator[bool]) -> list[str]:
    """The sentences of one call."""
    return [
        tagged(owner, index, kind.words, extra=kind.extra * next(extras), width=kind.width)
        for index in range(count)
    ]
