"""A driver of Ray in a process of its own: two nodes, and mujaz on them behind one proxy.

Reads one word a line, answers with one line of JSON: `status`: replicas by state; `kill`: the
second node dies, and another comes up, as where machines are replaced. Ends with its input.
"""

import json
import sys
from typing import Any

import ray
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.config import AutoscalingConfig, gRPCOptions

from mujaz_server.app import load_model
from mujaz_server.rayserve import SERVICER, deployment
from mujaz_server.settings import load
from rayserve.replicas import scripted

APP = "mujaz"
MODELS = {"scripted": scripted, "starter": load_model}
SETTINGS: dict[str, dict[str, int]] = {
    "scripted": {"batch_rows": 4, "cache_bytes": 0},
    "starter": {},
}
_MEMORY = 100_000_000


def status() -> dict[str, int]:
    """How many replicas there are in each state."""
    told = serve.status().applications[APP].deployments["mujaz"]
    return {str(state): count for state, count in told.replica_states.items()}


def main(grpc_port: int, http_port: int, model: str, fewest: int) -> None:
    """Serves until the input ends."""
    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": _MEMORY}
    cluster = Cluster(initialize_head=True, connect=True, head_node_args=node)
    second = cluster.add_node(**node)
    serve.start(
        proxy_location="HeadOnly",
        http_options={"host": "127.0.0.1", "port": http_port},
        grpc_options=gRPCOptions(port=grpc_port, grpc_servicer_functions=[SERVICER]),
    )
    settings = load({"threads": 1, **SETTINGS[model]}, None)
    autoscaling = AutoscalingConfig(
        min_replicas=fewest,
        max_replicas=2,
        target_ongoing_requests=2,
        upscale_delay_s=0.5,
        metrics_interval_s=0.5,
        look_back_period_s=1.0,
    )
    serve.run(deployment(settings, MODELS[model], autoscaling), name=APP)
    _say(status())
    for line in sys.stdin:
        if line.strip() == "kill":
            cluster.remove_node(second, allow_graceful=False)
            second = cluster.add_node(**node)
        _say(status())
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()


def _say(what: dict[str, int]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
