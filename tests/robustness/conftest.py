"""Tests share their machine with others; their bounds on time are those of the short form."""

import pytest

from robustness import promise


@pytest.fixture
def short_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds on time are laxer; shapes and violations are as exact as ever."""
    monkeypatch.setattr(promise, "leeway", promise.SHORT_LEEWAY)
