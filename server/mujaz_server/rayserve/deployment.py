"""How many replicas, and when: what Serve is told."""

from collections.abc import Callable, Mapping
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig

from mujaz_server.app import Loaded, load_model
from mujaz_server.rayserve.replica import Replica
from mujaz_server.settings import Settings, load

NAME = "mujaz"
SERVICER = "mujaz_server.rpc.relaying.add_to_server"
"""What the proxies of Serve need in `grpc_servicer_functions`."""

AUTOSCALING = AutoscalingConfig(min_replicas=1, max_replicas=8, target_ongoing_requests=8)
"""Eight calls keep the batches of a replica full, and are not yet a queue."""

_HEALTH_PERIOD_S = 2.0
_HEALTH_TIMEOUT_S = 10.0


def app(args: Mapping[str, Any]) -> serve.Application:
    """Builds the application of settings, as `serve run` and the file of `serve deploy` give them.

    Raises:
        SettingsError: A setting is unknown or out of range.
    """
    return deployment(load(args, None))


def deployment(
    settings: Settings,
    load_replica: Callable[[Settings], Loaded] = load_model,
    autoscaling: AutoscalingConfig = AUTOSCALING,
) -> serve.Application:
    """Builds the application: a core for each thread of a replica.

    A replica gets as many calls as `max_streams`, and its own queue is fair among them; a call
    that waited in the proxy could not be refused in time.
    """
    made: serve.Deployment = serve.deployment(
        name=NAME,
        ray_actor_options={"num_cpus": settings.thread_count},
        max_ongoing_requests=settings.max_streams,
        autoscaling_config=autoscaling,
        health_check_period_s=_HEALTH_PERIOD_S,
        health_check_timeout_s=_HEALTH_TIMEOUT_S,
        graceful_shutdown_timeout_s=settings.drain_grace,
    )(Replica)
    return made.bind(settings, load_replica)
