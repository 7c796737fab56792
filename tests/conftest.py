import pytest

from mujaz_server.telemetry import configure_logs


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    configure_logs("info", "json")
