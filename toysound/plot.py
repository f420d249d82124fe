"""Pictures of a dataset: each factor moved alone, seen as log-mel strips."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.catalog import get_spec
from toysound.catalog.spec import DatasetSpec
from toysound.errors import UsageError
from toysound.files import atomic
from toysound.identify import FLOOR_DB, log_mel
from toysound.rendering import render_samples, to_float

#: Sounds in a row; a factor with more values shows this many, evenly spread, ends included.
_MOST = 12


def plot_traversals(name: str, out: Path) -> None:
    """Draw one row for each factor: its values from left to right, the others at the middle.

    Parameters
    ----------
    name : a dataset
    out : the picture; its ending decides the format

    Raises
    ------
    UsageError
        If the dataset, or the format that the ending asks for, is unknown.
    """
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.backend_bases import FigureCanvasBase

    spec = get_spec(name)
    endings = FigureCanvasBase.get_supported_filetypes()
    ending = out.suffix.removeprefix(".").lower() or "png"
    if ending not in endings:
        raise UsageError(f"'.{ending}' is not a picture; use one of {', '.join(sorted(endings))}")
    rows = [_traversal(spec, number) for number in range(len(spec.space.factors))]
    columns = max(len(values) for values, _ in rows)
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(1.25 * columns + 1.2, 1.65 * len(rows) + 0.6),
        squeeze=False,
        layout="constrained",
    )
    for factor, line, (values, views) in zip(spec.space.factors, axes, rows, strict=True):
        for axis in line[len(values) :]:
            axis.set_axis_off()
        for axis, value, view in zip(line, values, views, strict=False):
            axis.imshow(view, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR_DB, vmax=-20)
            axis.set_title(f"{value:.4g}", fontsize=8)
            axis.set_xticks([])
            axis.set_yticks([])
        unit = f"\n({factor.unit})" if factor.unit else ""
        line[0].set_ylabel(factor.name + unit, fontsize=9)
    figure.suptitle(
        f"{spec.name}: each factor alone, {spec.duration_s:g} s from left to right, "
        "64 mel bands from bottom to top",
        fontsize=10,
    )
    figure.colorbar(axes[0, 0].images[0], ax=axes, label="dB re full scale", shrink=0.6, pad=0.01)
    with atomic(out) as partial:
        figure.savefig(partial, dpi=110, format=ending)
    plt.close(figure)


def _traversal(spec: DatasetSpec, number: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the shown values of one factor and the views of their sounds."""
    size = spec.space.sizes[number]
    levels = np.unique(np.rint(np.linspace(0, size - 1, min(size, _MOST))).astype(int))
    classes = np.tile([s // 2 for s in spec.space.sizes], (len(levels), 1))
    classes[:, number] = levels
    audio = to_float(render_samples(spec, spec.space.index_of(classes)))
    return spec.space.values_of(classes)[:, number], log_mel(audio, spec.sample_rate)
