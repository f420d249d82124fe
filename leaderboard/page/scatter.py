"""One number against another, as a picture in SVG coordinates.

The layout is pure arithmetic: which ticks, where the points lie, and where each point's label fits
without covering another. The template draws it; colours come from the page's style sheet.

Conventions
-----------
Coordinates are SVG user units, x to the right and y downwards, in a picture of ``WIDTH`` x
``HEIGHT``. Labels are measured by an average character width, since no font is known here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from leaderboard.columns import Column
from leaderboard.rows import Board
from leaderboard.tables import number

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 58, 28, 56

_CHARACTER = 8.2
_LINE = 16.0
_LONGEST_LABEL = 24

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Tick:
    """A position on an axis and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Point:
    """A model: its point, its label and a sentence of both numbers.

    ``label`` is text position and SVG anchor, or None where there is no room for it.
    """

    x: float
    y: float
    text: str
    label: tuple[float, float, str] | None
    kind: str
    sentence: str


@dataclass(frozen=True)
class Plot:
    """Everything that the template draws: axes, points, and floor and ceiling lines."""

    x: Column
    y: Column
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    x_lines: tuple[Tick, ...]
    y_lines: tuple[Tick, ...]
    points: tuple[Point, ...]
    left_out: tuple[str, ...]


def ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Return round numbers (1, 2 or 5 times a power of ten) that cover low to high.

    Raises
    ------
    ValueError
        If ``low`` is not below ``high``.
    """
    if not low < high:
        raise ValueError(f"an axis needs low < high, got {low} and {high}")
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, last + 1)]


def scatter(board: Board, x: Column, y: Column) -> Plot | None:
    """Lay out a board's rows by two of its columns; None if no row has both numbers."""
    placed, left_out = [], []
    for row in board.rows:
        cells = row.cells.get(x.key), row.cells.get(y.key)
        values = [cell.value for cell in cells if cell is not None and cell.value is not None]
        if len(values) == 2:
            placed.append((row, values[0], values[1]))
        else:
            left_out.append(row.model)
    if not placed:
        return None
    x_bounds, y_bounds = _bounds(board, x), _bounds(board, y)
    x_axis = _axis([p[1] for p in placed] + [v for _, v in x_bounds])
    y_axis = _axis([p[2] for p in placed] + [v for _, v in y_bounds])

    def across(value: float) -> float:
        span = x_axis[-1] - x_axis[0]
        return round(LEFT + (value - x_axis[0]) / span * (WIDTH - LEFT - RIGHT), 1)

    def down(value: float) -> float:
        span = y_axis[-1] - y_axis[0]
        return round(HEIGHT - BOTTOM - (value - y_axis[0]) / span * (HEIGHT - TOP - BOTTOM), 1)

    spots = [(across(vx), down(vy)) for _, vx, vy in placed]
    names = [_short(row.model) for row, _, _ in placed]
    labels = place(spots, names)
    points = tuple(
        Point(
            x=spot[0],
            y=spot[1],
            text=name,
            label=label,
            kind=row.kind,
            sentence=f"{row.model}: {x.label} {number(vx, x.whole)} {x.unit}".rstrip()
            + f", {y.label} {number(vy, y.whole)} {y.unit}".rstrip(),
        )
        for (row, vx, vy), spot, name, label in zip(placed, spots, names, labels, strict=True)
    )
    return Plot(
        x,
        y,
        tuple(Tick(across(v), f"{v:g}") for v in _tidy(x_axis)),
        tuple(Tick(down(v), f"{v:g}") for v in _tidy(y_axis)),
        tuple(Tick(across(v), text) for text, v in x_bounds),
        tuple(Tick(down(v), text) for text, v in y_bounds),
        points,
        tuple(left_out),
    )


def _bounds(board: Board, column: Column) -> list[tuple[str, float]]:
    floor, ceiling = board.bound(column.key, "floor"), board.bound(column.key, "ceiling")
    return [(text, v) for text, v in (("floor", floor), ("ceiling", ceiling)) if v is not None]


def _axis(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    if low == high:
        low, high = low - 0.5, high + 0.5
    return ticks(low, high)


def _tidy(values: Sequence[float]) -> list[float]:
    return [float(f"{v:.12g}") + 0.0 for v in values]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"


def place(
    spots: Sequence[tuple[float, float]], names: Sequence[str]
) -> list[tuple[float, float, str] | None]:
    """Return where each point's label goes: text position and SVG anchor.

    A label gets the nearest of some places around its point where it covers nothing; None if there
    is no such place, since a label that cannot be read is worse than none.

    Parameters
    ----------
    spots : the points, (x, y)
    names : the labels
    """
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y in spots]
    placed: list[tuple[float, float, str] | None] = []
    for (x, y), name in zip(spots, names, strict=True):
        choices = [
            (round(x + side * 10, 1), round(y + lines * _LINE + 4, 1), anchor)
            for lines in (0, -1, 1, -2, 2, -3, 3)
            for side, anchor in ((1, "start"), (-1, "end"))
        ]
        boxes = [_box(*choice, _CHARACTER * len(name)) for choice in choices]
        free = [not any(_overlap(box, other) for other in (*taken, *_OUTSIDE)) for box in boxes]
        if True not in free:
            placed.append(None)
            continue
        best = free.index(True)
        taken.append(boxes[best])
        placed.append(choices[best])
    return placed


#: What lies beyond the plot; labels should not go there.
_OUTSIDE: tuple[Box, ...] = (
    (-1e4, -1e4, LEFT, 1e4),
    (WIDTH - RIGHT, -1e4, 1e4, 1e4),
    (-1e4, -1e4, 1e4, TOP - 8),
    (-1e4, HEIGHT - BOTTOM, 1e4, 1e4),
)


def _box(x: float, y: float, anchor: str, width: float) -> Box:
    left = x if anchor == "start" else x - width
    return left, y - _LINE + 3, left + width, y + 3


def _overlap(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
