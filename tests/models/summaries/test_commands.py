import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("rouge_score")
pytest.importorskip("sumy")

from mujaz_models.cli import main

SYSTEMS = ["mujaz", "LEAD", "random", "sumy LexRank", "sumy TextRank", "sumy LSA", "oracle"]


def test_weights_are_tuned_and_summaries_are_measured_by_them(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights, results = str(tmp_path / "weights.json"), tmp_path / "results.json"
    assert main(["tune-summaries", str(folder), "--json", weights]) == 0
    told = capsys.readouterr().out
    assert "unseen folds" in told
    assert set(json.loads(Path(weights).read_bytes())) == {"ar", "en"}
    assert (
        main(["evaluate-summaries", str(folder), "--weights", weights, "--json", str(results)]) == 0
    )
    told = capsys.readouterr().out
    assert "town_en: 8 documents, mean of their references, 25 words" in told
    document = json.loads(results.read_bytes())
    assert document["cross_validated"] is True
    assert told.endswith(document["signature"] + "\n")
    assert "sets town_ar 8,town_en 8|" in document["signature"]
    for result in document["results"]:
        rows = {row["system"]: row["rouge"] for row in result["rows"]}
        assert list(rows) == SYSTEMS
        assert rows["oracle"] == pytest.approx({"rouge1": 100, "rouge2": 100, "rougeLsum": 100})
        for each in result["differences"]:
            measured = rows["mujaz"][each["measure"]] - rows[each["system"]][each["measure"]]
            assert each["interval"]["mean"] == pytest.approx(measured)


def test_without_weights_the_built_in_ones_are_measured(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    given = ["evaluate-summaries", str(folder), "--sets", "town_ar", "--json", str(results)]
    assert main(given) == 0
    assert "weights built in " in capsys.readouterr().out
    document = json.loads(results.read_bytes())
    assert document["cross_validated"] is False
    assert [result["set"] for result in document["results"]] == ["town_ar"]


@pytest.mark.parametrize("command", ["evaluate-summaries", "tune-summaries"])
def test_what_is_missing_is_told_with_its_remedy(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [command, str(folder), "--json", str(folder / "out.json")]
    assert main([*given, "--sets", "gone_en"]) == 1
    assert "has no gone_en, only: town_ar, town_en" in capsys.readouterr().err
    for name in [name for name in sys.modules if name.startswith("mujaz_models.summaries.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rouge_score", None)
    monkeypatch.setitem(sys.modules, "rouge_score.rouge_scorer", None)
    assert main(given) == 1
    assert "pip install 'mujaz-models[summaries]'" in capsys.readouterr().err
