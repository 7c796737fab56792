"""What happens, told to operators: metrics, logs, and traces where they are asked for.

Nothing of it ever holds the text of a document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mujaz_server.telemetry.errors import TracingError
from mujaz_server.telemetry.logs import configure_logs
from mujaz_server.telemetry.metrics import (
    CallObserver,
    EdgeObserver,
    FileObserver,
    Metrics,
    serve_metrics,
)

if TYPE_CHECKING:
    from mujaz_server.telemetry.traces import Tracer

__all__ = [
    "CallObserver",
    "EdgeObserver",
    "FileObserver",
    "Metrics",
    "TracingError",
    "configure_logs",
    "make_tracer",
    "serve_metrics",
]


def make_tracer() -> Tracer:
    """Returns what makes spans and sends them to a collector.

    Raises:
        TracingError: OpenTelemetry is not installed, or its variables ask for what is not there.
    """
    try:
        from mujaz_server.telemetry.traces import Tracer  # noqa: PLC0415  an extra
    except ImportError as error:
        raise TracingError(
            "tracing needs OpenTelemetry, which is not installed; pip install "
            "'mujaz-server[tracing]', or leave --tracing off"
        ) from error
    tracer = Tracer()
    tracer.export()
    return tracer
