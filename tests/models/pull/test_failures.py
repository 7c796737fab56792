import errno
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import huggingface_hub
import pytest
from filelock import FileLock

from models.pull.hub import COMMIT, REPOSITORY, Fault, Hub
from models.pull.workbench import Converter, Pull, in_store, write_registry
from mujaz_models import store

OTHER = "f" * 40
API = f"/api/models/{REPOSITORY}"


def refused(pull: Pull, *arguments: str) -> str:
    """Run the command, see it refuse in one line with the store as it was, and return the line."""
    before = in_store()
    done = pull(*arguments)
    assert done.status == 1
    assert done.out == ""
    assert in_store() == before
    assert "Traceback" not in done.err
    assert done.complaint.startswith("mujaz-models: ")
    return done.complaint.removeprefix("mujaz-models: ")


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Fault(status={API: 503}), "answers 503 for {repo}: run the command again in a while"),
        (Fault(status={API: 429}), "answers 429 for {repo}: run the command again in a while"),
        (Fault(status={API: 418}), "answers 418 for {repo}: check HF_ENDPOINT"),
        (Fault(status={"/storage/": 503}), "answers 503 for source.spm: run the command again"),
        (Fault(status={"/storage/": 403}), "answers 403 for source.spm: check the registry"),
        (Fault(status={f"/{REPOSITORY}/": 404}), "answers 404 for config.json: check the registry"),
        (Fault(cut=lambda _n, length: length // 2), "run the command again"),
        (Fault(drip=0.01), "config.json comes too slowly"),
        (Fault(drip=5), "has failed"),
    ],
    ids=[
        "the hub is down",
        "the hub has had enough of us",
        "the hub is a teapot",
        "the storage is down",
        "the storage refuses",
        "a file is gone",
        "the connection is cut",
        "bytes drip",
        "nothing comes",
    ],
)
def test_a_fault_of_the_hub_is_one_line_with_a_remedy(
    hub: Hub, pull: Pull, fault: Fault, complaint: str
) -> None:
    hub.fault = fault
    assert complaint.format(repo=f"{REPOSITORY} at {COMMIT}") in refused(pull)
    hub.fault = Fault()
    assert pull().status == 0


def test_a_hub_that_is_not_there(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    complaint = refused(pull)
    assert complaint.startswith("the connection to http://127.0.0.1:9 has failed (")
    assert complaint.endswith("check the network (or name a mirror in HF_ENDPOINT)"
                              " and run the command again")  # fmt: skip
    assert not (store.home() / "models" / ".pulling").exists()


def test_a_server_that_is_no_hub(hub: Hub, pull: Pull) -> None:
    hub.fault = Fault(status={API: 200})
    assert refused(pull).endswith("does not answer as a hub does: check HF_ENDPOINT")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({"revision": OTHER}, f"the hub has no {REPOSITORY} at {OTHER}: correct the registry"),
        ({"files": ("model.safetensors", "more.json")}, "has no more.json at"),
        ({"sha256": {"source.spm": "0" * 64}}, "has another source.spm of"),
    ],
    ids=["an unknown revision", "an unknown file", "another hash"],
)
def test_what_the_hub_has_not_got_is_known_before_a_byte_is_fetched(
    hub: Hub, pull: Pull, registry: Path, content: dict[str, Any], complaint: str
) -> None:
    write_registry(registry, **content)
    assert complaint in refused(pull)
    assert len(hub.seen) == 1


def test_an_unknown_repository(pull: Pull, registry: Path) -> None:
    text = registry.read_text(encoding="utf-8").replace(REPOSITORY, "Someone/else")
    registry.write_text(text, encoding="utf-8")
    assert "the hub has no Someone/else at" in refused(pull)


@pytest.mark.parametrize("name", ["model.safetensors", "source.spm", "config.json"])
def test_wrong_content_is_found_and_removed(hub: Hub, pull: Pull, name: str) -> None:
    hub.fault = Fault(swapped={name: bytes(len(hub.files[name]))})
    complaint = refused(pull)
    assert complaint.startswith(f"{name} has ")
    assert complaint.endswith("and was removed: run the command again, or use another hub")
    assert not list((store.home() / "models" / ".pulling").rglob(f"{name}*"))
    hub.fault = Fault()
    assert pull().status == 0


def test_a_hash_of_the_registry_holds_where_the_hub_states_none(
    hub: Hub, pull: Pull, registry: Path
) -> None:
    write_registry(registry, sha256={"config.json": "0" * 64})
    assert f"has SHA-256 {hashlib.sha256(hub.files['config.json']).hexdigest()} instead of" in (
        refused(pull)
    )


def test_other_weights_are_refused_by_their_entity_tag_before_they_are_fetched(
    hub: Hub, pull: Pull
) -> None:
    hub.fault = Fault(cut=lambda name, _: 10 if name == "model.safetensors" else None)
    assert pull().status == 1
    hub.files["model.safetensors"] = bytes(300_000)
    hub.seen.clear()
    assert "the hub offers model.safetensors with SHA-256" in refused(pull)


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def test_too_little_room_is_known_before_a_byte_is_fetched(
    hub: Hub, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**8, 10**8 - 10**6, 10**6))
    complaint = refused(pull)
    assert "tiny-ar-en needs 64.8 MB and " in complaint
    assert complaint.endswith("has 1.0 MB free: free space, or set MUJAZ_HOME to another disk")
    assert len(hub.seen) == 1


def test_a_disk_that_fills_meanwhile(
    pull: Pull, converter: Converter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert refused(pull).startswith("the disk is full, tiny-ar-en is incomplete: free space")
    converter.error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert refused(pull).startswith("the disk is full")
    converter.error = None
    assert pull().status == 0


@pytest.fixture
def tiny_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("this account may not mount a file system")
    monkeypatch.setenv("MUJAZ_HOME", str(disk))
    (disk / "models").mkdir()
    yield disk
    subprocess.run(["umount", str(disk)], check=True)  # noqa: S607 (where the system has it)


def test_a_disk_of_one_megabyte(
    hub: Hub, pull: Pull, tiny_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.files["model.safetensors"] = bytes(3_000_000)
    assert f"and {tiny_disk / 'models'} has 1.0 MB free" in refused(pull)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 0, 10**12))
    assert refused(pull).startswith("the disk is full, tiny-ar-en is incomplete")
    assert store.models().keys() == {"starter"}


def test_offline_without_a_download(hub: Hub, pull: Pull) -> None:
    assert "forbids the network: pull it online, or import a copy" in refused(pull, "--offline")
    assert not hub.seen


def test_offline_with_half_a_download(hub: Hub, pull: Pull) -> None:
    hub.fault = Fault(cut=lambda name, _: 1000 if name == "target.spm" else None)
    assert pull().status == 1
    hub.seen.clear()
    assert refused(pull, "--offline").startswith(
        "target.spm, model.safetensors of tiny-ar-en must still be fetched"
    )
    assert not hub.seen


def test_the_environment_can_forbid_the_network(
    hub: Hub, pull: Pull, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE) forbids the network" in refused(pull)
    assert not hub.seen


def test_two_pulls_of_one_model(pull: Pull) -> None:
    folder = store.home() / "models" / ".pulling"
    folder.mkdir()
    with FileLock(folder / "tiny-ar-en.lock"):
        assert refused(pull) == "tiny-ar-en is being pulled by another process: wait for it"


def test_a_key_press_interrupts(pull: Pull, converter: Converter) -> None:
    converter.error = KeyboardInterrupt()  # type: ignore[assignment]  # raised like any other
    assert refused(pull) == "interrupted: run the command again to go on"


def test_without_the_extra(pull: Pull, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("mujaz_models.pull.")]:
        if name.endswith((".hub", ".steps", ".progress", ".download", ".listing")):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("mujaz_models.pull.hub")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    complaint = refused(pull)
    assert complaint.startswith("to pull a model, huggingface_hub is needed: pip install")
