"""From the first signal to the last line: start, drain, exit.

SIGTERM and SIGINT drain: NOT_SERVING, a linger in which calls are still taken, a grace in which
those in progress end. A second signal ends at once. A hung engine cannot be killed from inside its
process, so the process goes, and its supervisor starts another.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
from collections.abc import Callable

import structlog

from mujaz_server.app import App, Loaded
from mujaz_server.settings import Settings

_log = structlog.get_logger("mujaz")
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TELLING_S = 0.5
EXIT_HUNG = 70  # EX_SOFTWARE of sysexits.h
EXIT_AT_ONCE = 130


async def run(settings: Settings, load: Callable[[], Loaded]) -> int:
    """Serves until a signal; returns the exit status.

    Loading happens in a thread that nothing can interrupt, so a signal while loading ends the
    process around it.

    Raises:
        StartError: The server cannot start.
    """
    asked_to_stop = _stop_on_signals()
    loading = asyncio.create_task(_started(settings, load))
    stopping = asyncio.create_task(asked_to_stop.wait())
    await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not loading.done():
        _log.info("stopped while loading")
        os._exit(0)
    app = await loading
    _spare_the_collector()
    _give_memory_back()
    _log.info(
        "serving",
        port=app.port,
        metrics_port=app.metrics_port,
        health_port=app.health_port,
        batch_tokens=app.batch_tokens,
        settings=settings.model_dump(),
    )
    if settings.open_to_anyone:
        _log.warning("anyone who reaches the port may call", remedy="--tokens or --tls-client-ca")
    serving = asyncio.create_task(_drained(app, settings, asked_to_stop))
    hanging = asyncio.create_task(app.hung.wait())
    await asyncio.wait({serving, hanging}, return_when=asyncio.FIRST_COMPLETED)
    if hanging.done():
        _log.critical("the engine hangs; exiting for the supervisor", seconds=settings.watchdog)
        await _told_of_the_end(app)
        os._exit(EXIT_HUNG)
    hanging.cancel()
    await serving
    return 0


def _spare_the_collector() -> None:
    """Takes what was imported and loaded, and stays, out of the collector's rounds."""
    gc.collect()
    gc.freeze()


def _give_memory_back() -> None:
    """Returns to the system what loading took and freed, which glibc keeps."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)


async def _told_of_the_end(app: App) -> None:
    """Tells watches of health and callers that it is over, for as long as words take to arrive."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_TELLING_S):
            await app.rpc.not_serving()
            await app.rpc.stop(_TELLING_S / 2)


async def _started(settings: Settings, load: Callable[[], Loaded]) -> App:
    app = App(settings, await asyncio.to_thread(load))
    await app.start()
    return app


async def _drained(app: App, settings: Settings, asked_to_stop: asyncio.Event) -> None:
    await asked_to_stop.wait()
    _log.info("draining", calls=len(app.rpc.in_flight), grace=settings.drain_grace)
    await app.rpc.not_serving()
    await asyncio.sleep(settings.drain_linger)
    await app.stop(settings.drain_grace)
    _log.info("stopped")


def _stop_on_signals() -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if asked.is_set():
            os._exit(EXIT_AT_ONCE)
        asked.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal)
    return asked
