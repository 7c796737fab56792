from pathlib import Path

import pytest

from models.conftest import write_model
from mujaz_models import store
from mujaz_models.verify import VerifyError


def test_the_embedded_model_is_found_by_name(home: Path) -> None:
    assert not home.exists()
    assert store.find("starter") == store.embedded()


def test_a_stored_model_is_found_by_name(stored: Path) -> None:
    assert store.find("stored") == stored


def test_a_folder_is_found_by_path(model: Path, home: Path) -> None:
    assert store.find(model) == model
    assert store.find(str(model)) == model
    assert not home.exists()


def test_a_name_goes_before_a_folder_of_that_name_here(
    stored: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = model.parent / "here"
    here.mkdir()
    model.rename(here / "stored")
    monkeypatch.chdir(here)
    assert store.find("stored") == stored
    assert store.find("./stored") == Path("stored")


@pytest.mark.parametrize("name", ["opus", "", "../models", "/nowhere", "~/nowhere", "a\x00b"])
def test_what_is_not_there_is_answered_with_what_is(stored: Path, name: str) -> None:
    with pytest.raises(store.ModelNotFoundError) as caught:
        store.find(name)
    assert stored.name in str(caught.value)
    assert "starter" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_only_folders_with_a_manifest_are_models(stored: Path) -> None:
    (stored.parent / "half-fetched").mkdir()
    (stored.parent / "notes.txt").write_text("")
    assert list(store.models()) == ["starter", "stored"]


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/mujaz"),
        ("linux", {"XDG_DATA_HOME": ""}, "/home/user/.local/share/mujaz"),
        ("darwin", {}, "/home/user/Library/Application Support/mujaz"),
        ("win32", {"LOCALAPPDATA": "/appdata"}, "/appdata/mujaz"),
        ("linux", {"MUJAZ_HOME": "/models/here"}, "/models/here"),
    ],
)
def test_home_is_where_the_platform_keeps_data(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
) -> None:
    monkeypatch.delenv("MUJAZ_HOME", raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("HOME", "/home/user")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert store.home() == Path(expected)


def test_a_complete_model_is_installed_by_one_rename(home: Path) -> None:
    with store.staging() as staging:
        folder = write_model(staging / "tiny")
        assert list(store.models()) == ["starter"]
        assert store.install(folder, "tiny") == home / "models" / "tiny"
    assert store.find("tiny") == home / "models" / "tiny"
    assert [path.name for path in (home / "models").iterdir()] == ["tiny"]


def test_a_model_that_is_not_what_its_manifest_says_is_not_installed(home: Path) -> None:
    with store.staging() as staging:
        folder = write_model(staging / "tiny")
        (folder / "model.bin").write_bytes(b"Weights")
        with pytest.raises(VerifyError):
            store.install(folder, "tiny")
    assert list((home / "models").iterdir()) == []


def test_a_model_is_installed_under_its_own_name(home: Path) -> None:
    with store.staging() as staging:
        folder = write_model(staging / "tiny")
        with pytest.raises(store.StoreError, match="This is a bug"):
            store.install(folder, "other")
    assert list((home / "models").iterdir()) == []


def test_a_taken_name_is_taken_until_it_is_replaced(stored: Path) -> None:
    with store.staging() as staging:
        folder = write_model(staging / "stored", "stored")
        (folder / "new").touch()
        with pytest.raises(store.StoreError, match="--replace"):
            store.install(folder, "stored")
        assert not (stored / "new").exists()
        store.install(folder, "stored", replace=True)
    assert (stored / "new").exists()
    assert [path.name for path in stored.parent.iterdir()] == ["stored"]


def test_every_file_reaches_the_disk_before_the_rename(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    monkeypatch.setattr(store, "_sync", lambda path: synced.append(path.name))
    with store.staging() as staging:
        store.install(write_model(staging / "tiny"), "tiny")
    assert sorted(synced[:-2]) == ["empty.json", "model.bin", "mujaz.json", "source.spm"]
    assert synced[-2:] == ["tiny", "models"]
    assert home.exists()


def test_a_removed_model_is_gone(stored: Path) -> None:
    assert store.remove("stored") == stored
    assert list(store.models()) == ["starter"]
    assert list(stored.parent.iterdir()) == []


@pytest.mark.parametrize("name", ["starter", "none", "../models", ""])
def test_only_a_stored_model_can_be_removed(name: str, stored: Path) -> None:
    with pytest.raises((store.StoreError, store.ModelNotFoundError)) as caught:
        store.remove(name)
    assert "\n" not in str(caught.value)
    assert store.embedded().is_dir()
    assert stored.is_dir()
