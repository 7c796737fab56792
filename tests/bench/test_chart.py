import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from chart import HEIGHT, LEFT, TOP, WIDTH, svg
from rounds import Chart

NUMBERS = st.floats(0.001, 1e7)
LINES = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=9)


def drawn(chart: Chart) -> ET.Element:
    return ET.fromstring(svg(chart))  # noqa: S314  what we have drawn


def circles(root: ET.Element, radius: str = "3.5") -> list[tuple[float, float]]:
    return [
        (float(each.attrib["cx"]), float(each.attrib["cy"]))
        for each in root.iter()
        if each.tag.endswith("circle") and each.attrib["r"] == radius
    ]


def texts(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter() if each.tag.endswith("text")]


@given(st.lists(LINES, min_size=1, max_size=8), st.booleans())
def test_every_point_stands_within_the_axes(
    lines: list[list[tuple[float, float]]],
    logarithmic: bool,  # noqa: FBT001  hypothesis gives it
) -> None:
    series = {str(index): line for index, line in enumerate(lines)}
    places = circles(drawn(Chart("c", "t", "x", "y", series, logarithmic=logarithmic)))
    assert len(places) == sum(map(len, lines))
    assert all(LEFT <= x <= WIDTH and TOP <= y <= HEIGHT for x, y in places)


def test_the_second_axis_begins_at_zero_and_ends_at_a_round_number() -> None:
    root = drawn(Chart("c", "t", "x", "y", {"a": [(1, 93.0), (2, 41.0)]}))
    assert [text for text in texts(root) if text in {"0", "20", "80", "100", "120"}] == [
        "0",
        "20",
        "80",
        "100",
    ]


def test_a_higher_figure_stands_higher_and_twice_as_high_from_the_axis() -> None:
    root = drawn(Chart("c", "t", "x", "y", {"a": [(1, 50.0), (2, 100.0)]}))
    (_, low), (_, high) = circles(root)
    zero = HEIGHT - 52
    assert zero - high == pytest.approx(2 * (zero - low), abs=0.2)


def test_equal_factors_are_equally_far_apart_on_a_logarithmic_axis() -> None:
    line = [(1.0, 1.0), (10.0, 1.0), (100.0, 1.0)]
    first, second, third = (
        x for x, _ in circles(drawn(Chart("c", "t", "x", "y", {"a": line}, logarithmic=True)))
    )
    assert second - first == pytest.approx(third - second, abs=0.2)


def test_names_are_written_whole_and_are_no_markup() -> None:
    chart = Chart("c", "a < b & c", "x", "y", {"<one>": [(1, 1)], "two": [(1, 2)]})
    assert {"a < b & c", "<one>", "two", "x", "y"} <= set(texts(drawn(chart)))


@pytest.mark.parametrize(
    ("series", "logarithmic", "message"),
    [
        pytest.param({}, False, "no points", id="without a line"),
        pytest.param({"a": []}, False, "no points", id="with an empty line"),
        pytest.param({"a": [(0.0, 1.0)]}, True, "no place for 0", id="0 on a logarithmic axis"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    series: dict[str, list[tuple[float, float]]], *, logarithmic: bool, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        svg(Chart("c", "t", "x", "y", series, logarithmic=logarithmic))


def test_bars_are_as_long_as_their_numbers_and_named() -> None:
    series = {"a": [(0.0, 50.0)], "<b>": [(0.0, 100.0)], "none": [(0.0, 0.0)]}
    root = drawn(Chart("stages", "Stages", "", "µs", series, bars=True))
    _ground, *bars = (each for each in root.iter() if each.tag.endswith("rect"))
    one, two, none = (float(bar.attrib["width"]) for bar in bars)
    assert 2 * one == pytest.approx(two, abs=0.2)
    assert none == 0
    assert texts(root) == ["Stages", "µs", "a", "50", "<b>", "100", "none", "0"]
