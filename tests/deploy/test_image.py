"""deploy/Dockerfile: its steps make a server that runs as nobody, on a root it cannot write to."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from deploy.image import Image
from deploy.tools import DEPLOY, ROOT, needs, run
from mujaz_models import store
from mujaz_server.settings import Settings
from processes import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOCKERFILE = DEPLOY / "Dockerfile"
FREE = {
    "MUJAZ_ADDRESS": "127.0.0.1:0",
    "MUJAZ_HEALTH_ADDRESS": "127.0.0.1:0",
    "MUJAZ_METRICS_ADDRESS": "127.0.0.1:0",
    "MUJAZ_LOG_FORMAT": "json",
}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    made = Image(tmp_path_factory.mktemp("image") / "root", ROOT)
    made.make(DOCKERFILE)
    stored = made.root / "mujaz" / "models"
    stored.mkdir(parents=True)  # what a volume, or another layer, brings
    shutil.copytree(store.embedded(), stored / "another")
    made.read_only()
    yield made
    made.writable()


def started(image: Image, **settings: str) -> ServerProcess:
    process = subprocess.Popen(
        image.as_user(image.entrypoint),
        env=image.environment | {"HOME": "/"} | settings,  # as for a user without a name
        cwd=image.root,
        stderr=subprocess.PIPE,
        text=True,
    )
    return ServerProcess(process)


def health(image: Image, port: object) -> subprocess.CompletedProcess[str]:
    command = [each.replace("50052", str(port)) for each in image.health]
    return subprocess.run(
        image.as_user(command), env=image.environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("model", ["starter", "another"])
def test_the_image_serves_is_healthy_and_drains(image: Image, model: str) -> None:
    server = started(image, **FREE, MUJAZ_MODEL=model)
    try:
        assert server.serving.wait(30), server.other
        port = server.said("serving")["health_port"]
        assert health(image, port).returncode == 0
        assert server.stop() == 0
        assert health(image, port).returncode == 1
    finally:
        server.process.kill()
        server.wait()


def test_what_serves_comes_from_the_image(image: Image) -> None:
    asked = [
        f"{image.root}/opt/mujaz/bin/python3",
        "-c",
        "import mujaz_server as m; print(m.__path__)",
    ]
    told = subprocess.run(asked, env=image.environment, capture_output=True, text=True, check=True)
    assert str(image.root) in told.stdout


def test_the_image_as_it_comes_opens_no_door_without_tls(image: Image) -> None:
    server = started(image)
    assert server.wait() == 2
    assert "allow_plaintext" in "".join(server.other)


def test_the_user_of_the_image_is_not_root_and_writes_nowhere(image: Image) -> None:
    tried = "id -u; touch $0/file && echo written"
    command = image.as_user(["/bin/sh", "-c", tried, str(image.root)])
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    us = os.geteuid()
    assert told.stdout.split() == [image.user.split(":")[0] if us == 0 else str(us)]


def test_every_variable_of_the_image_is_a_setting() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    named = {line.split()[1].partition("=")[0] for line in text.splitlines() if line[:3] == "ENV"}
    settings = {f"MUJAZ_{name.upper()}" for name in Settings.model_fields}
    assert named - settings == {"PATH", "MUJAZ_HOME"}


def test_what_is_copied_is_let_through_to_the_build() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    text = DOCKERFILE.read_text(encoding="utf-8")
    copied = {line.split()[1] for line in text.splitlines() if line[:5] == "COPY "}
    assert ignored[0] == "*"
    assert {f"!{each}" for each in copied if not each.startswith("--")} <= {*ignored}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        pytest.param("FROM x\nADD a b\n", ValueError, id="a step that nothing proves"),
        pytest.param("FROM x\nCOPY nowhere there\n", OSError, id="a file that is not there"),
        pytest.param(
            "FROM x\nRUN false\n", subprocess.CalledProcessError, id="a command that fails"
        ),
        pytest.param(
            "FROM x AS one\nWORKDIR /src\nFROM x\nCOPY --from=one /opt /opt\n",
            OSError,
            id="a stage without what is copied from it",
        ),
    ],
)
def test_a_step_that_cannot_be_is_found(tmp_path: Path, text: str, error: type[Exception]) -> None:
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    with pytest.raises(error):
        Image(tmp_path / "root", tmp_path).make(tmp_path / "Dockerfile")


@needs("hadolint")
def test_the_linter_of_dockerfiles_has_nothing_to_say(tmp_path: Path) -> None:
    assert run("hadolint", DOCKERFILE).stdout == ""
    worse = tmp_path / "Dockerfile"
    text = DOCKERFILE.read_text(encoding="utf-8")
    worse.write_text(text.replace("--from=build", "--from=elsewhere"), encoding="utf-8")
    assert "DL3022" in run("hadolint", worse).stdout
