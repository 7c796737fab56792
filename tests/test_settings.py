from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mujaz_server.settings import Settings, SettingsError, load, table


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    file = tmp_path / "mujaz.toml"
    file.write_text('batch_rows = 3\nbatch_tokens = 300\nquality = "best"\n')
    return file


def test_a_flag_goes_before_a_variable_before_the_file(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUJAZ_BATCH_ROWS", "4")
    monkeypatch.setenv("MUJAZ_QUALITY", "fast")
    settings = load({"quality": "balanced", "threads": None}, toml)
    assert (settings.quality, settings.batch_rows, settings.batch_tokens) == ("balanced", 4, 300)
    assert settings.threads == 0


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        load({}, None, {}).threads = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("bath_rows = 3", "bath_rows is not a setting", id="an unknown key"),
        pytest.param("batch_rows = 0", "batch_rows: ", id="a value out of range"),
        pytest.param("batch_rows = ", "is not TOML", id="no TOML"),
        pytest.param(
            "batch_rows = 40\nbatch_tokens = 20", "batch_rows is larger", id="rules between two"
        ),
    ],
)
def test_a_bad_file_is_refused_with_the_key(content: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "mujaz.toml"
    file.write_text(content)
    with pytest.raises(SettingsError, match=told):
        load({}, file, {})


@pytest.mark.parametrize(
    "name",
    [
        "MUJAZ_SERVER",
        "MUJAZ_HOME",
        "MUJAZ_CONFIG",
        "MUJAZ_SERVICE_HOST",
        "MUJAZ_SERVICE_PORT_GRPC",
        "MUJAZ_PORT",
        "MUJAZ_PORT_50051_TCP_ADDR",
        "MUJAZ_SERVER_SERVICE_HOST",
        "MUJAZ_SERVER_PORT",
    ],
)
def test_variables_of_others_are_let_pass(name: str) -> None:
    assert load({}, None, {name: "tcp://10.0.0.1:50051"}) == load({}, None, {})


@pytest.mark.parametrize("name", ["MUJAZ_TREADS", "MUJAZ_PORTS", "MUJAZ_"])
def test_a_misspelt_variable_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not a setting"):
        load({}, None, {name: "1"})


def test_an_empty_variable_turns_metrics_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJAZ_METRICS_ADDRESS", "")
    assert load({}, None).metrics_address == ""


def test_threads_of_zero_are_the_cores_of_the_process() -> None:
    assert load({}, None, {}).thread_count >= 1
    assert load({"threads": "7"}, None, {}).thread_count == 7


def test_the_table_has_every_setting_with_its_value() -> None:
    values: dict[str, Any] = Settings().model_dump()
    lines = table(load({"threads": 9}, None, {})).splitlines()
    assert [line.split()[0] for line in lines] == list(values)
    assert "9" in next(line for line in lines if line.startswith("threads"))


def test_every_field_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
