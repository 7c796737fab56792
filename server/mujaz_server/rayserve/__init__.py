"""Many replicas behind the proxies of Ray Serve: `serve run mujaz_server.rayserve:app`."""

from mujaz_server.rayserve.deployment import SERVICER, app, deployment

__all__ = ["SERVICER", "app", "deployment"]
