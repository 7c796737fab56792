"""Killed anywhere, a run goes on and ends as if nothing had happened."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulk.runs import WORK, batch, news, written
from mujaz_server.bulk import durable, job
from mujaz_server.bulk.chunks import Chunk, chunked
from mujaz_server.bulk.documents import Entry
from mujaz_server.bulk.ledger import LedgerError, Totals
from mujaz_server.pipeline.events import Quality
from scripted import ScriptedModel

NEWS = news(22)
DOCUMENTS = [*NEWS[:12], b"not JSON", *NEWS[12:19], {"id": "blank", "text": " "}, *NEWS[19:]]


_WRITE = Path.write_bytes


class Killed(BaseException):
    """Stands for SIGKILL: nobody catches it."""


def small_chunks(entries: Iterable[Entry]) -> Iterator[Chunk]:
    return chunked(entries, 400)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "chunked", small_chunks)


class Failpoints:
    """Counts what reaches the disk or the engine, and stops at one of these steps, before it."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.passed = 0

    def step(self) -> None:
        if self.at is not None and self.passed >= self.at:
            raise Killed  # and whatever is tried after a kill is not done either
        self.passed += 1

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            self.step()
            return function(*args, **named)

        return call

    def writing(self) -> Callable[[Path, bytes], None]:
        """Returns what writes a file; what is killed here has written half of it."""

        def write(path: Path, content: bytes) -> None:
            try:
                self.step()
            except Killed:
                _WRITE(path, content[: len(content) // 2])
                raise
            _WRITE(path, content)

        return write


def attempt(source: Path, output: Path, at: int | None = None) -> Failpoints:
    """One start of the run that is killed at a step, or at none."""
    points = Failpoints(at)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("replace", "unlink", "rmdir", "mkdir"):
            patch.setattr(os, name, points.guarded(getattr(os, name)))
        patch.setattr(os, "fsync", points.guarded(lambda _descriptor: None))  # the machine stays up
        patch.setattr(Path, "write_bytes", points.writing())
        batch(source, output, ScriptedModel(on_start=lambda _rows: points.step()))
    return points


def results(output: Path) -> dict[str, bytes]:
    """All that stands beside an output, by name; a folder as nothing."""
    return {
        path.name: path.read_bytes() if path.is_file() else b"" for path in output.parent.iterdir()
    }


@dataclass(frozen=True, slots=True)
class Whole:
    """A run that nothing disturbed."""

    source: Path
    results: dict[str, bytes]
    steps: int


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    source = written(tmp_path_factory.mktemp("source") / "in.jsonl", DOCUMENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "chunked", small_chunks)
        steps = attempt(source, folder / "out.jsonl").passed
    return Whole(source, results(folder / "out.jsonl"), steps)


def test_a_run_leaves_its_output_its_dead_letters_and_its_state(whole: Whole) -> None:
    assert set(whole.results) == {"out.jsonl", "out.jsonl.rejected.jsonl", "out.jsonl.state.json"}
    rows = [json.loads(line) for line in whole.results["out.jsonl"].splitlines()]
    assert [row["id"] for row in rows] == [
        each["id"] for each in DOCUMENTS if isinstance(each, dict) and each["text"].strip()
    ]
    letters = whole.results["out.jsonl.rejected.jsonl"].splitlines()
    assert [json.loads(letter)["number"] for letter in letters] == [13, 21]


def test_killed_at_each_step_it_ends_as_if_nothing_had_happened(
    whole: Whole, tmp_path: Path
) -> None:
    assert whole.steps > 50
    for step in range(whole.steps):
        output = tmp_path / str(step) / "out.jsonl"
        output.parent.mkdir()
        with pytest.raises(Killed):
            attempt(whole.source, output, step)
        attempt(whole.source, output)
        assert results(output) == whole.results, f"killed at step {step}"


@settings(max_examples=25)
@given(data=st.data())
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(
    whole: Whole, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    output = tmp_path_factory.mktemp("killed") / "out.jsonl"
    for at in data.draw(st.lists(st.integers(0, whole.steps), min_size=1, max_size=4)):
        with suppress(Killed):
            attempt(whole.source, output, at)
    attempt(whole.source, output)
    assert results(output) == whole.results


def test_what_is_done_is_not_translated_again(whole: Whole, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    first, second = ScriptedModel(), ScriptedModel()
    with pytest.MonkeyPatch.context() as patch:
        replaced = iter([None] * 4)  # the state, two chunks and a dead letter

        def replace_four_times(before: Path, after: Path) -> None:
            if next(replaced, Killed):
                raise Killed
            before.rename(after)

        patch.setattr(os, "replace", replace_four_times)
        with pytest.raises(Killed):
            batch(whole.source, output, first)
    done = "".join(path.read_text() for path in tmp_path.rglob("*.rows"))
    batch(whole.source, output, second)
    assert results(output) == whole.results
    assert second.started
    assert not [text for text in second.started if f'"{text}"' in done]


def test_written_in_its_place_a_part_would_be_taken_for_done_when_it_is_half(
    whole: Whole, tmp_path: Path
) -> None:
    """The seeded defect that the tests of kills have to see."""

    def defective(step: int) -> bool:
        output = tmp_path / str(step) / "out.jsonl"
        output.parent.mkdir()
        with suppress(Killed, ValueError):
            attempt(whole.source, output, step)
        with suppress(ValueError):  # a state that is half cannot even be read
            attempt(whole.source, output)
        return results(output) != whole.results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "write", lambda path, content: path.write_bytes(content))
        assert any(defective(step) for step in range(8, 20))


def test_a_complete_run_is_not_done_again(whole: Whole, tmp_path: Path) -> None:
    output, model = tmp_path / "out.jsonl", ScriptedModel()
    first = batch(whole.source, output)
    assert batch(whole.source, output, model) == first == Totals(22, 2)
    assert model.started == []
    assert results(output) == whole.results


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"retry_share": 0.5}, "different settings", id="settings"),
        pytest.param({"quality": Quality.BEST}, "different settings", id="quality"),
        pytest.param({}, "different input", id="input"),
    ],
)
@pytest.mark.parametrize("killed_at", [None, 30])
def test_another_input_or_work_is_refused(
    change: dict[str, Any], told: str, killed_at: int | None, whole: Whole, tmp_path: Path
) -> None:
    output = tmp_path / "out.jsonl"
    with suppress(Killed):
        attempt(whole.source, output, killed_at)
    before = results(output)
    source = whole.source if change else written(tmp_path / "in.jsonl", DOCUMENTS[:-1])
    with pytest.raises(LedgerError, match=f"{told}: go on with the same"):
        batch(source, output, work=replace(WORK, **change))
    after = results(output)
    after.pop("in.jsonl", None)
    assert after == before
    batch(whole.source, output)
    after = results(output)
    after.pop("in.jsonl", None)
    assert after == whole.results


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.rejected.jsonl"])
def test_what_is_not_its_own_is_not_written_over(name: str, whole: Whole, tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(LedgerError, match="exists already"):
        batch(whole.source, tmp_path / "out.jsonl")
    assert results(tmp_path / "out.jsonl") == {name: b"precious"}


def test_an_output_that_is_gone_is_not_called_complete(whole: Whole, tmp_path: Path) -> None:
    batch(whole.source, tmp_path / "out.jsonl")
    (tmp_path / "out.jsonl").unlink()
    with pytest.raises(LedgerError, match="gone"):
        batch(whole.source, tmp_path / "out.jsonl")


def test_parts_of_a_run_whose_state_was_removed_are_not_taken(whole: Whole, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.raises(Killed):
        attempt(written(tmp_path / "in.jsonl", news(30)), output, 40)
    assert list(tmp_path.rglob("*.rows"))
    (tmp_path / "out.jsonl.state.json").unlink()
    with suppress(Killed):
        attempt(whole.source, output, 20)
    batch(whole.source, output)
    after = results(output)
    after.pop("in.jsonl")
    assert after == whole.results


def test_a_second_process_is_kept_out(whole: Whole, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    code = (
        "import sys; from pathlib import Path; from mujaz_server.bulk.ledger import Ledger\n"
        "with Ledger(Path(sys.argv[1]), {}, print): print('in', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, output], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        with pytest.raises(LedgerError, match="another process"):
            batch(whole.source, output)
        holder.kill()
    (tmp_path / "out.jsonl.state.json").unlink()
    batch(whole.source, output)
    assert results(output) == whole.results
