"""Fuzzing in its short form; every target is also run on an implementation that is wrong."""

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from mujaz_models.convert import ConvertError, archive, npz, vocabulary
from mujaz_models.manifest import Manifest, ManifestError
from mujaz_server.rpc import errors, requests
from mujaz_server.text import clauses, normalize, segment
from mujaz_server.translation import checks
from mujaz_server.translation.numbers import NumberDifference
from robustness import fuzzing
from robustness.fuzz import corpus, run, targets
from robustness.fuzz.targets import TARGETS, Target
from robustness.machine import ENVIRONMENT


def wrong(implementation: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: change(implementation(*args, **kwargs))


async def test_nothing_breaks_and_nothing_is_slow() -> None:
    rows = await fuzzing.measured(fuzzing.SHORT)
    assert [row for row in rows if not row.kept] == []
    assert len(rows) == len(TARGETS) + 1


@pytest.mark.parametrize(
    ("name", "where", "attribute", "defect"),
    [
        pytest.param(
            "request",
            errors,
            "MOST_VIOLATIONS",
            1_000,
            id="a status larger than any client takes",
        ),
        pytest.param(
            "request", requests, "_check_summary", lambda *_: None, id="a number never checked"
        ),
        pytest.param(
            "segment",
            segment,
            "segment",
            wrong(segment.segment, lambda found: found[1:]),
            id="a lost sentence",
        ),
        pytest.param(
            "segment",
            clauses,
            "split_long",
            wrong(clauses.split_long, lambda found: found[:-1]),
            id="a lost clause",
        ),
        pytest.param(
            "normalize",
            normalize,
            "normalize",
            lambda text: normalize.Normalized(text + " ", range(len(text) + 2)),
            id="a text that grows each time",
        ),
        pytest.param(
            "checks",
            checks,
            "compare_numbers",
            lambda *_: NumberDifference(("٣",), ()),
            id="numbers not in ASCII digits",
        ),
        pytest.param(
            "manifest",
            Manifest,
            "parse",
            lambda *_: (_ for _ in ()).throw(ManifestError("two\nlines")),
            id="a refusal in two lines",
        ),
        pytest.param("npz", npz, "_DAMAGED", (ValueError,), id="a header that is no dictionary"),
        pytest.param("npz", npz, "_KINDS", "fiub", id="arrays of what are no numbers"),
        pytest.param("npz", archive, "_DAMAGED", (), id="a method of packing nobody knows"),
        pytest.param(
            "vocabulary",
            vocabulary,
            "_ordered",
            lambda _, entries: tuple(piece for piece, _ in entries),
            id="pieces not looked at",
        ),
    ],
)
def test_a_seeded_defect_is_found(
    name: str, where: Any, attribute: str, defect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, attribute, defect)
    told = fuzzing.fuzzed(TARGETS[name], corpus.kept(name), 3_000, seed=1)
    assert told.broken
    assert not fuzzing.judged(name, 1, told).kept


def test_a_slow_input_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "SLOW_S", 0.05)

    def works(data: bytes) -> None:
        until = time.thread_time() + 0.06 * (data == b"slow")
        while time.thread_time() < until:
            pass

    told = fuzzing.fuzzed(Target(works, 1), [b"quick", b"slow"], 2, seed=1)
    assert bytes.fromhex(told.slowest) == b"slow"
    assert not fuzzing.judged("works", 2, told).kept


def test_what_is_broken_is_told_with_its_input() -> None:
    def dislikes(data: bytes) -> None:
        if b"\xff" in data:
            raise KeyError("why")

    told = fuzzing.fuzzed(Target(dislikes, 1, words=[b"\xff"]), [b"abc"], 500, seed=1)
    assert told.runs == 500
    assert all(b"\xff" in bytes.fromhex(data) for data, _ in told.broken)
    assert told.broken[0][1] == "KeyError: 'why'"


@pytest.mark.parametrize(
    ("last", "status"),
    [({}, -11), ({"done": False, "runs": 5, "broken": []}, 77)],
    ids=["at its start", "on the way"],
)
def test_a_process_that_dies_is_a_find(last: dict[str, object], status: int) -> None:
    told = fuzzing.outcome(last, status)
    assert told.broken == [("", f"the process ended with {status}")]


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_inputs_are_few_short_and_new(name: str) -> None:
    lines = corpus.path(name).read_text(encoding="ascii").split()
    assert len(lines) == len(set(lines)) > 0
    assert max(map(len, lines)) <= 2 * TARGETS[name].longest


def test_the_shares_of_the_targets_are_the_whole() -> None:
    assert sum(target.share for target in TARGETS.values()) == pytest.approx(1)


def test_what_is_kept_is_what_was_given(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "_FOLDER", tmp_path)
    corpus.keep("new", [b"longer", b"\0", b"", b"\0"])
    assert corpus.kept("new") == [b"", b"\0", b"longer"]


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris here")
def test_coverage_guides_the_long_form() -> None:
    command = [sys.executable, "-m", "robustness.fuzz", "manifest", "200"]
    answer = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=True, timeout=50)
    last = json.loads(answer.stdout.splitlines()[-1])
    assert last["guided"]
    assert fuzzing.outcome(last, 0).runs == 200


def test_the_longest_refusal_is_one_that_clients_take() -> None:
    told = errors.fault(errors.no_arabic([f"texts[{n}]" for n in range(128)]), "id")
    assert len(told.violations) == errors.MOST_VIOLATIONS
    assert told.message.endswith("and 108 more")


@pytest.mark.parametrize("read", [vocabulary.read_json, vocabulary.read_yaml])
def test_half_a_surrogate_pair_is_no_piece(read: Callable[[Any], object]) -> None:
    text = b'{"</s>": 0, "<unk>": 1, "\\ud800": 2}'
    if read is vocabulary.read_yaml:
        text = b'</s>: 0\n<unk>: 1\n"\\ud800": 2\n'
    with pytest.raises(ConvertError, match="no text"):
        read(targets.Held(text))


def test_a_second_is_what_is_promised() -> None:
    assert run.SLOW_S == 1.0
