import functools
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.pull.hub import COMMIT, Fault, Hub, small_checkpoint
from models.pull.workbench import Converter, Pull, in_store
from mujaz_models import store
from mujaz_models.pull import steps
from mujaz_models.pull.download import Patience


def weights() -> bytes:
    return (store.find("tiny-ar-en") / "model.bin").read_bytes()


def test_fifty_interrupted_runs_end_in_the_right_bytes_and_fetch_none_twice(
    hub: Hub, pull: Pull
) -> None:
    chance = random.Random(1)
    cuts = 0

    def cut(name: str, length: int) -> int | None:
        nonlocal cuts
        if cuts == 50 or name != "model.safetensors":
            return None
        cuts += 1
        return chance.randrange(1, min(length, 8000))

    hub.fault = Fault(cut=cut)
    before = in_store()
    for run in range(50):
        stopped = pull()
        assert stopped.status == 1, run
        assert "run the command again" in stopped.complaint
        assert stopped.err.count("mujaz-models:") == 1
        assert in_store() == before, run
    assert pull().status == 0
    assert weights() == hub.files["model.safetensors"]
    for name, content in hub.files.items():
        if name not in {"README.md", "pytorch_model.bin"}:
            assert hub.sent(name) == len(content), name
    assert sum(seen.path.startswith("/api/") for seen in hub.seen) == 1


def test_any_file_may_be_cut_anywhere(hub: Hub, pull: Pull) -> None:
    chance = random.Random(2)
    hub.fault = Fault(cut=lambda _name, length: chance.choice([None, chance.randrange(length)]))
    for _ in range(60):
        if pull().status == 0:
            break
    assert weights() == hub.files["model.safetensors"]


def test_one_run_tries_again_by_itself(
    hub: Hub, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience = Patience(attempts=3, pause_s=0, window_bytes=1000)
    monkeypatch.setattr(steps, "Request", functools.partial(steps.Request, patience=patience))
    left = [50_000, 20_000, 70_000, 30_000, 10]
    hub.fault = Fault(
        cut=lambda name, _: left.pop(0) if left and name == "model.safetensors" else None
    )
    done = pull()
    assert done.status == 0, done.err
    assert weights() == hub.files["model.safetensors"]
    assert "model.safetensors: 0.3 MB, going on after 0.2 MB" in done.err


@pytest.mark.parametrize(
    ("fault", "succeeds"),
    [
        (Fault(ignore_range=True), True),
        (Fault(shift_range=5), False),
        (Fault(status={"/storage/model": 416}), False),
    ],
    ids=["sends the whole file", "goes on at another place", "refuses ranges"],
)
def test_a_hub_that_cannot_go_on_costs_a_second_download_and_no_harm(
    hub: Hub, pull: Pull, fault: Fault, *, succeeds: bool
) -> None:
    hub.fault = Fault(cut=lambda name, _: 1000 if name == "model.safetensors" else None)
    assert pull().status == 1
    hub.fault = fault
    assert (pull().status == 0) is succeeds
    hub.fault = Fault()
    assert pull().status == 0
    assert weights() == hub.files["model.safetensors"]


def test_a_part_longer_than_the_file_is_fetched_anew(hub: Hub, pull: Pull) -> None:
    hub.fault = Fault(cut=lambda name, _: 1000 if name == "model.safetensors" else None)
    assert pull().status == 1
    partial = store.home() / "models/.pulling/tiny-ar-en" / COMMIT / "model.safetensors.partial"
    partial.write_bytes(bytes(1_000_000))
    hub.fault = Fault()
    refused = pull()
    assert refused.status == 1
    assert "has 1000000 bytes instead of 300000 and was removed" in refused.complaint
    assert pull().status == 0


def test_a_killed_process_leaves_what_the_next_goes_on_from(
    hub: Hub, pull: Pull, registry: Path
) -> None:
    hub.files = small_checkpoint(weights=500_000)
    hub.fault = Fault(drip=0.0005)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mujaz_models.cli",
            "pull",
            "tiny-ar-en",
            "--registry",
            str(registry),
        ],
        env=os.environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("vocab.json"):
            break
    while hub.sent("vocab.json") < 2000:
        hub.closing.wait(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    hub.fault = Fault()
    done = pull()
    assert done.status == 0, done.err
    assert "vocab.json: 0.0 MB, going on after 0.0 MB" in done.err
    assert weights() == hub.files["model.safetensors"]


def test_a_failed_conversion_keeps_the_download_and_the_next_run_needs_no_hub(
    hub: Hub, pull: Pull, converter: Converter
) -> None:
    converter.error = OSError("the converter has failed")
    before = in_store()
    assert pull().complaint == "mujaz-models: the converter has failed"
    assert in_store() == before
    converter.error = None
    hub.seen.clear()
    assert pull("--offline").status == 0
    assert not hub.seen
    assert weights() == hub.files["model.safetensors"]
