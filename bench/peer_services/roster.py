"""Who is compared: how each is started, what it does when nobody asks for greedy search."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from signature import cores
from traffic import SAME_WORK

from peer_services.callers import Caller, HttpCaller, MujazCaller, TextsCaller
from peer_services.environments import python_with
from peer_services.starter_forms import write_checkpoint, write_packages

PORT = "{port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """One of those compared.

    Attributes:
        name: What tables call it.
        command: What starts it; `PORT` in it stands for its port.
        caller: Makes a caller of a port.
        goal: How many times its sentences a second mujaz should reach at 32 callers.
        as_it_comes: What it does by default; greedy search was asked of all.
    """

    name: str
    command: tuple[str, ...]
    caller: Callable[[int], Caller]
    goal: float
    as_it_comes: str


MUJAZ = Peer(
    "mujaz",
    (
        str(Path(sys.executable).with_name("mujaz-server")),
        "serve",
        "--address",
        f"127.0.0.1:{PORT}",
        "--metrics-address",
        "",
        *SAME_WORK,
    ),
    MujazCaller,
    1,
    "greedy, a second try by beam 4 where the checks doubt, a cache; both are off here",
)


def roster(folder: Path) -> list[Peer]:
    """Returns mujaz and those peers that are installed here.

    Args:
        folder: Where their models are written.
    """
    write_packages(folder / "packages")
    write_checkpoint(folder / "checkpoint")
    made = [MUJAZ, *_own_lines()]
    if python := python_with("transformers"):
        made.append(_transformers(python, folder / "checkpoint"))
    if python := python_with("argostranslate"):
        made.append(_argos(python))
    if python := python_with("libretranslate"):
        made.append(_libretranslate(python))
    return made


def environment(folder: Path) -> dict[str, str]:
    """Returns the variables of all peers; what would be fetched from anywhere fails at once."""
    nobody = "http://127.0.0.1:9"
    homes = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "HF_HOME")
    return (
        dict(os.environ)
        | {name: str(folder / "home") for name in homes}
        | {"http_proxy": nobody, "https_proxy": nobody, "HF_HUB_OFFLINE": "1"}
        | {"ARGOS_PACKAGES_DIR": str(folder / "packages"), "ARGOS_BEAM_SIZE": "1"}
        | {"PYTHONPATH": str(Path(__file__).parents[1])}
    )


def _module(name: str, *arguments: str, python: Path | str = sys.executable) -> tuple[str, ...]:
    return (str(python), "-m", f"peer_services.{name}", *arguments)


def _own_lines() -> list[Peer]:
    return [
        Peer(
            "naive gRPC",
            _module("grpc_service", PORT, "1", "0"),
            TextsCaller,
            3,
            "CTranslate2's beam 2, one translation at a time on all cores",
        ),
        Peer(
            "naive gRPC, a worker a core",
            _module("grpc_service", PORT, str(cores()), "1"),
            TextsCaller,
            3,
            "as before; its threads were set for volume",
        ),
        Peer(
            "sequential HTTP (as EasyNMT)",
            _module("sequential_service", PORT),
            HttpCaller,
            3,
            "EasyNMT: transformers, beam 5; here CTranslate2",
        ),
    ]


def _transformers(python: Path, checkpoint: Path) -> Peer:
    return Peer(
        "transformers",
        _module("transformers_service", PORT, str(checkpoint), python=python),
        HttpCaller,
        8,
        "what the checkpoint says; OPUS-MT's say beam 4 or 6",
    )


def _argos(python: Path) -> Peer:
    return Peer(
        "argostranslate",
        _module("argos_service", PORT, python=python),
        HttpCaller,
        3,
        "beam 4, one translation at a time on all cores",
    )


def _libretranslate(python: Path) -> Peer:
    options = ("--port", PORT, "--disable-web-ui", "--disable-files-translation")
    return Peer(
        "LibreTranslate",
        _module("libretranslate_service", *options, python=python),
        HttpCaller,
        3,
        "beam 4, four threads of requests, one translation at a time on all cores",
    )
