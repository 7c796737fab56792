"""The composition root: settings and a model become a server that can be started and stopped."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from mujaz_models import store
from mujaz_models.manifest import Manifest, ManifestError
from mujaz_server.batching.admission import Admission, Rate
from mujaz_server.batching.batch import Batch
from mujaz_server.batching.queue import FairQueue
from mujaz_server.batching.worker import Worker
from mujaz_server.calibration import WIDTHS, Calibration, calibrate
from mujaz_server.pipeline.document import Limits, Pipeline
from mujaz_server.pipeline.events import Quality
from mujaz_server.pipeline.finished import FinishedSentences
from mujaz_server.pipeline.retries import RetryBudget
from mujaz_server.pipeline.translated import Row
from mujaz_server.rpc.server import AddressInUseError, RpcServer
from mujaz_server.rpc.service import MujazService
from mujaz_server.rpc.watched import RefusedFileError
from mujaz_server.settings import Settings
from mujaz_server.telemetry import Metrics, TracingError, make_tracer, serve_metrics
from mujaz_server.translation.engine import Decoding, Engine, EngineError, Translation

if TYPE_CHECKING:
    from mujaz_server.telemetry.traces import Tracer  # OpenTelemetry is an extra

_TYPICAL_SENTENCE = (
    "وقال مدير المرصد لوكالة الانباء ان اربعة جنود قتلوا واصيب اخرون بجروح امس الاثنين."
)


class StartError(Exception):
    """The server cannot start; the message is one line with the remedy."""


class Model(Protocol):
    """What the server needs of an engine."""

    max_source_tokens: int

    def encode(self, text: str) -> list[str]:
        """Cuts normalized text into pieces."""

    def translate(
        self,
        rows: Sequence[Sequence[str]],
        decoding: Decoding,
        gone: Callable[[int], bool] | None = None,
    ) -> list[Translation]:
        """Translates a batch of rows."""

    def close(self) -> None:
        """Frees the weights."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is ready to translate, and what it does on this machine."""

    model: Model
    manifest: Manifest
    calibration: Calibration


def load_model(settings: Settings) -> Loaded:
    """Loads the model that the settings name, every file verified against its manifest.

    Raises:
        StartError: There is no such model, or it is not what its manifest says.
    """
    try:
        folder = store.find(settings.model)
        manifest = Manifest.load(folder)
        engine = Engine.load(folder, manifest, threads=settings.thread_count)
        engine.warm_up()
    except (store.ModelNotFoundError, ManifestError, EngineError) as error:
        raise StartError(str(error)) from error
    return Loaded(engine, manifest, _calibrated(engine, settings))


def _calibrated(model: Model, settings: Settings) -> Calibration:
    """Measures the model on a usual sentence at the quality that most calls will ask for."""
    row = model.encode(_TYPICAL_SENTENCE)[: model.max_source_tokens]
    decoding = Decoding(beam_size=Quality[settings.quality.upper()].value)
    return calibrate(
        lambda rows: model.translate([row] * rows, decoding),
        len(row),
        threads=settings.thread_count,
        most_rows=settings.batch_rows,
        widths=(settings.batch_tokens,) if settings.batch_tokens else WIDTHS,
    )


def _tracer(settings: Settings) -> "Tracer | None":
    try:
        return make_tracer() if settings.tracing else None
    except TracingError as error:
        raise StartError(str(error)) from error


class Core:
    """A model with everything around it that needs no port: its queue, its pipeline, its methods.

    Raises (when made):
        StartError: Calls are to be traced and cannot be.

    Attributes:
        batch_tokens: Padded source tokens of one batch, at most.
        service: The four methods of mujaz.v1.
        hung: Set once the engine hangs; nothing in this process can help it then.
    """

    def __init__(self, settings: Settings, loaded: Loaded) -> None:
        model = loaded.model
        self.tracer = _tracer(settings)
        self.metrics = Metrics(self.tracer.exemplar) if self.tracer else Metrics()
        self.batch_tokens = loaded.calibration.batch_tokens
        self.hung = asyncio.Event()
        self._model = model
        self.worker = Worker(
            FairQueue[Row, Translation](
                batch_tokens=self.batch_tokens,
                batch_rows=settings.batch_rows,
                quantum=self.batch_tokens,
            ),
            self._translate,
            threads=settings.thread_count,
            admission=Admission(
                Rate(loaded.calibration.tokens_per_s, settings.thread_count),
                max_wait_s=settings.max_queue_wait,
                max_backlog_tokens=settings.max_backlog_tokens,
            ),
            observer=self.metrics,
            watchdog_s=settings.watchdog,
            on_hang=self.hung.set,
        )
        finished = FinishedSentences(settings.cache_bytes, loaded.manifest.digest)
        self._add_gauges(finished)
        limits = Limits(
            code_points=settings.max_code_points,
            sentences=settings.max_sentences,
            source_tokens=model.max_source_tokens,
            window=settings.stream_window,
        )
        retries = RetryBudget(settings.retry_share)
        pipeline = Pipeline(
            self.worker, model.encode, limits, retries, finished, self.metrics, time.monotonic
        )
        self.service = MujazService(
            pipeline,
            loaded.manifest,
            quality=Quality[settings.quality.upper()],
            max_seconds=settings.default_deadline,
        )

    def start(self) -> None:
        """Begins to translate, on the running loop."""
        self.worker.start(asyncio.get_running_loop())

    async def stop(self) -> None:
        """Stops translating and frees the model."""
        await self.worker.stop()
        await asyncio.to_thread(self._model.close)
        if self.tracer:
            await asyncio.to_thread(self.tracer.close)

    def _translate(self, batch: Batch[Row, Translation]) -> list[Translation]:
        rows = [job.payload.pieces for job in batch.jobs]
        decoding = cast("Decoding", batch.jobs[0].options)
        return self._model.translate(rows, decoding, batch.gone)

    def _add_gauges(self, finished: FinishedSentences) -> None:
        load, gauge = self.worker.load, self.metrics.gauge
        gauge("queue_sentences", "Sentences that wait.", lambda: load().jobs)
        gauge("queue_tokens", "Source tokens that wait.", lambda: load().tokens)
        gauge(
            "queue_oldest_seconds", "How long the oldest has waited.", lambda: load().oldest_age_s
        )
        gauge(
            "batch_running_seconds",
            "How long the batch has run that runs longest.",
            lambda: load().longest_run_s,
        )
        gauge("tokens_per_second", "Measured speed under load.", lambda: load().tokens_per_s)
        gauge("cache_bytes", "What finished sentences take.", lambda: finished.size)


class App:
    """One server around one model.

    Raises (when made):
        StartError: A file of tokens or of TLS is not what it should be, or calls cannot be traced.

    Attributes:
        batch_tokens: Padded source tokens of one batch, at most.
        port: Where gRPC listens, once started.
        health_port: Where health alone is served, once started; None where it is off.
        metrics_port: Where metrics are, once started; None where they are off.
    """

    def __init__(self, settings: Settings, loaded: Loaded) -> None:
        self._core = core = Core(settings, loaded)
        self.metrics, self.worker, self.hung = core.metrics, core.worker, core.hung
        self.batch_tokens = core.batch_tokens
        self.port = 0
        self.health_port: int | None = None
        self.metrics_port: int | None = None
        self._settings = settings
        self._open = AsyncExitStack()
        try:
            self.rpc = RpcServer(core.service, settings, core.metrics, core.tracer)
        except RefusedFileError as error:
            raise StartError(str(error)) from error
        core.metrics.gauge(
            "calls_in_progress", "Calls in progress.", lambda: len(self.rpc.in_flight)
        )

    async def start(self) -> None:
        """Listens, and says SERVING once it can translate.

        Raises:
            StartError: An address cannot be bound.
        """
        try:
            await self._listen(self._settings)
        except BaseException:
            await self._open.aclose()
            raise
        self._core.start()
        await self.rpc.ready()

    async def _listen(self, settings: Settings) -> None:
        try:
            self._open.push_async_callback(self.rpc.stop, 0)
            self.port, self.health_port = await self.rpc.start(
                settings.address, settings.health_address
            )
            if settings.metrics_address:
                host, _, port = settings.metrics_address.rpartition(":")
                self.metrics_port, stop = serve_metrics(self.metrics, host.strip("[]"), int(port))
                self._open.push_async_callback(asyncio.to_thread, stop)
        except AddressInUseError as error:
            raise StartError(str(error)) from error
        except OSError as error:
            address = settings.metrics_address
            raise StartError(
                f"cannot serve metrics on {address} ({error.strerror}); choose another address "
                "with --metrics-address, or none with an empty one"
            ) from error

    async def stop(self, grace: float) -> None:
        """Ends the calls in progress within `grace` seconds, then everything else."""
        await self.rpc.stop(grace)
        await self._open.aclose()
        await self._core.stop()
