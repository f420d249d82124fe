"""The figures of ``docs/representations.md``."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from leaderboard import ceilings
from leaderboard.ceiling_figure import draw as draw_ceilings
from leaderboard.experiments.view_rows import rows_of, views
from leaderboard.experiments.views_and_losses import DATASETS, LOSSES, VIEWS, Run
from leaderboard.rows import boards_of, load_folder, packaged_results
from toysound.files import atomic

#: Ticks of an axis of distances.
_DECIBELS = (0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10)

_INK, _FAINT = "#222222", "#d9d9d9"


def draw(results: Path | None, data: Path, out: Path) -> None:
    """Write all figures.

    Parameters
    ----------
    results : folder of results; None for those of the package
    data : folder of the ceilings and the runs
    out : folder of the figures
    """
    out.mkdir(parents=True, exist_ok=True)
    draw_ceilings(ceilings.load(data / f"ceilings-{DATASETS[0]}.json"), out / "ceilings.png")
    folder = results or packaged_results()
    colors = _colors()
    _save(_scatter(folder, colors), out / "representations.png")
    _save(_curves(folder, colors), out / "representation-curves.png")
    runs = [Run(**row) for row in json.loads((data / "views.json").read_text())]
    _save(_views_and_losses(runs), out / "views-and-losses.png")


def _colors() -> dict[str, Any]:
    """Return a colour for each view, the same in every figure."""
    import matplotlib

    palette = matplotlib.colormaps["tab20"].colors  # type: ignore[attr-defined]
    return dict(zip(sorted(views()), [*palette[::2], *palette[1::2]], strict=False))


def _panels(title: str, height: float = 3.8) -> Any:
    """Return a figure with one panel for each dataset."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, height), layout="constrained")
    panels = figure.subplots(1, len(DATASETS))
    for panel, name in zip(panels, DATASETS, strict=True):
        panel.set_title(name, color=_INK)
        panel.grid(color=_FAINT, linewidth=0.6)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, color=_INK)
    return figure, panels


def _scatter(folder: Path, colors: Mapping[str, Any]) -> Any:
    """Return disentanglement against reconstruction."""
    from matplotlib.ticker import FixedLocator, FormatStrFormatter, NullLocator

    figure, panels = _panels("The same VAE on each view: how it sounds, how it untangles", 4.6)
    boards = {board.dataset: board for board in boards_of(load_folder(folder))}
    for panel, name in zip(panels, DATASETS, strict=True):
        for view, row in rows_of(boards[name]).items():
            x = row.cells["reconstruction", "log_spectral_distance"]
            y = row.cells["disentanglement", "dci_disentanglement"]
            if x.value is None or y.value is None:
                continue
            panel.errorbar(
                x.value,
                y.value,
                xerr=_bars(x.value, x.interval),
                yerr=_bars(y.value, y.interval),
                fmt="o",
                color=colors[view],
                label=view,
            )
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(FixedLocator(_DECIBELS))
        panel.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_ylim(bottom=0)
        panel.set_xlabel("log-spectral distance (dB), lower is better")
    panels[0].set_ylabel("DCI disentanglement, higher is better")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return figure


def _bars(value: float, interval: tuple[float, float] | None) -> Any:
    """Return an interval as lengths of error bars."""
    if interval is None:
        return None
    return np.array([[max(value - interval[0], 0.0)], [max(interval[1] - value, 0.0)]])


def _curves(folder: Path, colors: Mapping[str, Any]) -> Any:
    """Return the learning curves: the share of the variance that is not explained."""
    figure, panels = _panels(
        "Learning curves: what is not yet explained of the validation sounds", 4.4
    )
    for panel, name in zip(panels, DATASETS, strict=True):
        for view, row in sorted(views().items()):
            path = folder / name / row / "0.history.csv"
            if not path.exists() or view.endswith("-played"):  # which has the codes of another row
                continue
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            epochs = [int(row["epoch"]) for row in rows]
            left = [float(row["unexplained"]) for row in rows]
            panel.plot(epochs, left, color=colors[view], label=view)
        panel.set_yscale("log")
        panel.set_xlabel("epoch")
    panels[0].set_ylabel("share of the variance")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return figure


def _views_and_losses(runs: list[Run]) -> Any:
    """Return every run of the complete design, by view, coloured by loss."""
    import matplotlib

    figure, panels = _panels("Views against losses: every point is one trained model", 4.4)
    palette = matplotlib.colormaps["tab10"].colors  # type: ignore[attr-defined]
    for panel, name in zip(panels, DATASETS, strict=True):
        for k, loss in enumerate(LOSSES):
            chosen = [run for run in runs if (run.dataset, run.loss) == (name, loss)]
            places = [list(VIEWS).index(run.view) + 0.11 * (k - 2.5) for run in chosen]
            values = [run.mig for run in chosen]
            panel.plot(places, values, "o", color=palette[k], label=loss, markersize=5)
        panel.set_xticks(range(len(VIEWS)), list(VIEWS))
        panel.set_ylim(bottom=0)
    panels[0].set_ylabel("mutual information gap")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False)
    return figure


def _save(figure: Any, out: Path) -> None:
    """Write a figure; the file is complete or not there at all."""
    with atomic(out) as path:
        figure.savefig(path, dpi=110, format="png", metadata={"Software": None})
