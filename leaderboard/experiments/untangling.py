"""What each dimension of a code knows: the trained models of a sweep, factor by factor.

    toysound sweep untangling
    python -m leaderboard.experiments.untangling sweep/untangling/tones \\
        --json docs/data/untangling-tones.json --figure docs/images/untangling.png

For every model in the folder the whole grid is encoded, and the mutual information of each factor
with each dimension is estimated as for the mutual information gap (MIG), as a share of the factor's
entropy. MIG is the mean over factors of the largest share less the second largest; beside it stands
the mean without each factor in turn, above all without ``level``, which a view that sets the level
apart gives away for nothing.

What the objective says of a model stands beside: where the best of several restarts is taken by
its objective, which needs no label, the row is called *restarts by the objective*.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baselines.checkpoint import load_model
from baselines.model import Baseline
from benchmark.metrics.disentanglement.mig import gap_to_second, information_table
from benchmark.metrics.information import entropy
from leaderboard.experiments.marked import markdown, with_table
from toysound.command import said
from toysound.dataset import Dataset, load
from toysound.errors import ToySoundError
from toysound.files import atomic, write_text

#: Bins of a dimension, as for MIG.
BINS = 20

#: Dimensions that vary less say nothing.
_CONSTANT = 1e-6

#: Sounds that are encoded at a time.
_BLOCK = 256


@dataclass(frozen=True)
class Seen:
    """What the dimensions of one model know.

    Attributes
    ----------
    row, seed : which model
    known : mutual information of each factor with each dimension, as a share of the factor's
        entropy; shape (factors, dimensions), the dimensions in the order of the factors they know
    nats : of the validation sounds, what the training was after; None where it is not comparable
    cpu_seconds : of the training
    """

    row: str
    seed: int
    known: list[list[float]]
    nats: float | None
    cpu_seconds: float

    @property
    def gaps(self) -> NDArray[np.float64]:
        """The gap of each factor."""
        return gap_to_second(np.array(self.known))

    @property
    def mig(self) -> float:
        """Their mean."""
        return float(self.gaps.mean())

    def mig_without(self, factor: int) -> float:
        """Return the mean of all others."""
        return float(np.delete(self.gaps, factor).mean())


@dataclass(frozen=True)
class Survey:
    """The models of a sweep on one dataset.

    Attributes
    ----------
    dataset : its name
    factors : their names; one that is always the same is none
    models : row by row, seed by seed
    """

    dataset: str
    factors: list[str]
    models: list[Seen]


def shares(factors: NDArray[np.int64], codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each dimension knows of each factor, as a share of the factor's entropy.

    Dimensions are put in the order of the factors that they know most of, those that know least of
    any last; ones that do not vary are left out.

    Parameters
    ----------
    factors : classes, shape (n, k)
    codes : shape (n, d)
    """
    varying = codes[:, codes.std(axis=0) > _CONSTANT]
    entropies = np.array([entropy(factor) for factor in factors.T])
    known = information_table(factors, varying, BINS) / entropies[:, None]
    most = known.max(axis=0)
    silent = most < 0.5 * np.median(known.max(axis=1))
    return np.asarray(known[:, np.lexsort((-most, known.argmax(axis=0), silent))])


def survey(folder: Path, dataset: Dataset) -> Survey:
    """Look at every model in a folder of a sweep.

    Parameters
    ----------
    folder : of one dataset: ``<row>/<seed>/model.safetensors``
    dataset : the sounds

    Raises
    ------
    ToySoundError
        If there is none.
    """
    space = dataset.space
    varying = [place for place, size in enumerate(space.sizes) if size > 1]
    factors = space.classes_of(np.arange(space.size))[:, varying]
    models = []
    for path in sorted(folder.glob("*/*/model.safetensors")):
        row, seed = path.parts[-3], int(path.parts[-2])
        summary = json.loads((path.parent / "summary.json").read_text(encoding="utf-8"))
        known = shares(factors, _codes(load_model(path), dataset))
        models.append(
            Seen(
                row=row,
                seed=seed,
                known=[[round(float(share), 4) for share in line] for line in known],
                nats=round(summary["validation_nats"], 2) if summary["epochs"] else None,
                cpu_seconds=round(summary["cpu_seconds"]),
            )
        )
    if not models:
        raise ToySoundError(f"there are no trained models in '{folder}'")
    return Survey(dataset.name, [space.names[place] for place in varying], models)


def _codes(model: Baseline, dataset: Dataset) -> NDArray[np.float64]:
    """Return the means of all sounds, shape (n, D)."""
    cells = np.arange(dataset.space.size)
    blocks = [cells[start : start + _BLOCK] for start in range(0, len(cells), _BLOCK)]
    means = [model.encode(dataset.audio(block))[0] for block in blocks]
    return np.concatenate(means).astype(np.float64)


def by_objective(models: Sequence[Seen]) -> Seen:
    """Return the restart with the best objective.

    Raises
    ------
    ValueError
        If there is none that has one.
    """
    return max((m for m in models if m.nats is not None), key=lambda m: m.nats or 0.0)


def table(found: Survey) -> str:
    """Return each model's gaps, and what the objective says of it."""
    head = ["row", "seed", "MIG", *found.factors, "without level", "ELBO nats", "CPU s"]
    level = found.factors.index("level") if "level" in found.factors else None
    lines = []
    for model in found.models:
        without = "–" if level is None else f"{model.mig_without(level):.2f}"
        nats = "–" if model.nats is None else f"{model.nats:.1f}"
        gaps = [f"{gap:.2f}" for gap in model.gaps]
        lines.append(
            [f"`{model.row}`", str(model.seed), f"{model.mig:.2f}", *gaps, without, nats,
             f"{model.cpu_seconds:.0f}"]
        )  # fmt: skip
    return markdown(head, lines)


def draw(found: Survey, rows: Sequence[str], out: Path) -> None:
    """Draw what each dimension knows: a line of pictures for each row, one for each seed.

    Parameters
    ----------
    found : the survey
    rows : which of its rows, in this order
    out : PNG file
    """
    from matplotlib.figure import Figure

    lines = [[m for m in found.models if m.row == row] for row in rows]
    columns = max(map(len, lines))
    figure = Figure(figsize=(2.3 * columns + 1.2, 1.9 * len(lines) + 0.3), layout="constrained")
    axes: Any = figure.subplots(len(lines), columns, squeeze=False)
    for panel in axes.flat:
        panel.set_axis_off()
    for row, panels in zip(lines, axes, strict=True):
        for model, panel in zip(row, panels, strict=False):
            panel.set_axis_on()
            shown = panel.imshow(np.array(model.known), cmap="magma", vmin=0, vmax=1, aspect="auto")
            panel.set_title(f"{model.row}, seed {model.seed}: MIG {model.mig:.2f}", fontsize=8)
            panel.set_xticks([])
            panel.set_yticks([])
        panels[0].set_yticks(range(len(found.factors)), found.factors, fontsize=8)
    figure.colorbar(shown, ax=axes, label="share of a factor that a dimension knows", shrink=0.8)
    with atomic(out) as path:
        figure.savefig(path, dpi=110, format="png", metadata={"Software": None})


def read(path: Path) -> Survey:
    """Return a survey that was written."""
    data = json.loads(path.read_text(encoding="utf-8"))
    models = [Seen(**model) for model in data["models"]]
    return Survey(data["dataset"], data["factors"], models)


def main(arguments: Sequence[str] | None = None) -> int:
    """Survey a folder, or show what was found before."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "folder", type=Path, nargs="?", help="of one dataset of a sweep; without: read --json"
    )
    parser.add_argument("--dataset", help="its name (default: that of the folder)")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="replace its table")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw it")
    parser.add_argument("--rows", nargs="*", metavar="ROW", help="of the figure (default: all)")
    chosen = parser.parse_args(arguments)
    if chosen.folder is not None:
        found = survey(chosen.folder, load(chosen.dataset or chosen.folder.name))
        write_text(chosen.json, json.dumps(asdict(found), indent=1) + "\n")
    found = read(chosen.json)
    if chosen.figure:
        draw(found, chosen.rows or list(dict.fromkeys(m.row for m in found.models)), chosen.figure)
    if chosen.write is None:
        print(table(found))
    else:
        text = chosen.write.read_text(encoding="utf-8")
        page = with_table(text, f"gaps {found.dataset}", table(found))
        write_text(chosen.write, page)
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
