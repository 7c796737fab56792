# ruff: noqa: T201 (a command prints)
"""`mujaz-models evaluate`: what a model scores on parallel text, as a table and as JSON."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from mujaz_models import store
from mujaz_models.command import Command, CommandError
from mujaz_models.evaluate.sets import read_set
from mujaz_models.manifest import Manifest
from mujaz_models.shelf import describe_weights


def _run(options: argparse.Namespace) -> None:
    try:
        from mujaz_models.evaluate.scoring import score  # noqa: PLC0415 (needs the extra)
        from mujaz_server.translation.engine import Engine, EngineError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandError(
            f"to evaluate a model, {error.name} is needed: pip install 'mujaz-models[evaluate]'"
        ) from error
    sets = [read_set(argument) for argument in options.set]
    folder = store.find(options.model)
    manifest = Manifest.load(folder)
    try:
        engine = Engine.load(folder, manifest)
    except EngineError as error:
        raise CommandError(str(error)) from error
    print(f"{manifest.name}: {describe_weights(manifest)}")
    print(f"{'set':<12} {'sentences':>9} {'beam':>4} {'BLEU':>6} {'chrF2':>6} {'tokens/s':>8}")
    results = []
    for test_set in sets:
        for beam in options.beams:
            result = score(engine, test_set, beam)
            results.append(result)
            print(
                f"{result.set:<12} {result.sentences:>9} {beam:>4} {result.bleu:>6.2f}"
                f" {result.chrf2:>6.2f} {result.tokens_per_second:>8.0f}",
                flush=True,
            )
    print(f"BLEU {results[-1].bleu_signature}\nchrF2 {results[-1].chrf2_signature}")
    if options.json:
        _write(options.json, manifest, [asdict(result) for result in results])


def _write(path: Path, manifest: Manifest, results: list[dict[str, object]]) -> None:
    document = {
        "model": manifest.name,
        "digest": manifest.digest,
        "weights": describe_weights(manifest),
        "results": results,
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _beam(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no width of a beam")
    return int(text)


def _configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help="a name or a folder")
    add(
        "--set",
        action="append",
        required=True,
        metavar="NAME=FILES",
        help="FILE.tsv (source, tab, reference) or SOURCE:REFERENCE; may be given again",
    )
    add("--beams", nargs="+", type=_beam, default=[1], metavar="N", help="default: 1, greedy")
    add("--json", type=Path, metavar="FILE", help="write the results there too")


COMMAND = Command(
    "evaluate", "measure BLEU, chrF2 and speed of a model on parallel text", _configure, _run
)
