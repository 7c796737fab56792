"""The command `mujaz-batch`: many documents in, a row for each out."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NoReturn

from mujaz_models import store
from mujaz_models.manifest import Manifest, ManifestError
from mujaz_server.bulk.chunks import Chunk
from mujaz_server.bulk.documents import InputError
from mujaz_server.bulk.job import Translate, assembly_of, in_process, run, source_of, state_of
from mujaz_server.bulk.ledger import Ledger, LedgerError, Totals
from mujaz_server.bulk.setup import Setup
from mujaz_server.bulk.translator import Outcome, Work
from mujaz_server.pipeline.events import Quality
from mujaz_server.settings import Settings, SettingsError, load
from mujaz_server.text.segment import NewlineMode
from mujaz_server.translation.engine import EngineError

EXIT_CANNOT = 1
EXIT_USAGE = 2
EXIT_SOME_REJECTED = 3
EXIT_INTERRUPTED = 130

_SETTINGS = ("model", "quality", "threads", "retry_share", "max_code_points", "max_sentences")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits.

    With 0 when every document has its row, 3 when some were rejected, 1 when it cannot go on, 2 on
    bad usage, 130 when it was interrupted.
    """
    given = _parser().parse_args(arguments)
    try:
        totals = _batch(given)
    except SettingsError as error:
        _fail(EXIT_USAGE, error)
    except (
        EngineError,
        InputError,
        LedgerError,
        ManifestError,
        OSError,
        store.ModelNotFoundError,
    ) as error:
        _fail(EXIT_CANNOT, error)
    except ModuleNotFoundError as error:
        extra = "ray" if error.name == "ray" else "batch"
        _fail(EXIT_CANNOT, f"{error.name} is not here: pip install 'mujaz-server[{extra}]'")
    except KeyboardInterrupt:
        _say("stopped; the same command goes on from here")
        os._exit(EXIT_INTERRUPTED)  # what is done is on the disk, and threads need not end
    _say(_told(totals, given.output))
    sys.exit(EXIT_SOME_REJECTED if totals.rejected else 0)


def _batch(given: argparse.Namespace) -> Totals:
    from mujaz_server.bulk.progress import Progress  # noqa: PLC0415  tqdm is an extra

    settings = load({name: getattr(given, name) for name in _SETTINGS}, given.config)
    manifest = Manifest.load(store.find(settings.model))
    setup = Setup(settings.model, manifest, settings.thread_count, _work(settings, given))
    source = source_of(given.input, settings.max_code_points)
    assemble = assembly_of(given.output)
    extent = source.extent()
    state = state_of(extent, setup.manifest, setup.work, given.output)
    with (
        Ledger(given.output, state, assemble) as ledger,
        closing(Progress(extent.documents)) as progress,
    ):
        return run(source, ledger, _translate(setup, given.actors), progress)


def _work(settings: Settings, given: argparse.Namespace) -> Work:
    return Work(
        quality=Quality[settings.quality.upper()],
        newline=NewlineMode.WRAP if given.wrap else NewlineMode.BREAK,
        summary_sentences=given.summary_sentences,
        retry_share=settings.retry_share,
        max_code_points=settings.max_code_points,
        max_sentences=settings.max_sentences,
    )


def _translate(setup: Setup, actors: int | None) -> Translate:
    if actors is None:
        return partial(_here, setup)
    return partial(_in_actors, actors, setup)


def _here(setup: Setup, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
    with setup.translator() as translator:
        yield from in_process(translator, chunks)


def _in_actors(count: int, setup: Setup, chunks: Iterator[Chunk]) -> Iterator[Outcome]:
    from mujaz_server.bulk.ray import Actors  # noqa: PLC0415  ray is an extra

    with Actors(count, setup) as actors:
        yield from actors.translate(chunks)


def _told(totals: Totals, output: Path) -> str:
    told = f"{totals.translated} documents in {output}"
    if totals.rejected:
        told += f", {totals.rejected} rejected: {output}.rejected.jsonl says why"
    return told


def _say(line: object) -> None:
    print(f"mujaz-batch: {line}", file=sys.stderr)  # noqa: T201  for the person who started it


def _fail(status: int, error: object) -> NoReturn:
    _say(error)
    sys.exit(status)


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise ValueError(text)
    return value


_positive.__name__ = "whole number of 1 or more"  # as argparse calls it


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mujaz-batch",
        description="Many Arabic documents in; a row for each with its English sentences and their "
        "summary out. Run again after a kill, it goes on.",
    )
    parser.add_argument(
        "input",
        type=Path,
        metavar="INPUT",
        help="a .jsonl file of {id, text}, a .parquet file with such columns, a folder of .txt",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="a .jsonl or .parquet file")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=os.environ.get("MUJAZ_CONFIG"),
        help="a TOML file of the server's settings (default: $MUJAZ_CONFIG)",
    )
    for name in _SETTINGS:
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="VALUE",
            help=Settings.model_fields[name].description,
        )
    _add_own_flags(parser)
    return parser


def _add_own_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--summary-sentences",
        type=_positive,
        default=3,
        metavar="N",
        help="sentences of a summary, at most (default: 3)",
    )
    parser.add_argument(
        "--wrap",
        action="store_true",
        help="the texts are wrapped to a width: a line break is a space",
    )
    parser.add_argument(
        "--actors",
        type=_positive,
        metavar="N",
        help="translate in N actors of Ray, each with --threads threads (extra: ray)",
    )
