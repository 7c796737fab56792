import copy
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[3] / "bench"))

import summaries

MEASURES = ("rouge1", "rouge2", "rougeLsum")


def result(name: str, mean: float, low: float) -> dict[str, Any]:
    row = {"system": "mujaz", "rouge": dict.fromkeys(MEASURES, 40.0), "words": 49.6}
    interval = {"mean": mean, "low": low, "high": mean + 1}
    return {
        "set": name,
        "documents": 3,
        "references": "mean",
        "budget": 50.2,
        "rows": [row],
        "differences": [
            {"system": system, "measure": measure, "interval": interval}
            for system in ("LEAD", "sumy LexRank", "sumy TextRank")
            for measure in MEASURES
        ],
    }


MEASURED = {
    "cross_validated": True,
    "results": [
        result("bbc_en", 1, 0.5),
        result("cnndm_en", 0.2, -0.3),
        result("other_en", -9, -9),
    ],
    "signature": "weights w|commit c",
}


def test_goals_stand_beside_their_figures() -> None:
    text = summaries.page(MEASURED)
    told = "interval above 0 | +1.00 (+0.50 to +2.00) | kept |"
    assert f"| bbc_en: ROUGE-1, mujaz less LEAD | {told}" in text
    assert f"| bbc_en: ROUGE-2, mujaz less sumy LexRank | {told}" in text
    assert (
        "| cnndm_en: ROUGE-1, mujaz less LEAD | at least 0 | +0.20 (-0.30 to +1.20) | kept |"
        in text
    )
    assert (
        "| cnndm_en: ROUGE-1, mujaz less sumy LexRank | interval above 0 "
        "| +0.20 (-0.30 to +1.20) | **MISSED** |"
    ) in text
    assert "other_en: ROUGE-1" not in text
    assert "| mujaz | 40.00 | 40.00 | 40.00 | 50 |" in text
    assert "| other_en | LEAD | -9.00 (-9.00 to -8.00) |" in text
    assert "`weights w` · `commit c`" in text
    assert "{" not in text


def test_a_mean_below_zero_is_below() -> None:
    worse = copy.deepcopy(MEASURED)
    worse["results"] = [result("easc_ar", -0.1, -1)]
    assert "| easc_ar: ROUGE-1, mujaz less LEAD | at least 0 | -0.10" in summaries.page(worse)
    assert summaries.page(worse).count("**MISSED**") == 4


def test_figures_that_are_not_cross_validated_make_no_page() -> None:
    with pytest.raises(ValueError, match="not cross-validated"):
        summaries.page(MEASURED | {"cross_validated": False})
