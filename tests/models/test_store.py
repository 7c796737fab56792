from pathlib import Path

import pytest

from mujaz_models import store


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
