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
        "MUJAZ_TOKEN",
        "MUJAZ_TOKEN_FILE",
        "MUJAZ_TLS",
        "MUJAZ_CA",
        "MUJAZ_CERTIFICATE",
        "MUJAZ_KEY",
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


_TLS = {"tls_certificate": "server.pem", "tls_key": "server.key"}
_TOKENS = {"tokens": "tokens.toml"}
_ALLOWED: dict[str, Any] = {"allow_plaintext": True}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:0",
        "127.1.2.3:50051",
        "[::1]:50051",
        "localhost:50051",
        "unix:/run/mujaz.sock",
    ],
)
def test_this_machine_alone_may_call_in_plain_text_and_with_tokens(address: str) -> None:
    assert not load({"address": address, **_TOKENS}, None, {}).open_to_anyone


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:50051",
        "[::]:50051",
        "10.0.0.7:50051",
        "mujaz.example.org:50051",
        "localhost.example.org:50051",
        "dns:///localhost:50051",
        "ipv4:127.0.0.1:1,0.0.0.0:50051",
        "[::ffff:0.0.0.0]:50051",
    ],
)
@pytest.mark.parametrize(
    ("others", "told"),
    [
        pytest.param({}, "allow_plaintext", id="nothing"),
        pytest.param(_TOKENS, "plain text", id="tokens"),
        pytest.param(_TOKENS | _ALLOWED, "plain text", id="tokens, and plain text allowed"),
        pytest.param(_TLS, None, id="TLS"),
        pytest.param(_TLS | _TOKENS, None, id="TLS and tokens"),
        pytest.param(_ALLOWED, None, id="plain text allowed"),
    ],
)
def test_others_may_call_by_tls_or_where_it_is_said(
    address: str, others: dict[str, Any], told: str | None
) -> None:
    if told is None:
        open_to_anyone = load({"address": address, **others}, None, {}).open_to_anyone
        assert open_to_anyone == ("tokens" not in others)
        return
    with pytest.raises(SettingsError, match=told) as refused:
        load({"address": address, **others}, None, {})
    assert address in str(refused.value)


@pytest.mark.parametrize(
    "given",
    [
        {"tls_certificate": "server.pem"},
        {"tls_key": "server.key"},
        {"tls_client_ca": "clients.pem"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_half_of_tls_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="tls_certificate and tls_key"):
        load(given, None, {})


@pytest.mark.parametrize(
    ("given", "reflects"),
    [
        ({}, True),
        (_TOKENS, False),
        (_TOKENS | {"reflection": "true"}, True),
        ({"reflection": "false"}, False),
    ],
)
def test_reflection_is_on_unless_tokens_are_asked_for(
    given: dict[str, Any],
    reflects: bool,  # noqa: FBT001  a table
) -> None:
    assert load(given, None, {}).reflects is reflects
