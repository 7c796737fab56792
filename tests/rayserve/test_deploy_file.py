from importlib import import_module
from pathlib import Path

import yaml
from ray.serve.schema import ServeDeploySchema

from mujaz_server.rayserve import SERVICER

FILE = Path(__file__).parents[2] / "deploy" / "ray-serve.yaml"


def test_the_file_of_serve_deploy_is_one_and_builds_our_application() -> None:
    told = ServeDeploySchema.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    assert told.grpc_options.grpc_servicer_functions == [SERVICER]
    [application] = told.applications
    module, _, name = str(application.import_path).partition(":")
    built = getattr(import_module(module), name)(application.args)
    [deployment] = application.deployments
    assert built._bound_deployment.name == deployment.name
    assert built._bound_deployment.ray_actor_options["num_cpus"] == application.args["threads"]
