"""A server around the scripted engine, in a process of its own: `python -m robustness.serve`.

Its one argument is a JSON object, all of it optional: `settings` of the server,
`seconds_per_token`, the tokens a second that are `claimed` to it, `history` (a path) and `defect`.
Each line on its standard input is answered with one JSON line about its inside on its standard
output, which no door of a real server tells.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mujaz_server.app import Loaded
from mujaz_server.calibration import WIDTHS, Calibration
from mujaz_server.lifecycle import run
from mujaz_server.settings import Settings
from mujaz_server.telemetry import configure_logs
from robustness.defects import DEFECTS
from robustness.engine import CostedEngine
from scripted import MANIFEST

FAST_ENOUGH = 1e6
"""Tokens a second that an engine without cost is said to serve."""


def _answer_questions(loop: asyncio.AbstractEventLoop) -> None:
    for _ in sys.stdin:
        tasks = asyncio.run_coroutine_threadsafe(_count_tasks(), loop).result()
        print(json.dumps({"tasks": tasks, "threads": threading.active_count()}), flush=True)
    os._exit(1)  # whoever started it has gone


async def _count_tasks() -> int:
    gc.collect()
    return len(asyncio.all_tasks()) - 1


async def _main(wanted: Mapping[str, Any]) -> int:
    settings = Settings(
        **{
            "address": "127.0.0.1:0",
            "metrics_address": "127.0.0.1:0",
            "threads": 2,
            "cache_bytes": 0,  # what comes twice is to be work twice
        }
        | wanted.get("settings", {})
    )
    cost = wanted.get("seconds_per_token", 0.0)
    path = wanted.get("history")
    history = Path(path).open("a", encoding="utf-8") if path else None  # noqa: SIM115, ASYNC230  to the end
    engine = CostedEngine(cost, history)
    if defect := wanted.get("defect"):
        DEFECTS[defect](engine)
    loop = asyncio.get_running_loop()
    threading.Thread(target=_answer_questions, args=(loop,), daemon=True).start()
    rate = wanted.get("claimed") or (settings.thread_count / cost if cost else FAST_ENOUGH)
    return await run(
        settings,
        lambda: Loaded(engine, MANIFEST, Calibration(settings.batch_tokens or WIDTHS[0], rate)),
    )


if __name__ == "__main__":
    configure_logs("info", "json")
    sys.exit(asyncio.run(_main(json.loads(sys.argv[1]))))
