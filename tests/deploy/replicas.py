"""Replicas of a server on this machine, as a cluster has them: many addresses, one port."""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from deploy import proxy
from deploy.proxy import Edit, Proxy, as_it_stands
from deploy.resolver import Resolver
from robustness.servers import ScriptedServer, scripted_server

SECONDS_PER_TOKEN = 0.0005
LINGER_S = 2.5
"""Two health intervals of Envoy, and a little: as deploy/kubernetes has 5 s."""
_POLL_S = 0.02


class Replicas:
    """Scripted servers at 127.0.0.1, 127.0.0.2, and so on.

    Attributes:
        resolver: Knows the addresses of those that are meant to get calls.
        servers: By address; those that were replaced are no longer among them.
        port: Where all of them serve.
    """

    def __init__(self, resolver: Resolver, defect: str, settings: Mapping[str, Any]) -> None:
        self.resolver = resolver
        self.servers: dict[str, ScriptedServer] = {}
        self.port = 0
        self._defect = defect
        self._settings = settings
        self._open: dict[str, ExitStack] = {}
        self._hosts = (f"127.0.0.{number}" for number in range(1, 255))

    def start(self, host: str = "") -> str:
        """Starts one more, at an address or at the next; returns the address."""
        host = host or next(self._hosts)
        self._open[host] = ExitStack()
        usual = {"threads": 2, "batch_tokens": 64, "drain_linger": LINGER_S}
        settings = {**usual, **self._settings, "address": f"{host}:{self.port}"}
        server = self._open[host].enter_context(
            scripted_server(SECONDS_PER_TOKEN, defect=self._defect, **settings)
        )
        self.servers[host] = server
        self.port = self.port or int(server.address.rpartition(":")[2])
        return host

    def stop(self, host: str) -> int:
        """Ends one by SIGTERM; returns its exit status."""
        server = self.servers[host]
        server.server.process.send_signal(signal.SIGTERM)
        status = server.server.wait()
        self.end(host)
        return status

    def end(self, host: str) -> None:
        """Kills what is left of one."""
        del self.servers[host]
        self._open.pop(host).close()

    def restart_in_place(self, _: Proxy) -> int:
        """Restarts the oldest at its own address, as a supervisor does."""
        host = next(iter(self.servers))
        status = self.stop(host)
        self.start(host)
        return status

    def replace(self, proxy: Proxy) -> int:
        """Starts another and, once Envoy has it, stops the oldest, which DNS forgets meanwhile.

        So does a Deployment, which goes on after its `minReadySeconds`.
        """
        self.name(self.start())
        until(lambda: self.servers.keys() == proxy.healthy())
        host = next(iter(self.servers))
        self.unname(host)
        return self.stop(host)

    def name(self, host: str) -> None:
        """Lets DNS know of one."""
        self.resolver.addresses = [*self.resolver.addresses, host]

    def unname(self, host: str) -> None:
        """Lets DNS forget one."""
        self.resolver.addresses = [each for each in self.resolver.addresses if each != host]

    @contextmanager
    def behind_envoy(self, edit: Edit = as_it_stands) -> Iterator[Proxy]:
        """Starts an Envoy before them; `edit` seeds a defect into its configuration."""
        with proxy.running(self.port, self.resolver.port, len(self.servers), edit) as started:
            yield started

    def calls_seen(self) -> list[float]:
        """How many calls have ended at each that runs."""
        return [server.calls_seen() for server in self.servers.values()]

    def close(self) -> None:
        """Kills all."""
        for host in [*self.servers]:
            self.end(host)


def until(holds: Callable[[], bool], patience_s: float = 30.0) -> float:
    """Waits for what nothing announces; returns how long that took, in seconds.

    Raises:
        TimeoutError: It never came to hold.
    """
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > patience_s:
            raise TimeoutError("it never came to hold")
        time.sleep(_POLL_S)
    return time.monotonic() - began


@contextmanager
def running(count: int, defect: str = "", **settings: Any) -> Iterator[Replicas]:
    """Starts so many replicas, with settings; `defect` seeds one of `robustness.defects`."""
    with Resolver([]) as resolver:
        replicas = Replicas(resolver, defect, settings)
        try:
            for _ in range(count):
                replicas.name(replicas.start())
            yield replicas
        finally:
            replicas.close()
