import pytest
from hypothesis import HealthCheck, settings

from mujaz_server.telemetry import configure_logs

# Other work shares the cores: an example that takes long says nothing. Benchmarks hold speeds.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def _plain_logs() -> None:
    configure_logs("info", "json")
