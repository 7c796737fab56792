"""Python 3.11.2, which Debian ships, matches wrongly with possessive quantifiers (gh-100061)."""

import importlib
import pkgutil
import re

import pytest

from mujaz_server import text

POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")
PATTERNS = {
    f"{module.name} {name}": value.pattern
    for module in pkgutil.iter_modules(text.__path__)
    for name, value in vars(importlib.import_module(f"mujaz_server.text.{module.name}")).items()
    if isinstance(value, re.Pattern)
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_no_pattern_is_possessive(pattern: str) -> None:
    assert not POSSESSIVE.search(pattern)


@pytest.mark.parametrize("pattern", ["a++b", "a*+", "a{2}+", "(?>a)"])
def test_a_possessive_pattern_is_found(pattern: str) -> None:
    assert POSSESSIVE.search(pattern)
