"""How many figures of a text a model keeps, without the server's second tries.

    python bench/figures.py MODEL SOURCES [SOURCES …]

SOURCES has one Arabic sentence a line, or Arabic TAB English. Counted are numbers in digits and
number words over ten, those that the check of numbers insists on (`translation/numbers.py`); kept
is what stands in the translation, in digits or words, whatever it counts there.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from mujaz_models import store
from mujaz_models.manifest import Manifest
from mujaz_server.text.normalize import normalize
from mujaz_server.translation.engine import Decoding, Engine
from mujaz_server.translation.numbers import compare_numbers
from mujaz_server.translation.numerals import numerals

_TEN = 10
_ROWS = 16


def main() -> None:
    """Print what each beam keeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=store.find)
    parser.add_argument("sources", type=Path, nargs="+")
    given = parser.parse_args()
    manifest = Manifest.load(given.model)
    engine = Engine.load(given.model, manifest)
    sentences = [text for path in given.sources for text in _sentences(path)]
    print(f"{manifest.name}, {manifest.digest}")
    for beam in (1, 2, 4):
        counted, lost = _figures(engine, sentences, Decoding(beam_size=beam))
        share = (counted - lost) / counted
        print(f"beam {beam}: {counted - lost} of {counted} figures kept ({share:.1%})")
    engine.close()


def _sentences(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if text := normalize(line.partition("\t")[0]).text.strip():
            yield text


def _figures(engine: Engine, sentences: Sequence[str], decoding: Decoding) -> tuple[int, int]:
    """Return how many figures the sentences have, and how many of them were lost."""
    rows = [(text, engine.encode(text)) for text in sentences]
    fitting = sorted(
        (row for row in rows if 0 < len(row[1]) <= engine.max_source_tokens),
        key=lambda row: len(row[1]),
    )
    counted = lost = 0
    for start in range(0, len(fitting), _ROWS):
        batch = fitting[start : start + _ROWS]
        outputs = engine.translate([pieces for _, pieces in batch], decoding)
        for (text, _), output in zip(batch, outputs, strict=True):
            counted += sum(figure.digits or figure.values[0] > _TEN for figure in numerals(text))
            lost += len(compare_numbers(text, output.text).missing)
    return counted, lost


if __name__ == "__main__":
    main()
