"""Figures of a training, from the table in its folder.

``curves.png``
    the objective on training and validation sounds; its two terms with the weight between them;
    and the share of the variance that is not explained, on a logarithmic axis. A dashed line
    marks the best epoch, whose weights are kept.
``kl.png``
    KL divergence of each dimension: over the epochs as a picture, dark where a dimension is silent,
    and in the best epoch as bars, largest first, against the 0.1 nat below which a dimension says
    nothing.
"""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.training import SILENT_NATS
from toysound.errors import ToySoundError
from toysound.files import atomic

#: Ink of the curves: training, validation, what is paid.
_TRAIN, _VALIDATION, _PAID = "0.6", "C0", "C1"

#: Fewest nats that the picture of all epochs tells apart.
_FEWEST_NATS = 1e-2

#: How the columns with the KL divergence of a dimension begin.
_KL = "kl_"

Table = dict[str, NDArray[np.float64]]


def draw(history: Path, curves_out: Path, kl_out: Path) -> list[Path]:
    """Draw what the table holds, and return which files were written.

    Parameters
    ----------
    history : table of a training, see :mod:`baselines.folder`; may be missing or without epochs
    curves_out, kl_out : the PNG files

    Raises
    ------
    ToySoundError
        If the table is damaged.
    """
    if not history.exists():
        return []
    found = read(history)
    if len(found["epoch"]) == 0:
        return []
    _save(curves(found), curves_out)
    if not any(name.startswith(_KL) for name in found):
        return [curves_out]
    _save(spectrum(found), kl_out)
    return [curves_out, kl_out]


def read(path: Path) -> Table:
    """Return the columns of a table of numbers by name.

    Raises
    ------
    ToySoundError
        If it holds something else than numbers.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            names, *rows = csv.reader(file)
        columns = np.array(rows, dtype=np.float64).reshape(-1, len(names))
    except ValueError:
        raise ToySoundError(f"'{path}' is damaged; --force trains anew") from None
    return dict(zip(names, columns.T, strict=True))


def curves(history: Table) -> Any:
    """Return the figure of the columns of ``history.csv``."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(11, 3.4), layout="constrained")
    objective, terms, left = figure.subplots(1, 3)
    epoch = history["epoch"]
    objective.plot(epoch, history["train_objective"], color=_TRAIN, label="training, weight of now")
    objective.plot(epoch, history["objective"], color=_VALIDATION, label="validation, final weight")
    objective.set_title("objective (nats per sound)")
    objective.ticklabel_format(axis="y", useOffset=False)
    # The first epochs are far below all others; what is looked at is where the curves go.
    low, high = np.quantile(history["objective"], [0.1, 1.0])
    objective.set_ylim(low - 0.2 * (high - low) - 1, high + 0.2 * (high - low) + 1)
    terms.plot(epoch, history["divergence"], color=_PAID, label="divergence (nats)")
    terms.set_ylim(min(0.0, history["divergence"].min()), 1.05 * history["divergence"].max() + 0.1)
    weight = terms.twinx()
    weight.plot(epoch, history["weight"], color=_TRAIN, linestyle=":", label="its weight (right)")
    weight.set_ylim(bottom=0)
    terms.set_title("divergence and its weight")
    left.plot(epoch, history["unexplained"], color=_VALIDATION)
    left.set_yscale("log")
    left.set_title("unexplained share of the variance")
    best = epoch[np.argmax(history["objective"])]
    for axis in (objective, terms, left):
        axis.axvline(best, color="0.8", linestyle="--", zorder=0)
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    objective.legend(fontsize=8, loc="lower right")
    lines = [*terms.get_lines()[:1], *weight.get_lines()]
    terms.legend(lines, [line.get_label() for line in lines], fontsize=8, loc="lower right")
    return figure


def spectrum(history: Table) -> Any:
    """Return the figure of the columns ``kl_1``, ... of ``history.csv``."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 3.4), layout="constrained")
    over_time, bars = figure.subplots(1, 2, width_ratios=(3, 2))
    epoch, best = history["epoch"], int(np.argmax(history["objective"]))
    nats = np.stack([column for name, column in history.items() if name.startswith(_KL)])
    order = np.argsort(-nats[:, best], kind="stable")
    places = np.arange(len(order))
    shown = over_time.imshow(
        np.maximum(nats[order], _FEWEST_NATS),
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        norm=LogNorm(_FEWEST_NATS, max(float(nats.max()), 1.0)),
        extent=(epoch[0] - 0.5, epoch[-1] + 0.5, len(order) - 0.5, -0.5),
    )
    over_time.axvline(epoch[best], color=_VALIDATION, linestyle="--")
    figure.colorbar(shown, ax=over_time, label="nats")
    over_time.set_title("KL divergence of each dimension")
    over_time.set_xlabel("epoch")
    over_time.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    over_time.set_ylabel("dimension, largest first")
    bars.bar(places, nats[order, best], color=_VALIDATION)
    bars.axhline(SILENT_NATS, color=_PAID, linestyle="--", label=f"{SILENT_NATS} nat")
    if len(order) <= 20:
        bars.set_xticks(places, [str(dimension + 1) for dimension in order])
        over_time.set_yticks(places, [str(dimension + 1) for dimension in order])
    bars.set_title(f"in the best epoch, {epoch[best]:.0f} (nats)")
    bars.set_xlabel("dimension")
    bars.legend(fontsize=8)
    return figure


def _save(figure: Any, out: Path) -> None:
    with atomic(out) as partial:
        figure.savefig(partial, dpi=100, format="png", metadata={"Software": None})
