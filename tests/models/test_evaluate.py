import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mujaz_models.cli import main
from mujaz_models.evaluate.sets import read_set
from mujaz_models.manifest import Manifest
from mujaz_models.store import embedded

_PAIRS = [
    (
        "قال الرئيس إن الاجتماع سيعقد يوم الأحد.",
        "The president said the meeting will be on Sunday.",
    ),
    ("ارتفعت أسعار النفط اليوم.", "“Oil” prices rose today."),
]


@pytest.fixture
def tsv(tmp_path: Path) -> Path:
    path = tmp_path / "news.tsv"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in _PAIRS), encoding="utf-8")
    return path


def test_scores_come_as_a_table_and_as_json(
    tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--set", f"news={tsv}", "--beams", "1", "4", "--json", str(tmp_path / "out.json")]
    assert main(["evaluate", "starter", *arguments]) == 0
    title, head, greedy, beam, bleu, chrf = capsys.readouterr().out.splitlines()
    assert title == "starter: int8 within ±63"
    assert head.split() == ["set", "sentences", "beam", "BLEU", "chrF2", "tokens/s"]
    assert greedy.split()[:3] == ["news", "2", "1"]
    assert beam.split()[:3] == ["news", "2", "4"]
    document = json.loads((tmp_path / "out.json").read_bytes())
    assert document["digest"] == Manifest.load(embedded()).digest
    assert [one["beam"] for one in document["results"]] == [1, 4]
    assert all(20 < one["chrf2"] <= 100 for one in document["results"])
    assert f"BLEU {document['results'][0]['bleu_signature']}" == bleu
    assert f"chrF2 {document['results'][0]['chrf2_signature']}" == chrf


def test_a_set_may_be_two_files(tsv: Path, tmp_path: Path) -> None:
    for name, column in (("ar", 0), ("en", 1)):
        (tmp_path / name).write_text(
            "".join(f"{pair[column]}\n" for pair in _PAIRS), encoding="utf-8"
        )
    two = read_set(f"news={tmp_path / 'ar'}:{tmp_path / 'en'}")
    assert two == read_set(f"news={tsv}")


def test_a_sentence_beyond_the_limit_is_cut_as_the_server_cuts_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = " ".join([_PAIRS[0][0].rstrip(".")] * 30)
    (tmp_path / "long.tsv").write_text(f"{long}\tlong\n", encoding="utf-8")
    assert main(["evaluate", "starter", "--set", f"long={tmp_path / 'long.tsv'}"]) == 0
    assert "long                 1    1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("news", "is not NAME="),
        ("=news.tsv", "is not NAME="),
        ("news=none.tsv", "none.tsv"),
        ("news=one.tsv", "line 1 is not source"),
        ("news=empty.tsv", "line 1 is not source"),
        ("news=blank.tsv", "a source in it is"),
        ("news=one.tsv:two.tsv", "two files of as many lines"),
        ("news=one.tsv:one.tsv:one.tsv", "two files of as many lines"),
    ],
)
def test_what_is_no_set_is_told_in_one_line(
    argument: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in (("one", "a\n"), ("two", "a\nb\n"), ("empty", ""), ("blank", " \tb\n")):
        (tmp_path / f"{name}.tsv").write_text(content)
    assert main(["evaluate", "starter", "--set", argument]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("width", ["0", "-1", "two"])
def test_a_beam_has_a_width(width: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["evaluate", "starter", "--set", "a=b", "--beams", width])
    assert "beam" in capsys.readouterr().err


def test_a_model_that_does_not_load_is_told(
    model: Path, tsv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(model), "--set", f"news={tsv}"]) == 1
    assert "tiny" in capsys.readouterr().err


def test_without_the_extra_the_command_says_what_to_install(tsv: Path) -> None:
    code = (
        "import sys; sys.modules['sacrebleu'] = None\n"
        "from mujaz_models.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "evaluate", "starter", "--set", f"news={tsv}"],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'mujaz-models[evaluate]'" in done.stderr
