import asyncio
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

import peers
from peer_services import environments
from peer_services.callers import HttpCaller
from peer_services.http_service import Service
from peer_services.loads import Load, answers_of, translations_of
from peer_services.roster import MUJAZ, Peer
from peer_services.started import Started, started
from peer_services.starter_forms import write_checkpoint, write_packages
from peer_services.table import Row, load_table, rates_chart
from traffic import Answer

from mujaz_models import store
from mujaz_models.convert.binary import read_variables
from mujaz_models.convert.checkpoint import read_checkpoint
from mujaz_models.convert.specification import build, quantize
from mujaz_models.manifest import Manifest

TEXTS = [f"sentence {number}" for number in range(9)]


class Scripted:
    """A peer without a process: answers what a function makes of each sentence."""

    def __init__(self, made: Any) -> None:
        self.made = made
        self.calls: list[list[str]] = []
        self.open = 0

    async def connect(self) -> None:
        self.open += 1

    async def close(self) -> None:
        self.open -= 1

    async def translate(self, sentences: Sequence[str]) -> list[str]:
        await asyncio.sleep(0)
        self.calls.append(list(sentences))
        return [made for each in sentences if (made := self.made(each)) is not None]


def served(caller: Scripted, name: str = "scripted", goal: float = 3) -> Started:
    peer = Peer(name, (), lambda _: caller, goal, "echoes")
    return Started(peer, 0, cast("Any", None), 0.0)


@pytest.mark.parametrize("sentences", [1, 2, 4])
async def test_a_load_calls_with_all_sentences_in_turn_and_counts_them(sentences: int) -> None:
    caller = Scripted(str.upper)
    answers = await answers_of(served(caller), Load(2, sentences), TEXTS, 0.02)
    assert len(answers) == len(caller.calls) >= 2
    assert {each.sentences for each in answers} == {sentences}
    assert caller.calls[:2] == [TEXTS[:sentences], TEXTS[sentences : 2 * sentences]]
    assert all(len(call) == sentences for call in caller.calls)
    assert caller.open == 0


async def test_a_peer_that_loses_a_sentence_is_found() -> None:
    caller = Scripted(lambda text: None if text == TEXTS[3] else text)
    with pytest.raises(ExceptionGroup) as caught:
        await answers_of(served(caller), Load(1, 2), TEXTS, 0.02)
    assert "1 of 2 came" in str(caught.value.exceptions[0])
    assert caller.open == 0


def nearness(other: Any) -> dict[str, float]:
    with asyncio.Runner() as runner:
        both = [served(Scripted(str.upper), MUJAZ.name), served(Scripted(other), "other")]
        return peers.Comparison(both, TEXTS, 0.0, runner).nearness()


def test_equal_translations_are_as_near_as_can_be() -> None:
    assert nearness(str.upper) == {MUJAZ.name: 100.0, "other": 100.0}


def test_a_peer_that_does_other_work_ends_the_benchmark() -> None:
    with pytest.raises(SystemExit, match="other does other work"):
        nearness(lambda text: text[:3])


def test_mujaz_is_held_against_each_peer_round_by_round() -> None:
    both = [served(Scripted(str), MUJAZ.name), served(Scripted(str), "other")]
    rates = {f"{MUJAZ.name}: {peers.HEAVY}": [30.0, 60.0], f"other: {peers.HEAVY}": [10.0, 10.0]}
    (goal,) = peers.goals(both, rates)
    assert (goal.measured, goal.kept) == ("4.50 (3.75 to 5.25)", True)
    rates[f"{MUJAZ.name}: {peers.HEAVY}"] = [20.0, 20.0]
    (goal,) = peers.goals(both, rates)
    assert (goal.measured, goal.kept) == ("2.00", False)


def test_the_best_of_each_column_is_marked() -> None:
    quick, slow = [Answer(0, 1, 1, 1)] * 3, [Answer(0, 2, 2, 1)] * 3
    rows = [Row.of("a", Load(1), [5.0], quick), Row.of("b", Load(1), [6.0], slow)]
    table = load_table(Load(1), rows)
    assert table.title == "1 caller, a sentence a call"
    assert table.lines == [
        ("a", "5.0", "1000.0*", "1000.0*", "3"),
        ("b", "6.0*", "2000.0", "2000.0", "3"),
    ]
    assert rates_chart(rows).series == {"a": [(1.0, 5.0)], "b": [(1.0, 6.0)]}


@pytest.fixture
def http_port() -> Iterator[int]:
    with Service(lambda lines: [each[::-1] for each in lines], 0) as service:
        thread = threading.Thread(target=partial(service.serve_forever, 0.01))
        thread.start()
        yield service.server_address[1]
        service.shutdown()
        thread.join()


async def test_http_keeps_its_connection_and_gives_line_for_line(http_port: int) -> None:
    caller = HttpCaller(http_port)
    await caller.connect()
    assert await caller.translate(["قال", "a b"]) == ["لاق", "b a"]
    assert await caller.translate(["c"]) == ["c"]
    await caller.close()
    peer = Peer("http", (), lambda _: HttpCaller(http_port), 1, "")
    texts = await translations_of(Started(peer, http_port, cast("Any", None), 0.0), ["ab", "cd"])
    assert texts == ["ba", "dc"]


def test_a_peer_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    peer = Peer("broken", (sys.executable, "-c", "exit('no model')"), HttpCaller, 1, "")
    with (
        asyncio.Runner() as runner,
        pytest.raises(RuntimeError, match=r"broken does not translate: .* 1; no model"),
        started(peer, tmp_path, {}, runner),
    ):
        pass


def test_what_cannot_be_installed_is_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "missing.txt").write_text("./missing.whl\n")
    monkeypatch.setattr(environments, "_HERE", tmp_path)
    monkeypatch.setattr(environments, "_BUILD", tmp_path / "build")
    monkeypatch.setattr(environments, "ENVIRONMENTS", {"missing": "a-venv"})
    assert environments.install("missing") is None
    assert "missing cannot be installed: ERROR" in capsys.readouterr().out
    assert not (tmp_path / "build" / "a-venv" / ".missing").exists()
    assert environments.python_with("missing") is None
    assert "missing is left out" in capsys.readouterr().out


def test_what_is_installed_is_found_until_other_versions_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "_HERE", tmp_path)
    monkeypatch.setattr(environments, "_BUILD", tmp_path)
    monkeypatch.setattr(environments, "ENVIRONMENTS", {"peer": "a-venv"})
    (tmp_path / "a-venv").mkdir()
    for path in (tmp_path / "peer.txt", tmp_path / "a-venv" / ".peer"):
        path.write_text("peer==1\n", encoding="utf-8")
    assert environments.python_with("peer") == tmp_path / "a-venv" / "bin" / "python"
    (tmp_path / "peer.txt").write_text("peer==2\n", encoding="utf-8")
    assert environments.python_with("peer") is None


def test_the_checkpoint_rounds_to_the_weights_that_the_package_holds(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "checkpoint")
    spec = build(read_checkpoint(tmp_path / "checkpoint").model)
    quantize(spec, "int8", Manifest.load(store.embedded()).int8_range or 127)
    again = {name: each for name, each in spec.variables().items() if not isinstance(each, str)}
    held = list(read_variables(store.embedded() / "model.bin"))
    rounded = [each for each in held if each.array.dtype == np.int8 and each.array.ndim]
    assert len(rounded) == 2 + 8 * 4 + 3 * 7  # embeddings, layers of the encoder and the decoder
    for each in rounded:
        assert (each.array == again[each.name].numpy()).all(), each.name


def test_the_package_holds_the_embedded_model(tmp_path: Path) -> None:
    write_packages(tmp_path)
    package = tmp_path / "translate-ar_en-starter"
    for name in ("model.bin", "source_vocabulary.json", "target_vocabulary.json"):
        assert (package / "model" / name).read_bytes() == (store.embedded() / name).read_bytes()
    assert json.loads((package / "model" / "config.json").read_text())["add_source_eos"] is True
    assert len(list(tmp_path.glob("*/metadata.json"))) == 2
