"""Does the view of sound decide more over disentanglement than the loss does?

One VAE is trained for every combination of a view, a loss, a seed and a dataset, everything else
being equal: network, latent size, steps, a Gaussian likelihood with one learned scale. Then the
variance of a metric of its codes is divided up: how much of it goes with the view, how much with
the loss, how much with their combination, how much with the seed. With a complete design the sums
of squares add up (two-way analysis of variance); a share is eta squared,

    eta^2 = SS_factor / SS_total.

    python -m leaderboard.experiments.views_and_losses --out DIR --json docs/data/views.json

Metrics are computed on the codes of up to 2,000 training sounds and the test sounds. A run that was
stopped goes on where it was.

References
----------
F. Locatello et al., "Challenging common assumptions in the unsupervised learning of disentangled
representations", ICML 2019, section 5.4: the same question for losses, hyperparameters and seeds.
"""

import argparse
import json
import multiprocessing
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toysound.command import said
from toysound.files import write_text
from toysound.progress import bar

#: View -> what differs from the recipe ``vae``; one Gaussian scale for all coefficients.
VIEWS: dict[str, tuple[str, ...]] = {
    "raw": ("likelihood.initial_scale=0.03", "likelihood.minimum_scale=0.0001"),
    "log_magnitude": (),
    "log_mel": (),
    "cochlear": (),
}

#: A noise scale this large keeps the code small; about one and a half times the deviation of a
#: coefficient.
LARGE_NOISE = {"raw": 0.1, "log_magnitude": 30.0, "log_mel": 30.0, "cochlear": 30.0}

#: Loss -> what differs.
LOSSES: dict[str, tuple[str, ...]] = {
    "KL, weight 0.25": ("divergence.weight=0.25",),
    "KL, weight 1": (),
    "KL, weight 4": ("divergence.weight=4.0",),
    "KL, large fixed noise": ("likelihood.scale=fixed",),
    "geometric Jensen-Shannon": ("divergence.name=geometric_jensen_shannon",),
    "InfoVAE": ("divergence.name=info_vae",),
}

SEEDS = (0, 1)

#: Epochs on each dataset: about 2,000 steps on all of them.
EPOCHS = {"tones": 30, "timbre": 30, "gesture": 18}
DATASETS = tuple(EPOCHS)

METRICS = ("mig", "disentanglement", "informativeness")

#: Training sounds whose codes the metrics see, beside all test sounds.
_TRAIN_CODES = 2000


@dataclass(frozen=True)
class Run:
    """One trained model and what came out.

    Attributes
    ----------
    dataset, view, loss, seed : which
    mig, disentanglement, informativeness : of its means; the last two are DCI's
    cpu_seconds : of the training
    """

    dataset: str
    view: str
    loss: str
    seed: int
    mig: float
    disentanglement: float
    informativeness: float
    cpu_seconds: float


@dataclass(frozen=True)
class Shares:
    """How the variance of a metric divides up; the four add up to 1.

    Attributes
    ----------
    view, loss, both, seed : eta squared of the view, the loss, their combination, and the rest
    """

    view: float
    loss: float
    both: float
    seed: float


def divide(values: NDArray[np.float64]) -> Shares:
    """Divide up the variance of a complete design.

    Parameters
    ----------
    values : shape (views, losses, seeds)

    Raises
    ------
    ValueError
        If nothing varies, or the shape is another.
    """
    if values.ndim != 3 or not np.ptp(values) > 0:
        raise ValueError(f"need values of shape (views, losses, seeds) that vary, got {values}")
    mean = values.mean()
    total = np.square(values - mean).sum()
    cell = values.mean(axis=2, keepdims=True)
    view = values.mean(axis=(1, 2), keepdims=True)
    loss = values.mean(axis=(0, 2), keepdims=True)
    parts = {
        "view": view - mean,
        "loss": loss - mean,
        "both": cell - view - loss + mean,
        "seed": values - cell,
    }
    squares = {
        name: float(np.square(np.broadcast_to(part, values.shape)).sum() / total)
        for name, part in parts.items()
    }
    return Shares(**squares)


def shares(runs: Sequence[Run], dataset: str, metric: str) -> Shares:
    """Divide up the variance of a metric on a dataset."""
    table = {(run.view, run.loss, run.seed): getattr(run, metric) for run in runs
             if run.dataset == dataset}  # fmt: skip
    shape = len(VIEWS), len(LOSSES), len(SEEDS)
    return divide(np.array([table[key] for key in product(VIEWS, LOSSES, SEEDS)]).reshape(shape))


def changes(dataset: str, view: str, loss: str) -> list[str]:
    """Return what a combination changes in the recipe ``vae``."""
    chosen = [f"training.epochs={EPOCHS[dataset]}", f"representation.name={view}"]
    chosen += [*VIEWS[view], *LOSSES[loss]]
    if "likelihood.scale=fixed" in chosen:
        chosen.append(f"likelihood.initial_scale={LARGE_NOISE[view]}")
    return chosen


def _train(job: tuple[str, str, str, int]) -> Run:
    """Train one model in a folder that is thrown away and measure its codes."""
    from baselines import recipes
    from baselines.checkpoint import load_model
    from baselines.run import train
    from benchmark import metrics
    from toysound.dataset import load

    name, view, loss, seed = job
    dataset = load(name)
    recipe = recipes.load("vae", changes(name, view, loss))
    with tempfile.TemporaryDirectory() as folder:
        summary, _ = train(recipe, dataset, Path(folder), seed=seed)
        model = load_model(folder)
    drawn = np.random.default_rng(seed).permutation(dataset.split("train"))[:_TRAIN_CODES]
    cells = np.concatenate([drawn, dataset.split("test")])
    codes, _ = model.encode(dataset.audio(cells))
    factors = dataset.classes(cells)
    found = metrics.compute("mig", factors=factors, codes=codes, seed=seed)
    found |= metrics.compute("dci", factors=factors, codes=codes, train=len(drawn), seed=seed)
    numbers = {metric: float(found[metric]) for metric in METRICS}
    return Run(name, view, loss, seed, **numbers, cpu_seconds=summary.cpu_seconds)


def _file(out: Path, job: tuple[str, str, str, int]) -> Path:
    return out / ("-".join(map(str, job)).replace(" ", "_") + ".json")


def run(out: Path, workers: int, show: bool = True) -> list[Run]:
    """Train what is missing and return all runs.

    Parameters
    ----------
    out : one JSON file a run
    workers : processes
    show : draw a progress bar where standard error is a terminal
    """
    out.mkdir(parents=True, exist_ok=True)
    jobs = list(product(DATASETS, VIEWS, LOSSES, SEEDS))
    missing = [job for job in jobs if not _file(out, job).exists()]
    with (
        multiprocessing.get_context("spawn").Pool(workers) as pool,
        bar("training", len(jobs), "models", show, start=len(jobs) - len(missing)) as drawn,
    ):
        for done in pool.imap_unordered(_train, missing):
            job = done.dataset, done.view, done.loss, done.seed
            write_text(_file(out, job), json.dumps(asdict(done)) + "\n")
            drawn.update()
    return [Run(**json.loads(_file(out, job).read_text())) for job in jobs]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the experiment."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="one file a run")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE", help="all runs")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    runs = run(chosen.out, chosen.workers)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(row)) for row in runs)
    write_text(chosen.json, f"[\n{lines}\n]\n")
    for dataset, metric in product(DATASETS, METRICS):
        found = shares(runs, dataset, metric)
        print(dataset, metric, " ".join(f"{k} {v:.0%}" for k, v in asdict(found).items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
