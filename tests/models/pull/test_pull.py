import hashlib
import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest

from models.pull.hub import COMMIT, REPOSITORY, Hub
from models.pull.workbench import FILES, Converter, Pull, in_store, write_registry
from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_models.verify import verify


def test_the_model_stands_in_the_store_and_nothing_else_is_left(pull: Pull, home: Path) -> None:
    before = in_store()
    done = pull()
    assert done.status == 0, done.err
    assert done.out == f"{store.find('tiny-ar-en')}\n"
    assert verify(store.find("tiny-ar-en")).name == "tiny-ar-en"
    after = in_store()
    assert {path for path in after if not path.startswith("tiny-ar-en")} == set(before)
    assert not (home / "models" / ".pulling").exists()


def test_the_manifest_says_where_each_file_came_from_and_what_it_was_checked_against(
    hub: Hub, pull: Pull, registry: Path
) -> None:
    pinned = hashlib.sha256(hub.files["source.spm"]).hexdigest()
    write_registry(registry, sha256={"source.spm": pinned})
    assert pull().status == 0
    provenance = Manifest.load(store.find("tiny-ar-en")).provenance
    assert provenance["repository"] == REPOSITORY
    assert provenance["revision"] == COMMIT
    assert provenance["published_scores"] == [
        {"set": "Tatoeba", "metric": "BLEU", "value": 49.4, "source": "model card"}
    ]
    assert provenance["files"] == {
        name: {
            "sha256": hashlib.sha256(hub.files[name]).hexdigest(),
            "size": len(hub.files[name]),
            "checked_by": "registry" if name == "source.spm" else "hub",
        }
        for name in FILES
    }


def test_the_converter_is_told_what_the_registry_says(pull: Pull, converter: Converter) -> None:
    assert pull("--quantization", "float32").status == 0
    asked = converter.asked
    assert (asked["source_language"], asked["target_language"]) == ("ar", "en")
    assert asked["source_prefix"] == (">>eng<<",)
    assert asked["license"] == "Apache-2.0"
    assert asked["quantization"] == "float32"
    assert asked["trim"] is True
    assert asked["golden"].pairs == (("نعم", "Yes"),)
    assert asked["golden"].floor == 12


def test_the_hub_is_asked_for_the_files_alone_and_told_nothing_of_the_caller(
    hub: Hub, registry: Path, home: Path
) -> None:
    command = [sys.executable, "-m", "mujaz_models.cli", "pull", "tiny-ar-en"]
    environment = os.environ | {"AGENT": "someone", "HF_HOME": str(home)}
    done = subprocess.run(
        [*command, "--registry", str(registry)], env=environment, capture_output=True, check=False
    )
    assert b"converting to int8" in done.stderr
    paths = {seen.path for seen in hub.seen}
    asked = {f"/{REPOSITORY}/resolve/{COMMIT}/{name}" for name in FILES}
    storage = {f"/storage/{name}" for name in FILES if name.endswith((".spm", ".safetensors"))}
    assert paths == asked | storage | {f"/api/models/{REPOSITORY}/revision/{COMMIT}"}
    assert all("agent/" not in seen.user_agent for seen in hub.seen)


def test_the_token_goes_to_the_hub_and_never_to_where_it_redirects(hub: Hub, pull: Pull) -> None:
    assert pull().status == 0
    for seen in hub.seen:
        expected = None if seen.path.startswith("/storage/") else "Bearer secret"
        assert seen.authorization == expected, seen.path


def test_what_is_in_the_store_is_not_fetched_again(hub: Hub, pull: Pull) -> None:
    assert pull().status == 0
    hub.seen.clear()
    again = pull()
    assert again.status == 0
    assert "in the store already" in again.err
    assert not hub.seen


def test_another_model_of_the_name_is_replaced_only_when_asked_to(pull: Pull) -> None:
    assert pull().status == 0
    before = in_store()
    refused = pull("--quantization", "float32")
    assert refused.status == 1
    assert refused.complaint.endswith("replace it with --replace")
    assert in_store() == before
    assert pull("--quantization", "float32", "--replace").status == 0
    assert Manifest.load(store.find("tiny-ar-en")).quantization == "float32"


def test_a_model_that_lacks_pieces_is_another_model(pull: Pull, converter: Converter) -> None:
    assert pull().status == 0
    refused = pull("--no-trim")
    assert refused.status == 1
    assert "(int8, trimmed, revision" in refused.complaint
    assert pull("--no-trim", "--replace").status == 0
    assert converter.asked["trim"] is False
    assert pull("--no-trim").status == 0
    assert "(int8, not trimmed, revision" in pull().complaint


def test_a_branch_is_followed_to_its_commit(pull: Pull, registry: Path) -> None:
    write_registry(registry, revision="main")
    assert pull().status == 0
    assert Manifest.load(store.find("tiny-ar-en")).provenance["revision"] == COMMIT


def test_a_pickle_is_left_where_it_is_if_there_are_safe_weights(
    hub: Hub, pull: Pull, registry: Path
) -> None:
    write_registry(registry, files=(*FILES, "pytorch_model.bin"))
    assert pull().status == 0
    assert hub.sent("pytorch_model.bin") == 0


def test_a_pickle_alone_needs_torch(
    hub: Hub, pull: Pull, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_registry(registry, files=("config.json", "pytorch_model.bin"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    refused = pull()
    assert refused.status == 1
    assert "which only torch reads: install torch" in refused.complaint
    assert not hub.seen


def test_the_hub_of_these_tests_satisfies_the_downloads_of_the_library(
    hub: Hub, tmp_path: Path
) -> None:
    for name in FILES:
        path = huggingface_hub.hf_hub_download(
            REPOSITORY, name, revision=COMMIT, endpoint=hub.endpoint, local_dir=tmp_path
        )
        assert Path(path).read_bytes() == hub.files[name]
