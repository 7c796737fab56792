"""With what chunks are translated, and the engine that it makes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.bulk.lanes import Lanes
from mujaz_server.bulk.translator import Translator, Work
from mujaz_server.translation.engine import Engine


@dataclass(frozen=True, slots=True)
class Setup:
    """What makes a translator, on this machine or on another one that has the model.

    Attributes:
        model: Its name or folder.
        manifest: Its manifest; the files must be what it says.
        threads: Batches that the engine translates side by side.
        work: What is done with every document.
    """

    model: str
    manifest: Manifest
    threads: int
    work: Work

    @contextmanager
    def translator(self) -> Iterator[Translator]:
        """Lends a translator with an engine of its own.

        Raises:
            ModelNotFoundError: The model is not on this machine.
            EngineError: It is not what its manifest says.
        """
        engine = Engine.load(store.find(self.model), self.manifest, threads=self.threads)
        with Lanes(engine, self.threads) as lanes:
            yield Translator(lanes, self.manifest, self.work)
        engine.close()
