"""Files that several tests of the port need."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def limited(tmp_path: Path) -> Callable[[str], str]:
    """Writes a file of two tokens, of which amal's has a limit; returns its path."""

    def write(limit: str) -> str:
        amal, badr = (
            f'[[token]]\nname = "{name}"\nsha256 = "{hashlib.sha256(name.encode()).hexdigest()}"\n'
            for name in ("amal", "badr")
        )
        path = tmp_path / "tokens.toml"
        path.write_text(f"{amal}{limit}\n{badr}")
        return str(path)

    return write
