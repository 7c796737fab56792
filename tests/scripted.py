"""A model that does as its script says, and a server around it. For tests only."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc.aio

from mujaz.v1 import mujaz_pb2_grpc
from mujaz_models.manifest import Manifest
from mujaz_server.app import App, Loaded
from mujaz_server.calibration import WIDTHS, Calibration
from mujaz_server.settings import Settings
from mujaz_server.translation.engine import Decoding, Translation

MANIFEST = Manifest(
    name="scripted",
    source_language="ar",
    target_language="en",
    architecture="marian",
    quantization="none",
    int8_range=None,
    license="Apache-2.0",
    source_prefix=(),
    max_source_tokens=40,
    max_target_tokens=200,
    scores=(),
    files={},
    provenance={},
    digest="0" * 64,
)

_LETTERS = {code: chr(ord("a") + code % 26) for code in range(0x621, 0x64B)}


def transliterated(text: str) -> str:
    """What the scripted model says of a text: each letter another, digits and marks as they are."""
    return text.translate(_LETTERS)


def answered(text: str, said: str, decoding: Decoding) -> Translation:
    """What a model returns for a row of which it says this."""
    tokens = len(text.split())
    others = tuple(f"{said} ({n})" for n in range(1, decoding.hypotheses))
    return Translation(said, -0.5, tokens, tokens, truncated=False, alternatives=others)


@dataclass
class ScriptedModel:
    """Translates by transliteration, unless a word of the row says otherwise.

    A row with the word FAIL makes its batch raise; one with SHORT makes it return too few. While
    `gate` is closed, batches wait. `answers` overrides the text of a row, by its source text;
    given a list, the first try gets the first answer, the second try the second.
    """

    max_source_tokens: int = 40
    gate: threading.Event = field(default_factory=threading.Event)
    answers: dict[str, list[str]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    decodings: list[Decoding] = field(default_factory=list)
    on_start: Callable[[list[str]], None] = lambda _rows: None
    closed: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    def encode(self, text: str) -> list[str]:
        return text.split()

    def translate(
        self,
        rows: Sequence[Sequence[str]],
        decoding: Decoding,
        gone: Callable[[int], bool] | None = None,
    ) -> list[Translation]:
        texts = [" ".join(row) for row in rows]
        self.started.extend(texts)
        self.decodings.append(decoding)
        self.on_start(texts)
        while not self.gate.wait(0.005):
            if gone is not None and all(map(gone, range(len(rows)))):
                break
        if any("FAIL" in row for row in rows):
            raise RuntimeError("the script says so: /secret/path")
        translations = [self._translation(text, decoding) for text in texts]
        return translations[:-1] if any("SHORT" in row for row in rows) else translations

    def _translation(self, text: str, decoding: Decoding) -> Translation:
        answers = self.answers.get(text, [])
        return answered(text, answers.pop(0) if answers else transliterated(text), decoding)

    def close(self) -> None:
        self.closed = True


@dataclass
class Serving:
    """A server in this process, and a stub that talks to it through a real channel."""

    app: App
    model: ScriptedModel
    address: str
    channel: grpc.aio.Channel
    stub: Any


async def until(holds: Callable[[], bool], seconds: float = 5) -> float:
    """Waits until something holds that nothing announces; returns how long that took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds, "it never came to hold"
        await asyncio.sleep(0.001)
    return time.monotonic() - started


@asynccontextmanager
async def serving(model: ScriptedModel | None = None, **settings: Any) -> AsyncIterator[Serving]:
    """Serves a scripted model on a free port until the block ends."""
    model = model or ScriptedModel()
    values: dict[str, Any] = {
        "address": "127.0.0.1:0",
        "metrics_address": "",
        "threads": 1,
        "cache_bytes": 0,  # or a sentence that comes twice would not reach the model
    } | settings
    chosen = Settings(**values)
    calibration = Calibration(chosen.batch_tokens or WIDTHS[0], tokens_per_s=1_000.0)
    app = App(chosen, Loaded(model, MANIFEST, calibration))
    await app.start()
    address = f"127.0.0.1:{app.port}"
    async with grpc.aio.insecure_channel(address) as channel:
        stub = mujaz_pb2_grpc.MujazServiceStub(channel)
        try:
            yield Serving(app, model, address, channel, stub)
        finally:
            model.gate.set()
            await app.stop(1)
