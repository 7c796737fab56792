import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import summary_readings

READINGS = """
[bridge]
mujaz = [2, 5]
lead = [2, 3]
reading = "mujaz is better."
"""


def sentences(*numbers: int) -> list[dict[str, Any]]:
    return [{"number": number, "text": f"It is <{number}>."} for number in numbers]


def example(**changed: Any) -> dict[str, Any]:
    picked = [each | {"why": "central +0.40"} for each in sentences(2, 5)]
    plain = {"name": "bridge", "headline": "A bridge", "sentences": 9}
    return {**plain, "mujaz": picked, "lead": sentences(2, 3), **changed}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], str]:
    path = tmp_path / "summary_readings.toml"
    path.write_text(READINGS, encoding="utf-8")
    monkeypatch.setattr(summary_readings, "READINGS", path)
    return lambda each: summary_readings.examples({"examples": [each], "signature": "commit c"})


def test_a_reading_stands_below_the_summaries_that_it_is_of(
    told: Callable[[dict[str, Any]], str],
) -> None:
    text = told(example())
    assert "- **5** It is \\<5\\>. *(central +0.40)*\n\nLEAD:\n\n- **2** It is" in text
    assert text.endswith("- **3** It is \\<3\\>.\n\nmujaz is better.\n")
    assert "`commit c`" in text


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param(
            {"mujaz": sentences(2, 6)}, r"mujaz has sentences \[2, 6\]", id="another pick"
        ),
        pytest.param({"mujaz": sentences(2)}, r"mujaz has sentences \[2\]", id="a pick less"),
        pytest.param({"lead": sentences(2, 4)}, r"lead has sentences \[2, 4\]", id="another lead"),
        pytest.param({"name": "tunnel"}, "tunnel was not read", id="another article"),
    ],
)
def test_no_reading_is_told_of_other_summaries(
    changed: dict[str, Any], why: str, told: Callable[[dict[str, Any]], str]
) -> None:
    with pytest.raises(ValueError, match=why):
        told(example(**changed))
