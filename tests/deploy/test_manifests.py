"""compose.yaml and the manifests of Kubernetes: their schemas, and what they say of the server."""

import re
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from scale.scaling import BUSY_TARGET

from deploy.tools import DEPLOY, needs, run
from mujaz_client import Client
from mujaz_server.settings import Settings
from processes import running

kubernetes_validate = pytest.importorskip("kubernetes_validate")

VERSIONS = ["1.37", "1.33", "1.31"]
"""Of Kubernetes; `preStop` has `sleep` by default since 1.30."""


@pytest.fixture(scope="module")
def manifests() -> list[dict[str, Any]]:
    """Those that `kubectl apply -k deploy` sends."""
    made = run("kubectl", "kustomize", DEPLOY)
    assert made.returncode == 0, made.stderr
    return [*yaml.safe_load_all(made.stdout)]


def of(manifests: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """One of the manifests."""
    [found] = (
        each for each in manifests if each["kind"] == kind and each["metadata"]["name"] == name
    )
    return found


def container(manifests: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The container of a Deployment."""
    [only] = pod(manifests, name)["containers"]
    return dict(only)


def pod(manifests: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The pod of a Deployment."""
    return dict(of(manifests, "Deployment", name)["spec"]["template"]["spec"])


def environment(manifests: list[dict[str, Any]]) -> dict[str, str]:
    """The variables of a replica."""
    return {each["name"]: each["value"] for each in container(manifests, "mujaz")["env"]}


def settings_of(variables: dict[str, str]) -> Settings:
    """What a server makes of variables; it refuses what is no setting, or out of range."""
    values: dict[str, Any] = {
        name.removeprefix("MUJAZ_").lower(): value for name, value in variables.items()
    }
    return Settings(**values)


@needs("kubectl")
@pytest.mark.parametrize("version", VERSIONS)
def test_the_manifests_are_what_kubernetes_takes(
    manifests: list[dict[str, Any]], version: str
) -> None:
    for each in manifests:
        kubernetes_validate.validate(each, version, strict=True)


def seeded(manifests: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Manifests that Kubernetes does not take: a field misspelt, a type that is another."""
    misspelt = yaml.safe_load(yaml.safe_dump(of(manifests, "Deployment", "mujaz")))
    misspelt["spec"]["minReadySecond"] = misspelt["spec"].pop("minReadySeconds")
    yield misspelt
    mistyped = yaml.safe_load(yaml.safe_dump(of(manifests, "HorizontalPodAutoscaler", "mujaz")))
    mistyped["spec"]["maxReplicas"] = "eight"
    yield mistyped


@needs("kubectl")
def test_a_manifest_that_kubernetes_does_not_take_is_found(manifests: list[dict[str, Any]]) -> None:
    for each in seeded(manifests):
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(each, VERSIONS[0], strict=True)


@needs("kubectl")
def test_the_configuration_of_envoy_is_the_one_that_is_tested(
    manifests: list[dict[str, Any]],
) -> None:
    [config] = (each for each in manifests if each["kind"] == "ConfigMap")
    assert config["data"]["envoy.yaml"] == (DEPLOY / "envoy.yaml").read_text(encoding="utf-8")
    [volume] = pod(manifests, "envoy")["volumes"]
    assert volume["configMap"]["name"] == config["metadata"]["name"]


@needs("kubectl")
def test_a_replica_has_the_time_to_drain(manifests: list[dict[str, Any]]) -> None:
    settings = settings_of(environment(manifests))
    longest = settings.drain_linger + settings.drain_grace
    assert pod(manifests, "mujaz")["terminationGracePeriodSeconds"] > longest
    assert settings.drain_linger >= 5


@needs("kubectl")
def test_a_replica_has_as_many_threads_as_cores(manifests: list[dict[str, Any]]) -> None:
    cores = container(manifests, "mujaz")["resources"]["requests"]["cpu"]
    assert settings_of(environment(manifests)).threads == int(cores)


@needs("kubectl")
@pytest.mark.parametrize("name", ["mujaz", "envoy"])
def test_no_container_is_root_or_writes_to_its_root(
    manifests: list[dict[str, Any]], name: str
) -> None:
    assert pod(manifests, name)["securityContext"]["runAsNonRoot"]
    assert container(manifests, name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@needs("kubectl")
def test_the_ports_are_those_of_the_image_and_of_envoy(manifests: list[dict[str, Any]]) -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    ports = re.findall(r"^ENV MUJAZ_\w+=0.0.0.0:(\d+)$", dockerfile, re.MULTILINE)
    exposed = {int(port) for port in ports}
    assert {each["containerPort"] for each in container(manifests, "mujaz")["ports"]} == exposed
    probed = {
        container(manifests, "mujaz")[probe]["grpc"]["port"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    [health] = re.findall(r"^ENV MUJAZ_HEALTH_ADDRESS=0.0.0.0:(\d+)$", dockerfile, re.MULTILINE)
    assert probed == {int(health)}
    envoy = (DEPLOY / "envoy.yaml").read_text(encoding="utf-8")
    listened = {int(port) for port in re.findall(r"0\.0\.0\.0, port_value: (\d+)", envoy)}
    assert {each["containerPort"] for each in container(manifests, "envoy")["ports"]} == listened
    service = of(manifests, "Service", "mujaz")
    assert service["spec"]["clusterIP"] == "None"
    assert f"address: {service['metadata']['name']}, port_value: " in envoy


@pytest.fixture(scope="module")
def exported() -> str:
    """The metrics of a server that has answered once."""
    with running() as server:
        with Client(server.address) as client:
            client.translate_text(["وصل الوزير"])
        with urllib.request.urlopen(server.metrics) as answer:  # noqa: S310  our own server
            page: str = answer.read().decode()
    return page


@needs("kubectl")
def test_the_autoscaler_asks_for_what_is_made_of_what_a_server_exports(
    manifests: list[dict[str, Any]], exported: str
) -> None:
    scaler = of(manifests, "HorizontalPodAutoscaler", "mujaz")
    asked = {each["pods"]["metric"]["name"] for each in scaler["spec"]["metrics"]}
    values = yaml.safe_load((DEPLOY / "kubernetes" / "prometheus-adapter.yaml").read_text("utf-8"))
    rules = {each["name"]["as"]: each["seriesQuery"] for each in values["rules"]["custom"]}
    assert asked == rules.keys()
    for query in rules.values():
        assert re.search(rf"^{query.partition('{')[0]} ", exported, re.MULTILINE), query


@needs("kubectl")
def test_the_autoscaler_keeps_threads_as_busy_as_was_simulated(
    manifests: list[dict[str, Any]],
) -> None:
    scaler = of(manifests, "HorizontalPodAutoscaler", "mujaz")
    targets = {
        each["pods"]["metric"]["name"]: each["pods"]["target"]["averageValue"]
        for each in scaler["spec"]["metrics"]
    }
    threads = settings_of(environment(manifests)).threads
    assert targets["mujaz_busy_threads"] == f"{BUSY_TARGET * threads * 1000:.0f}m"


@needs("kubectl", "envoy")
def test_the_envoy_of_the_manifests_is_the_one_that_is_tested(
    manifests: list[dict[str, Any]],
) -> None:
    image = container(manifests, "envoy")["image"]
    assert image == compose()["services"]["envoy"]["image"]
    [version] = re.findall(r"v([\d.]+)$", image)
    assert f"/{version}/" in run("envoy", "--version").stdout


def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8")))


@needs("docker-compose")
def test_the_compose_file_is_one(tmp_path: Path) -> None:
    assert run("docker-compose", "-f", DEPLOY / "compose.yaml", "config", "-q").returncode == 0
    worse = tmp_path / "compose.yaml"
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    worse.write_text(text.replace("stop_grace_period", "stop_grace"), encoding="utf-8")
    assert run("docker-compose", "-f", worse, "config", "-q").returncode != 0


def test_the_compose_file_says_of_the_server_what_it_understands() -> None:
    service = compose()["services"]["mujaz"]
    settings = settings_of(service["environment"])
    stop = float(service["stop_grace_period"].removesuffix("s"))
    assert stop > settings.drain_linger + settings.drain_grace
    assert settings.allow_plaintext
    assert compose()["networks"]["inside"] == {"internal": True}
    assert service["networks"] == ["inside"]
