import os
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from spy import ENGINE, LOOP, STAGES, Use, shares, stage, staged

OUTSIDE = [
    "run_forever (asyncio/base_events.py:607)",
    "stream (mujaz_server/rpc/edge.py:98)",
    "TranslatedSentences._settle (mujaz_server/pipeline/translated.py:270)",
]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (OUTSIDE, LOOP),
        ([*OUTSIDE, "check (mujaz_server/translation/checks.py:80)"], "checks"),
        ([*OUTSIDE, "numerals (mujaz_server/translation/numerals.py:41)"], "checks"),
        (["translate (mujaz_server/translation/engine.py:220)"], "results of the engine"),
        (["Engine._decode (mujaz_server/translation/engine.py:240)"], "tokenization"),
        (
            [
                "Engine.encode (mujaz_server/translation/engine.py:171)",
                "Encode (sentencepiece/a:1)",
            ],
            "tokenization",
        ),
        (["segment (mujaz_server/text/segment.py:60)"], "segmentation and spelling"),
        ([*OUTSIDE, "sentence (mujaz_server/rpc/replies.py:45)"], "protobuf and gRPC"),
        ([*OUTSIDE, "Edge._write (mujaz_server/rpc/edge.py:117)"], "protobuf and gRPC"),
        (
            ["DocumentRun._summary (mujaz_server/pipeline/run.py:1)", "sum (numpy/a.py:1)"],
            "summary",
        ),
        (["labels (prometheus_client/metrics.py:180)"], "metrics and logs"),
    ],
)
def test_a_stack_belongs_to_the_innermost_frame_that_a_stage_owns(
    frames: list[str], expected: str
) -> None:
    assert stage(frames) == expected


def test_samples_that_wait_are_left_out() -> None:
    found = staged(
        "a (asyncio/a.py:1);select (selectors.py:468) 90\n"
        "a (asyncio/a.py:1);Condition.wait (threading.py:327) 80\n"
        "a (asyncio/a.py:1);_worker (concurrent/futures/thread.py:81) 70\n"
        "a (asyncio/a.py:1);Engine.translate (mujaz_server/translation/engine.py:205) 60\n"
        "a (asyncio/a.py:1);check (mujaz_server/translation/checks.py:80) 3\n"
        "a (asyncio/a.py:1) 1\n"
    )
    assert found == dict.fromkeys(STAGES, 0.0) | {"checks": 0.75, LOOP: 0.25}


def test_no_samples_are_no_stages() -> None:
    assert sum(staged("").values()) == 0


def test_a_thread_is_charged_with_what_it_used() -> None:
    before = Use.of(os.getpid())
    done = threading.Event()
    busy = threading.Thread(target=_busy, args=(0.3, done))
    busy.start()
    assert done.wait(30)
    used = Use.of(os.getpid()).since(before)
    assert busy.native_id is not None
    parts = shares(os.getpid(), used, [busy.native_id])
    done.clear()
    busy.join()
    assert 0.25 <= parts[LOOP] <= 0.6
    assert parts[ENGINE] < parts[LOOP]


def _busy(seconds: float, done: threading.Event) -> None:
    while time.thread_time() < seconds:
        pass
    done.set()
    while done.is_set():
        time.sleep(0.001)
