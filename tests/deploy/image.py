"""What a Dockerfile makes, without Docker: its steps are taken one by one, in a folder.

The folder stands for the root of the image, so every absolute path of a step is one below it. The
next stage begins with an empty folder of the same name, and finds of the last one what is copied.
Not proved so is what the base image brings: its Python must be one that the packages take.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

dockerfile_parse = pytest.importorskip("dockerfile_parse")

_ABSOLUTE = re.compile(r"(?<![\w./])/(?=[a-z])")
_OURS = ("MUJAZ_", "PYTHON", "VIRTUAL_ENV")
_PATH = f"{sys.base_prefix}/bin:/usr/bin:/bin"


def _outside() -> dict[str, str]:
    """What steps see of this machine: how packages are fetched here, and a Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {"PATH": _PATH}


@dataclass
class Image:
    """An image as far as it is made.

    Attributes:
        root: The folder that stands for its root.
        context: The folder that COPY takes from.
        environment: What its processes see.
        entrypoint: What it starts, with what CMD adds.
        health: The command of HEALTHCHECK.
        user: Whom USER names.
    """

    root: Path
    context: Path
    environment: dict[str, str] = field(default_factory=_outside)
    entrypoint: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = ""
    _folder: str = "/"
    _stage: str = ""

    def make(self, dockerfile: Path) -> None:
        """Takes all steps.

        Raises:
            ValueError: A step is none of those that are known here.
            OSError: A file that is copied is not there.
            CalledProcessError: A command fails.
        """
        with dockerfile.open("rb") as file:
            steps = dockerfile_parse.DockerfileParser(fileobj=file).structure
        known = {
            "FROM": self._from,
            "WORKDIR": self._workdir,
            "RUN": self._run,
            "COPY": self._copy,
            "ENV": self._env,
            "USER": self._user,
            "HEALTHCHECK": self._healthcheck,
            "ENTRYPOINT": self._starts,
            "CMD": self._starts,
        }
        for step in steps:
            name = step["instruction"]
            if name in {"COMMENT", "ARG", "EXPOSE"}:
                continue  # they do nothing to the image
            if name not in known:
                raise ValueError(f"{name} is a step that nothing here proves")
            known[name](step["value"])

    def as_user(self, command: Sequence[str]) -> list[str]:
        """A command as the image's user, who has no rights of root; as ourselves if not root."""
        if os.geteuid() != 0:
            return [*command]
        user, group = self.user.split(":")
        return ["unshare", "--user", f"--map-user={user}", f"--map-group={group}", "--", *command]

    def read_only(self) -> None:
        """Takes everybody's right to write to it, that of root's processes with it."""
        for path in [self.root, *self.root.rglob("*")]:
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & ~0o222)

    def writable(self) -> None:
        """Gives the owner the right to write back, so that it can be removed."""
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o200)

    def here(self, text: str) -> str:
        """A text of the Dockerfile with the paths that it has on this machine."""
        return _ABSOLUTE.sub(f"{self.root}/", text)

    def _from(self, value: str) -> None:
        last = self.root.with_name(f"{self.root.name}.{self._stage}")
        if self.root.exists():
            self.root.rename(last)
        self.root.mkdir()
        self.environment, self._folder = _outside(), "/"
        self._stage = value.rsplit(" AS ", maxsplit=1)[-1]

    def _workdir(self, value: str) -> None:
        self._folder = value
        Path(self.here(value)).mkdir(parents=True)

    def _run(self, value: str) -> None:
        command = ["/bin/sh", "-c", self.here(value)]
        folder = self.here(self._folder)
        subprocess.run(command, cwd=folder, env=self.environment, check=True, capture_output=True)

    def _copy(self, value: str) -> None:
        *what, into = value.split()
        if what[0].startswith("--from="):
            stage, source = what[0].removeprefix("--from="), what[1]
            last = self.root.with_name(f"{self.root.name}.{stage}")
            shutil.copytree(f"{last}{source}", self.here(into), symlinks=True)
            return
        for each in what:
            self._take(each, Path(self.here(self._folder)) / into)

    def _take(self, name: str, into: Path) -> None:
        source = self.context / name
        if source.is_dir():
            shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, into)

    def _env(self, value: str) -> None:
        name, _, content = value.partition("=")
        self.environment[name] = _expanded(self.here(content), self.environment)

    def _user(self, value: str) -> None:
        self.user = value

    def _healthcheck(self, value: str) -> None:
        self.health = json.loads(value.partition("CMD ")[2])

    def _starts(self, value: str) -> None:
        self.entrypoint += json.loads(value)


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)", lambda name: environment[name[1]], text)
