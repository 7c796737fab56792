"""One cluster for all tests here: to start one takes longer than they do."""

from collections.abc import Iterator

import pytest

pytest.importorskip("ray.serve")

from rayserve.clusters import RayCluster, two_nodes


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayCluster]:
    """Two nodes with a scripted model, one replica to begin with and two at most."""
    with two_nodes(tmp_path_factory.mktemp("ray"), "scripted", fewest=1) as served:
        yield served
