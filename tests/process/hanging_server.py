"""A server whose engine hangs on the first batch it is given; started by test_hang.py."""

import asyncio
import json
import sys
import threading

from mujaz_server.app import Loaded
from mujaz_server.calibration import Calibration
from mujaz_server.lifecycle import run
from mujaz_server.settings import Settings
from mujaz_server.telemetry import configure_logs
from scripted import MANIFEST, ScriptedModel


def hanging() -> Loaded:
    """A model that never answers."""

    def hang(rows: list[str]) -> None:
        print(
            json.dumps({"event": "batch started", "rows": len(rows)}), file=sys.stderr, flush=True
        )
        threading.Event().wait()

    return Loaded(ScriptedModel(on_start=hang), MANIFEST, Calibration(256, tokens_per_s=1_000.0))


if __name__ == "__main__":
    configure_logs("info", "json")
    settings = Settings(address="127.0.0.1:0", metrics_address="", watchdog=0.3, drain_grace=20)
    sys.exit(asyncio.run(run(settings, hanging)))
