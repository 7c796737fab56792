from collections.abc import Iterator

import pytest

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.translation.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    folder = store.embedded()
    loaded = Engine.load(folder, Manifest.load(folder), threads=2)
    loaded.warm_up()
    yield loaded
    loaded.close()
