"""Who gets in and who does not: every visitor of the table, at a real port, with its status.

Returns 1 where one is told something else than it should be, or costs the engine any work without
being let in.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))
os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it tells of each handshake that fails
from signature import signature  # noqa: E402

from mujaz_server.telemetry import configure_logs  # noqa: E402
from scripted import ScriptedModel  # noqa: E402
from visitors import VISITORS, House  # noqa: E402


async def visits(house: House) -> bool:
    """Prints the table; whether every row is as it should be."""
    good = True
    print(f"{'visitor':45} {'told':31} should be")
    for visitor in VISITORS:
        model = ScriptedModel()
        async with house.serving(visitor, model) as served:
            told = await house.visit(visitor, served.app.port)
        right = told == visitor.told and bool(model.started) == (told == "OK")
        good &= right
        print(f"{visitor.name:45} {told:31} {'' if right else 'NOT '}{visitor.told}")
    return good


def main() -> int:
    """Prints what was told."""
    configure_logs("error", "text")
    with tempfile.TemporaryDirectory() as folder:
        good = asyncio.run(visits(House(Path(folder))))
    print(f"{len(VISITORS)} visitors: {'all as they should be' if good else 'NOT all right'}")
    print(signature())
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
