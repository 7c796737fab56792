import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from first_sentence import Documents
from limit import Offline, Shape
from offline import Cell, Setup, fastest, starter, table

from mujaz_models import store
from mujaz_server.text.segment import segment

SETUP = Setup("int8", 2, 1, 256, 1)


def test_no_cell_of_the_grid_is_measured_twice_and_the_defaults_are_one() -> None:
    study = starter(quick=True)
    assert len(set(study.grid)) == len(study.grid)
    assert {cell.beam for cell in study.grid} == set(study.final) == {1, 2, 5}
    assert any((cell.batch_tokens, cell.intra) == (256, 1) for cell in study.grid)


def test_the_fastest_is_that_of_its_beam() -> None:
    cells = [
        Cell(SETUP, 100, 3000),
        Cell(replace(SETUP, batch_tokens=512), 110, 3300),
        Cell(replace(SETUP, beam=2, batch_tokens=64), 70, 2100),
    ]
    assert fastest(cells, 1).batch_tokens == 512
    assert fastest(cells, 2).batch_tokens == 64


def test_the_table_has_a_line_for_each_setup_and_a_column_for_each_beam() -> None:
    study = starter(quick=True)
    made = table(study, [Cell(setup, 10, 300) for setup in study.grid])
    assert [len(line) for line in made.lines] == [len(made.heads)] * len(made.lines)
    assert len(made.lines) * len(study.final) == len(study.grid)


def test_rows_are_pieces_that_end_the_longest_first() -> None:
    rows = Offline(store.embedded(), Shape(1)).rows(["وصل", "وصل الوزير الى العاصمة", "وصل الوزير"])
    assert [len(row) for row in rows] == sorted(map(len, rows), reverse=True)
    assert all(row[-1] == "</s>" for row in rows)


@pytest.mark.parametrize("length", [1, 4])
def test_documents_of_a_length_differ_in_their_first_sentence_alone(length: int) -> None:
    sentences = [f"قال الوزير {number}." for number in range(10)]
    made = list(islice(Documents(sentences, 3).each(length), 4))
    assert [text.split("\n")[0] for text in made] == [*sentences[:3], sentences[0]]
    assert len({tuple(text.split("\n")[1:]) for text in made}) == 1
    assert [len(segment(text)) for text in made] == [length] * 4
