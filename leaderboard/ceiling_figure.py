"""Ceilings as a picture: what each view of sound loses against how long its inverse takes.

Both axes are logarithmic. Exact views lose a hundred thousandth of a decibel, which is rounding:
they stand in a strip of their own below the axis, one under the other, with their true times. The
area of a point is the number of coefficients per sample; a view and its variants share a colour and
are joined by a line.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from leaderboard.ceilings import Ceiling, Ceilings
from toysound.errors import UsageError
from toysound.files import atomic

#: Area of a point with one coefficient per sample, in square points.
_AREA = 45.0

#: Sizes of the legend, coefficients per sample.
_SIZES = (0.25, 1, 4, 10)

#: Where a label may stand around its point: direction and alignment, best first.
_PLACES = (
    (1, 0, "left", "center"),
    (-1, 0, "right", "center"),
    (0, 1, "center", "bottom"),
    (0, -1, "center", "top"),
    (1, 1, "left", "bottom"),
    (1, -1, "left", "top"),
    (-1, 1, "right", "bottom"),
    (-1, -1, "right", "top"),
)

_INK, _FAINT = "#222222", "#8a8a8a"


def check_ending(out: Path) -> str:
    """Return the format that a file's ending asks for, PNG where it has none.

    Raises
    ------
    UsageError
        If it is not known.
    """
    from matplotlib.backend_bases import FigureCanvasBase

    endings = FigureCanvasBase.get_supported_filetypes()
    ending = out.suffix.removeprefix(".").lower() or "png"
    if ending not in endings:
        known = ", ".join(sorted(endings))
        raise UsageError(f"'.{ending}' is not a picture; use one of {known}")
    return ending


def draw(ceilings: Ceilings, out: Path) -> None:
    """Write the picture; the file is complete or not there at all.

    Parameters
    ----------
    ceilings : what to show
    out : the picture; its ending decides the format

    Raises
    ------
    UsageError
        If the format that the ending asks for is unknown.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    ending = check_ending(out)
    exact = [row for row in ceilings.rows if row.exact]
    lossy = [row for row in ceilings.rows if not row.exact and 0 < row.distance < np.inf]
    panels = [
        panel
        for panel in (
            (_lossy, lossy, 4.6),
            (_exact, exact, 0.4 + 0.24 * len(exact)),
        )
        if panel[1]
    ]
    colours = _colours(ceilings.rows)
    heights = [height for _, _, height in panels]
    with plt.rc_context({"font.size": 9, "axes.edgecolor": _FAINT, "axes.labelcolor": _INK}):
        figure, grid = plt.subplots(
            max(1, len(panels)),
            1,
            figsize=(9, 0.6 + max(2.0, sum(heights))),
            sharex=True,
            squeeze=False,
            layout="constrained",
            height_ratios=heights or None,
        )
        axes = list(grid[:, 0])
        for axis, (paint, rows, _) in zip(axes, panels, strict=False):
            paint(axis, rows, colours)
        _frame(axes, ceilings)
        figure.canvas.draw()  # only then is it known how wide a label is
        if lossy:
            _label(axes[0], lossy)
        with atomic(out) as partial:
            figure.savefig(partial, dpi=150, format=ending)
        plt.close(figure)


def _lossy(axis: Any, rows: Sequence[Ceiling], colours: Mapping[str, Any]) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    for name in dict.fromkeys(row.name for row in rows):
        family = sorted((r for r in rows if r.name == name), key=lambda row: row.distance)
        axis.plot(
            [row.inverse_ms for row in family],
            [row.distance for row in family],
            color=colours[name],
            alpha=0.45,
            linewidth=1,
            zorder=1,
        )
    _points(axis, rows, [row.distance for row in rows], colours)
    axis.set_yscale("log")
    axis.margins(x=0.14, y=0.12)
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter(NullFormatter())
    axis.tick_params(axis="y", which="minor", length=0)
    axis.set_ylabel("log-spectral distance (dB)")


def _exact(axis: Any, rows: Sequence[Ceiling], colours: Mapping[str, Any]) -> None:
    by_time = sorted(rows, key=lambda row: row.inverse_ms, reverse=True)
    _points(axis, by_time, list(range(len(by_time))), colours)
    for place, row in enumerate(by_time):
        axis.annotate(
            row.representation,
            (row.inverse_ms, place),
            xytext=(_radius(row) + 4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=_INK,
        )
    axis.set_ylim(-0.9, max(len(rows) - 0.1, 0.1))
    axis.set_yticks([])
    axis.set_ylabel("exact", rotation=0, ha="right", va="center")


def _points(
    axis: Any, rows: Sequence[Ceiling], heights: Sequence[float], colours: Mapping[str, Any]
) -> None:
    axis.scatter(
        [row.inverse_ms for row in rows],
        heights,
        s=[_AREA * row.redundancy for row in rows],
        color=[colours[row.name] for row in rows],
        edgecolor="white",
        linewidth=0.8,
        alpha=0.9,
        zorder=2,
    )


def _frame(axes: Sequence[Any], ceilings: Ceilings) -> None:
    """Write what the picture shows around it: title, time, sizes."""
    sounds, top, bottom = ceilings.sounds, axes[0], axes[-1]
    top.set_title(
        f"What a view of sound loses: round trips of {sounds.cells.count:,} test sounds of "
        f"{sounds.dataset}, without a model",
        fontsize=11,
        color=_INK,
    )
    bottom.set_xlabel(
        f"inverse of one sound of {sounds.num_samples / sounds.sample_rate:g} s "
        "on one thread (ms of processor, median)"
    )
    bottom.set_xscale("log")
    bottom.margins(x=0.14)
    for axis in axes:
        axis.grid(which="major", color="#e4e4e4", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.spines[["top", "right"]].set_visible(False)
        axis.xaxis.set_major_formatter("{x:g}")
        axis.tick_params(axis="x", which="minor", color="#c8c8c8")
    handles = [
        top.scatter([], [], s=_AREA * size, color="#c8c8c8", edgecolor="white", label=f"{size:g}")
        for size in _SIZES
    ]
    top.legend(
        handles=handles,
        title="coefficients per sample",
        loc="upper left",
        ncols=len(_SIZES),
        frameon=False,
        fontsize=8,
        title_fontsize=8,
        columnspacing=1.4,
        borderpad=0.8,
    )


def _label(axis: Any, rows: Sequence[Ceiling]) -> None:
    """Write each name where it covers least of the other names and points."""
    figure = axis.get_figure()
    renderer = figure.canvas.get_renderer()
    points_to_pixels = figure.dpi / 72
    centres = [axis.transData.transform((row.inverse_ms, row.distance)) for row in rows]
    discs = [_box(c, _radius(row) * points_to_pixels) for c, row in zip(centres, rows, strict=True)]
    taken = [axis.get_legend().get_window_extent(renderer)]
    frame = axis.get_window_extent(renderer)
    for i, row in enumerate(rows):
        best: tuple[float, Any] | None = None
        others = [*taken, *discs[:i], *discs[i + 1 :]]
        for x, y, horizontal, vertical in _PLACES:
            gap = _radius(row) * (0.8 if x and y else 1) + 3
            text = axis.annotate(
                row.representation,
                (row.inverse_ms, row.distance),
                xytext=(x * gap, y * gap),
                textcoords="offset points",
                ha=horizontal,
                va=vertical,
                fontsize=8,
                color=_INK,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.4},
                zorder=3,
            )
            extent = text.get_window_extent(renderer)
            hidden = extent.width * extent.height - _shared(extent, frame)
            cost = hidden + sum(_shared(extent, other) for other in others)
            if best is None or cost < best[0]:
                if best is not None:
                    best[1].remove()
                best = cost, text
            else:
                text.remove()
        if best is not None:
            taken.append(best[1].get_window_extent(renderer))


def _box(centre: Any, radius: float) -> Any:
    from matplotlib.transforms import Bbox

    return Bbox([centre - radius, centre + radius])


def _shared(one: Any, other: Any) -> float:
    """Return the area that two boxes have in common, in square pixels."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return float(max(0.0, width) * max(0.0, height))


def _radius(row: Ceiling) -> float:
    return float(np.sqrt(_AREA * row.redundancy / np.pi))


def _colours(rows: Sequence[Ceiling]) -> dict[str, Any]:
    """Return one colour for each view, the same for all its variants."""
    from matplotlib import color_sequences

    names = sorted({row.name for row in rows})
    palette = [*color_sequences["Dark2"], *color_sequences["Set1"]]
    return {name: palette[i % len(palette)] for i, name in enumerate(names)}
