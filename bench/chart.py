"""Draws a chart as SVG: lines with their points, two axes, a legend; or bars below one another."""

import math
from collections.abc import Callable, Sequence
from html import escape
from itertools import cycle

from rounds import Chart

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 24, 66, 52
BAR, NAMES = 28, 190
COLOURS = ("#0b6e4f", "#c8553d", "#3d5a80", "#b08900", "#7b4b94", "#5c677d")
_MOST_TICKS = 6

Place = Callable[[float], float]


def svg(chart: Chart) -> str:
    """Returns the chart; the second axis begins at 0 and ends above the highest point.

    Raises:
        ValueError: It has no point, or one at or below 0 on a logarithmic axis.
    """
    points = [point for line in chart.series.values() for point in line]
    if not points:
        raise ValueError(f"the chart {chart.name} has no points")
    if chart.bars:
        return _document(_bars(chart), TOP + BAR * len(chart.series), chart.title)
    x_ticks = _x_ticks([x for x, _ in points], logarithmic=chart.logarithmic)
    y_ticks = _round_ticks(max(y for _, y in points))
    scale = math.log10 if chart.logarithmic else float
    x = _place(scale, x_ticks[0], x_ticks[-1], LEFT + 12, WIDTH - RIGHT - 12)
    y = _place(float, 0, y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [*_axes(chart, x_ticks, y_ticks, x, y), *_lines(chart, x, y)]
    return _document(parts, HEIGHT, chart.title)


def _document(parts: Sequence[str], height: int, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#333">'
    )
    ground = f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
    heading = _text(LEFT, 24, title, 'font-size="16" font-weight="600"')
    return "\n".join([head, ground, heading, *parts, "</svg>"]) + "\n"


def _bars(chart: Chart) -> list[str]:
    lengths = {name: line[0][1] for name, line in chart.series.items()}
    start, end = LEFT + NAMES, WIDTH - RIGHT - 60
    longest = max(lengths.values()) or 1.0
    colour = f'fill="{COLOURS[0]}"'
    parts = [_text(start, TOP - 16, chart.y)]
    for number, (name, length) in enumerate(lengths.items()):
        middle, long = TOP + BAR * number, (end - start) * length / longest
        parts += [
            _text(start - 8, middle + 4, name, 'text-anchor="end"'),
            f'<rect x="{start}" y="{middle - 9}" width="{long:.1f}" height="18" {colour}/>',
            _text(start + long + 6, middle + 4, f"{length:,.0f}"),
        ]
    return parts


def _axes(
    chart: Chart, x_ticks: Sequence[float], y_ticks: Sequence[float], x: Place, y: Place
) -> list[str]:
    parts = []
    for tick in y_ticks:
        parts += [
            f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
            _text(LEFT - 8, y(tick) + 4, f"{tick:,g}", 'text-anchor="end"'),
        ]
    for tick in x_ticks:
        parts.append(_text(x(tick), HEIGHT - BOTTOM + 20, f"{tick:,g}", 'text-anchor="middle"'))
    middle, half = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    upright = f'text-anchor="middle" transform="rotate(-90 16 {half:.0f})"'
    return [
        *parts,
        _text(middle, HEIGHT - 10, chart.x, 'text-anchor="middle"'),
        _text(16, half, chart.y, upright),
    ]


def _lines(chart: Chart, x: Place, y: Place) -> list[str]:
    parts = []
    legend = float(LEFT + 12)
    for (name, line), colour in zip(chart.series.items(), cycle(COLOURS), strict=False):
        placed = [(x(at), y(value)) for at, value in line]
        path = " ".join(f"{at:.1f},{value:.1f}" for at, value in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{at:.1f}" cy="{value:.1f}" r="3.5" fill="{colour}"/>'
            for at, value in placed
        ]
        parts.append(f'<circle cx="{legend:.0f}" cy="{TOP - 20}" r="4" fill="{colour}"/>')
        parts.append(_text(legend + 9, TOP - 16, name))
        legend += 32 + 7 * len(name)
    return parts


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{escape(text)}</text>'


def _place(
    scale: Callable[[float], float], low: float, high: float, start: float, end: float
) -> Place:
    span = scale(high) - scale(low)
    return lambda value: start + (end - start) * ((scale(value) - scale(low)) / span if span else 0)


def _x_ticks(values: Sequence[float], *, logarithmic: bool) -> list[float]:
    """What was measured at, where that is little enough to be told."""
    distinct = sorted(set(values))
    if logarithmic and distinct[0] <= 0:
        raise ValueError("a logarithmic axis has no place for 0")
    return distinct if logarithmic or len(distinct) <= _MOST_TICKS else _round_ticks(distinct[-1])


def _round_ticks(highest: float) -> list[float]:
    """From 0 to the first round number that is not below the highest, in round steps."""
    if highest <= 0:
        return [0, 1]
    exact = highest / (_MOST_TICKS - 1)
    power = 10 ** math.floor(math.log10(exact))
    step = next(power * each for each in (1, 2, 2.5, 5, 10) if power * each >= exact * (1 - 1e-9))
    return [step * index for index in range(math.ceil(highest / step * (1 - 1e-9)) + 1)]
