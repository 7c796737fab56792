from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.pull.hub import Hub, small_checkpoint
from models.pull.workbench import ONCE, Converter, Outcome, Pull, write_registry
from mujaz_models import cli
from mujaz_models.pull import command, steps
from mujaz_models.pull.download import Patience


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub(small_checkpoint()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


@pytest.fixture
def converter(monkeypatch: pytest.MonkeyPatch) -> Converter:
    converter = Converter()
    monkeypatch.setattr(command, "convert_folder", converter)
    return converter


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    def request(entry: Any, **options: Any) -> Any:
        return made(entry, **{"patience": ONCE, **options})

    made = steps.Request
    monkeypatch.setattr(steps, "Request", request)
    return ONCE


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    return write_registry(tmp_path / "registry.toml")


@pytest.fixture
def pull(
    hub: Hub,  # noqa: ARG001 (its address is in the environment)
    stored: Path,  # noqa: ARG001 (it is in the store)
    converter: Converter,  # noqa: ARG001 (it takes the place of the true one)
    patience: Patience,  # noqa: ARG001 (it takes the place of the usual one)
    registry: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Pull:
    """Run the command in this process; the store has another model in it."""
    monkeypatch.setenv("HF_TOKEN", "secret")

    def run(*arguments: str) -> Outcome:
        status = cli.main(["pull", "tiny-ar-en", "--registry", str(registry), *arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run
