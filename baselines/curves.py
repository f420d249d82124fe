"""A picture of a training: what it was after, what it leaves out, what each dimension says.

    toysound train vae --dataset tones --out vae --plot curves.png

Three panels over the epochs: the objective on training and validation sounds, whose distance is
overfitting; the share of the variance of the validation sounds that is not explained; and the
Kullback-Leibler divergence of each dimension, where lines that fall below 0.1 nat are dimensions
that were given up. When all of them are, the code has collapsed.
"""

import csv
from pathlib import Path
from typing import Any

from baselines.training import ACTIVE_NATS
from toysound.errors import ToySoundError
from toysound.files import atomic

_FAINT = "#d9d9d9"


def draw(history: Path, title: str, out: Path) -> None:
    """Write the curves of a training.

    Parameters
    ----------
    history : ``history.csv`` of its folder
    title : of the picture
    out : PNG file

    Raises
    ------
    ToySoundError
        If there is no history: a model that is fitted in closed form has none.
    """
    from matplotlib.figure import Figure

    rows = _rows(history)
    epochs = [row["epoch"] for row in rows]
    figure = Figure(figsize=(13, 3.8), layout="constrained")
    objective, left, spectrum = figure.subplots(1, 3)
    for column, label in (("train_objective", "training"), ("objective", "validation")):
        objective.plot(epochs, [row[column] for row in rows], label=label)
    objective.set_ylabel("objective (nats a sound)")
    objective.set_ylim(bottom=_bottom([row["objective"] for row in rows]))
    objective.legend(frameon=False)
    left.plot(epochs, [row["unexplained"] for row in rows])
    left.set_yscale("log")
    left.set_ylabel("share of the variance not explained")
    for name in (name for name in rows[0] if name.startswith("kl_")):
        spectrum.plot(epochs, [row[name] for row in rows], label=name.removeprefix("kl_"))
    spectrum.axhline(ACTIVE_NATS, color="#888888", linewidth=0.8, linestyle=":")
    spectrum.set_yscale("symlog", linthresh=ACTIVE_NATS)
    spectrum.set_ylim(bottom=0)
    spectrum.set_ylabel("KL of each dimension (nats)")
    for panel in (objective, left, spectrum):
        panel.set_xlabel("epoch")
        panel.grid(color=_FAINT, linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title)
    with atomic(out) as path:
        figure.savefig(path, dpi=110, format="png", metadata={"Software": None})


def _rows(history: Path) -> list[dict[str, Any]]:
    """Return the history as numbers."""
    with history.open(newline="", encoding="utf-8") as file:
        rows = [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]
    if not rows:
        raise ToySoundError(f"'{history}' has no epochs to draw")
    return rows


def _bottom(values: list[float]) -> float:
    """Return where an axis starts that shows the later part of a curve from far below."""
    later = values[len(values) // 10 :]
    low, high = min(later), max(later)
    return low - 0.1 * (high - low or 1.0)
