"""Pictures of trained models.

``elbo``             the bound against the digits seen, as in Kingma and Welling's figure 2
``manifold``         two latent dimensions decoded on a grid, as in their figure 4
``samples``          digits drawn from the prior for each N_z, as in their figure 5

Digits are drawn as the probability of ink, dark on light paper.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.mnist.digits import SIDE
from baselines.mnist.trial import Trained
from baselines.vae import VAE
from toysound.files import atomic

#: Digits along each side of the manifold and of a sheet of samples.
_GRID, _SHEET = 20, 8

#: Quantiles of the prior between which the manifold is drawn.
_QUANTILES = (0.025, 0.975)

_DPI = 100

#: Inches that a title takes.
_NARROWEST = 4.8


def elbo(models: Sequence[Trained], out: Path) -> None:
    """Draw the bound on training and test digits after each epoch, a panel for each model."""
    targets = models[0].outcome.trial.targets
    size = max(_NARROWEST, 1.0 + 1.9 * len(models)), 3.3
    with _figure(out, 1, len(models), size, sharey=True) as (figure, axes):
        for axis, trained in zip(axes[0], models, strict=True):
            curve = trained.outcome.curve
            seen = [point.seen / 1e5 for point in curve]
            axis.plot(seen, [point.train for point in curve], "--", color="C1", label="training")
            axis.plot(seen, [point.test for point in curve], "o-", ms=3, color="C0", label="test")
            axis.set_xlim(left=0)
            axis.set_title(f"$N_z$ = {trained.outcome.trial.latent_dim}", fontsize=10)
            axis.grid(alpha=0.3)
        axes[0, 0].set_ylabel("ELBO, nats per digit")
        axes[0, -1].legend(fontsize=8, loc="lower right")
        figure.supxlabel("training digits seen, in 100,000", fontsize=10)
        figure.suptitle(f"{models[0].outcome.data}, {targets}", fontsize=11)


def manifold(trained: Trained, out: Path) -> None:
    """Draw what a model of two latent dimensions decodes on a grid.

    The grid is even in the quantiles of the prior: each cell is as probable as the next.

    Raises
    ------
    ValueError
        If the model has another number of dimensions.
    """
    if trained.model.latent_dim != 2:
        raise ValueError(f"a manifold has 2 dimensions, the model has {trained.model.latent_dim}")
    places = torch.special.ndtri(torch.linspace(*_QUANTILES, _GRID, dtype=torch.float64)).float()
    rows, columns = torch.meshgrid(places.flip(0), places, indexing="ij")
    picture = _sheet(trained.model, torch.stack([columns, rows], dim=-1).reshape(-1, 2), _GRID)
    with _figure(out, 1, 1, (6.2, 6.7)) as (figure, axes):
        _show(axes[0, 0], picture)
        first, last = float(places[0]), float(places[-1])
        axes[0, 0].set_xlabel(
            f"$z_1$ from {first:.2f} to {last:.2f}, even in the prior's quantiles"
        )
        axes[0, 0].set_ylabel("$z_2$, likewise")
        outcome = trained.outcome
        figure.suptitle(f"{outcome.data}, {outcome.trial.targets}, $N_z$ = 2", fontsize=11)


def samples(models: Sequence[Trained], out: Path, seed: int = 0) -> None:
    """Draw what models decode from draws of the prior, a sheet for each."""
    outcome = models[0].outcome
    size = max(_NARROWEST, 0.4 + 2.3 * len(models)), 2.9
    with _figure(out, 1, len(models), size) as (figure, axes):
        for axis, trained in zip(axes[0], models, strict=True):
            generator = torch.Generator().manual_seed(seed)
            latent = torch.randn(_SHEET**2, trained.model.latent_dim, generator=generator)
            _show(axis, _sheet(trained.model, latent, _SHEET))
            axis.set_title(f"$N_z$ = {trained.outcome.trial.latent_dim}", fontsize=10)
        figure.suptitle(f"{outcome.data}, {outcome.trial.targets}", fontsize=11)


def _sheet(model: VAE, latent: torch.Tensor, columns: int) -> NDArray[np.float32]:
    """Return decoded latents, row by row, as one picture of the probability of ink."""
    with torch.no_grad():
        pixels = model.decode(latent).numpy()
    rows = len(latent) // columns
    grid = pixels.reshape(rows, columns, SIDE, SIDE).transpose(0, 2, 1, 3)
    sheet: NDArray[np.float32] = grid.reshape(rows * SIDE, columns * SIDE)
    return sheet


def _show(axis: Any, picture: NDArray[np.float32]) -> None:
    axis.imshow(picture, cmap="Greys", vmin=0, vmax=1)
    axis.set_xticks([])
    axis.set_yticks([])


@contextmanager
def _figure(
    out: Path, rows: int, columns: int, size: tuple[float, float], **options: Any
) -> Iterator[tuple[Any, Any]]:
    """Yield a figure and its axes, (rows, columns), and write it as PNG if the block succeeds."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained", **options
    )
    try:
        yield figure, axes
        with atomic(out) as partial:
            figure.savefig(partial, dpi=_DPI, format="png")
    finally:
        plt.close(figure)
