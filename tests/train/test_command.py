import argparse
import sys
from pathlib import Path

import pytest

from mujaz_models.command import CommandError
from mujaz_models.train.command import COMMAND

RECIPE = Path(__file__).parents[2] / "models" / "starter" / "recipe.toml"


def _run(tmp_path: Path, *arguments: str) -> None:
    parser = argparse.ArgumentParser()
    COMMAND.configure(parser)
    COMMAND.run(parser.parse_args([str(RECIPE), "--work", str(tmp_path), *arguments]))


def test_a_step_that_the_recipe_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there are prepare, bake, decoder, grow, news, export"):
        _run(tmp_path, "--stage", "polish")


def test_a_checkpoint_without_its_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--from and --vocabulary belong together"):
        _run(tmp_path, "--from", "some.pt")


def test_where_torch_is_missing_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("mujaz_models.train.")]:
        if name.rpartition(".")[2] not in {"command", "recipe"}:
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(CommandError, match=r"mujaz-models\[train\]"):
        _run(tmp_path)


def test_corpora_that_are_not_there_are_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(CommandError, match=r"\.tsv\.xz is not in"):
        _run(tmp_path / "work", "--data", str(tmp_path), "--stage", "prepare")
