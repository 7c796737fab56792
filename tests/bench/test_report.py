import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import report
from rounds import Chart, Goal, Table, at_least, at_most, figure, written

CHART = Chart("callers", "Served by callers", "callers", "sentences/s", {"a": [(1, 2.0)]})
TABLE = Table("A grid", ("threads", "rate"), [["1 | 2", "3.0"]])
MARKS = ("{goals}", "{tables}", "{charts}", "{signature}")


def found(tmp_path: Path, rows: list[Goal], *, name: str = "served") -> report.Found:
    path = tmp_path / f"{name}.json"
    data = {"charts": [asdict(CHART)], "tables": [asdict(TABLE)]}
    written(path, name, rows, data, "model m|commit c")
    read: report.Found = json.loads(path.read_text(encoding="utf-8"))
    return read


def test_a_section_shows_goals_beside_figures_tables_plots_and_the_signature(
    tmp_path: Path,
) -> None:
    rows = [at_least("share", 0.9, 0.95, "{:.0%}"), at_most("ms", 1, 2), figure("rate", 3)]
    text = report.section("offline", found(tmp_path, rows))
    assert "| share | at least 90% | 95% | kept |" in text
    assert "| ms | at most 1.00 | 2.00 | **MISSED** |" in text
    assert "| rate |  | 3.00 |  |" in text
    assert "A grid:\n\n| threads | rate |\n| --- | --- |\n| 1 \\| 2 | 3.0 |" in text
    assert "![Served by callers](bench/offline-callers.svg)" in text
    assert "`model m` · `commit c`" in text
    assert not any(mark in text for mark in MARKS)


def test_where_there_are_no_plots_no_gap_is_left(tmp_path: Path) -> None:
    bare = {**found(tmp_path, [figure("rate", 3)]), "data": {}}
    assert "\n\n\n" not in report.section("offline", bare)


def test_the_page_begins_with_what_is_missed(tmp_path: Path) -> None:
    rows = [at_least("share", 0.9, 0.95, "{:.0%}"), at_most("ms", 1, 2), figure("rate", 3)]
    text = report.page({"served": found(tmp_path, rows)})
    assert "1 of 2 goals are kept. Missed:" in text
    assert text.index("| ms | at most 1.00 | 2.00 |\n") < text.index("## ")
    assert "{summary}" not in text


def test_where_nothing_is_missed_no_table_says_so(tmp_path: Path) -> None:
    text = report.page({"served": found(tmp_path, [at_least("share", 1, 2)])})
    assert "1 of 1 goals are kept.\n" in text
    assert "Missed" not in text


def test_the_page_and_its_plots_are_written_and_old_plots_go(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    for old in ("served-gone.svg", "path-profile.svg"):
        (tmp_path / "bench" / old).write_text("old", encoding="utf-8")
    report.write({"served": found(tmp_path, [figure("rate", 3)])}, tmp_path)
    assert [path.name for path in (tmp_path / "bench").iterdir()] == ["served-callers.svg"]
    assert "rate" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", report.NAMES)
def test_every_benchmark_has_prose_with_a_place_for_its_figures(name: str) -> None:
    prose = (report.PROSE / f"{name}.md").read_text(encoding="utf-8")
    assert prose.startswith("## ")
    assert "{goals}" in prose
    assert "{signature}" in prose
    assert set(re.findall(r"\{\w+\}", prose)) <= set(MARKS)


def test_a_benchmark_without_a_result_has_its_part_of_the_page() -> None:
    text = report.page({})
    assert text.count(report.UNMEASURED) == len(report.NAMES)
    assert "## A smaller output layer" in text
    assert not any(mark in text for mark in MARKS)


WRITES = 'import sys; open(sys.argv[2], "w").write("{}"); sys.exit(1)'


@pytest.mark.parametrize(
    ("name", "source", "bad"),
    [
        pytest.param("served", WRITES, [], id="a goal that is missed is no failure"),
        pytest.param(
            "served", "", ["served"], id="a benchmark that ends without its JSON has failed"
        ),
        pytest.param("latency", "", [], id="a promise that is kept"),
        pytest.param(
            "latency", "raise SystemExit(1)", ["latency"], id="a promise that is not kept"
        ),
    ],
)
def test_what_has_failed_is_told(
    name: str, source: str, bad: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "served.json"
    stale.write_text("{}", encoding="utf-8")
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / f"{name}.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(report, "ROOT", tmp_path)
    planned = report.steps(report.parsed([name]), tmp_path)
    assert report.failed(planned, tmp_path) == bad


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param([], [*report.PROMISES, *report.FIGURES], id="all"),
        pytest.param(["--quick"], list(report.FIGURES), id="those of speed can be quick"),
        pytest.param(["path", "offline", "latency"], ["latency", "offline", "path"], id="named"),
        pytest.param(["--keep", "served", "path"], ["path"], id="what has a result is kept"),
    ],
)
def test_what_runs_in_which_order(arguments: list[str], names: list[str], tmp_path: Path) -> None:
    (tmp_path / "served.json").touch()
    planned = report.steps(report.parsed(arguments), tmp_path)
    assert [step.name for step in planned] == names
    assert all(("--json" in step.arguments) == (step.name in report.FIGURES) for step in planned)
    assert all(("--quick" in step.arguments) == ("--quick" in arguments) for step in planned)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param([], [*report.PROMISES, *report.FIGURES], id="all where none is named"),
        pytest.param(["served", "--quick"], ["served"], id="what is named"),
    ],
)
def test_benchmarks_can_be_chosen(arguments: list[str], names: list[str]) -> None:
    assert report.parsed(arguments).names == names


def test_a_benchmark_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        report.parsed(["latencies"])
    assert "latencies is none of segmentation" in capsys.readouterr().err
