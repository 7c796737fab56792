"""What replicas of tests load: a scripted model that tells what it does in a folder."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mujaz_server.app import Loaded
from mujaz_server.calibration import WIDTHS, Calibration
from mujaz_server.settings import Settings
from mujaz_server.translation.engine import Decoding, Translation
from scripted import MANIFEST, ScriptedModel

FOLDER = "SCRIPTED_FOLDER"
HELD, BROKEN = "HELD", "BROKEN"


@dataclass
class ToldModel(ScriptedModel):
    """Writes a line for every row it starts; rows with HELD wait until nobody waits for them.

    A sentence with BROKEN cannot be cut into pieces.
    """

    def encode(self, text: str) -> list[str]:
        if BROKEN in text:
            raise RuntimeError("the script says so: /secret/path")
        return super().encode(text)

    def translate(
        self,
        rows: Sequence[Sequence[str]],
        decoding: Decoding,
        gone: Callable[[int], bool] | None = None,
    ) -> list[Translation]:
        with (Path(os.environ[FOLDER]) / str(os.getpid())).open("a", encoding="utf-8") as told:
            told.writelines(f"{' '.join(row)}\n" for row in rows)
        while any(HELD in row for row in rows):
            if gone is not None and all(map(gone, range(len(rows)))):
                break
            time.sleep(0.005)
        return super().translate(rows, decoding, gone)


def scripted(settings: Settings) -> Loaded:
    """Loads the scripted model."""
    del settings
    return Loaded(ToldModel(), MANIFEST, Calibration(WIDTHS[0], tokens_per_s=10_000.0))


def started(folder: Path) -> dict[str, list[str]]:
    """The rows that have been started, by the replica that did."""
    return {
        each.name: each.read_text(encoding="utf-8", errors="replace").splitlines()
        for each in folder.iterdir()
    }
