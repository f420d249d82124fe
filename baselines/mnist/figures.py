"""Pictures of trained models.

``elbo``             the bound against the digits seen, as in Kingma and Welling's figure 2
``manifold``         two latent dimensions decoded on a grid, as in their figure 4
``samples``          digits drawn from the prior for each N_z, as in their figure 5
``rate_distortion``  what the weight of the divergence buys: rate, distortion, KL spectrum, and
                     traversals of the dimensions that say most

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
_GRID, _SHEET = 20, 10

#: Quantiles of the prior between which the manifold is drawn.
_QUANTILES = (0.025, 0.975)

#: Standard deviations of the prior between which a dimension is moved, in how many steps, and how
#: many dimensions are.
_SPAN, _STEPS, _MOVED = 3.0, 9, 2

_DPI = 100


def elbo(models: Sequence[Trained], out: Path) -> None:
    """Draw the bound on training and test digits after each epoch, a panel for each model."""
    targets = models[0].outcome.trial.targets
    with _figure(out, 1, len(models), (1.0 + 1.9 * len(models), 3.3), sharey=True) as (
        figure,
        axes,
    ):
        for axis, trained in zip(axes[0], models, strict=True):
            curve = trained.outcome.curve
            seen = [point.seen for point in curve]
            axis.plot(seen, [point.train for point in curve], "--", color="C1", label="training")
            axis.plot(seen, [point.test for point in curve], "o-", ms=3, color="C0", label="test")
            axis.set_xscale("log")
            axis.set_title(f"$N_z$ = {trained.outcome.trial.latent_dim}", fontsize=10)
            axis.grid(alpha=0.3)
        axes[0, 0].set_ylabel("ELBO, nats per digit")
        axes[0, -1].legend(fontsize=8, loc="lower right")
        figure.supxlabel("training digits evaluated", fontsize=10)
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
    with _figure(out, 1, 1, (5.6, 6.0)) as (figure, axes):
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
    with _figure(out, 1, len(models), (0.4 + 2.3 * len(models), 2.9)) as (figure, axes):
        for axis, trained in zip(axes[0], models, strict=True):
            generator = torch.Generator().manual_seed(seed)
            latent = torch.randn(_SHEET**2, trained.model.latent_dim, generator=generator)
            _show(axis, _sheet(trained.model, latent, _SHEET))
            axis.set_title(f"$N_z$ = {trained.outcome.trial.latent_dim}", fontsize=10)
        title = f"{outcome.data}, {outcome.trial.targets}: decoded draws of the prior"
        figure.suptitle(title, fontsize=11)


def rate_distortion(models: Sequence[Trained], out: Path) -> None:
    """Draw rate against distortion, KL spectra and traversals of models of several weights."""
    models = sorted(models, key=lambda trained: trained.outcome.trial.beta)
    colours = [f"C{number}" for number in range(len(models))]
    with _figure(out, 1, 3, (14.0, 4.4), width_ratios=(1.1, 1, 1.5)) as (figure, axes):
        rates, spectra, pictures = axes[0]
        _rates(rates, models, colours)
        for trained, colour in zip(models, colours, strict=True):
            nats = trained.outcome.kl_spectrum
            label = f"β = {trained.outcome.trial.beta:g}"
            spectra.plot(range(1, len(nats) + 1), nats, "o-", ms=3, color=colour, label=label)
        spectra.axhline(0.1, color="grey", lw=0.8, ls=":")
        spectra.set(xlabel="latent dimension, sorted", ylabel="KL, nats", yscale="symlog")
        spectra.set_ylim(bottom=0)
        spectra.legend(fontsize=8)
        _traversals(pictures, models)
        trial = models[0].outcome.trial
        figure.suptitle(
            f"{models[0].outcome.data}, {trial.targets}, $N_z$ = {trial.latent_dim}, "
            f"{trial.epochs} epochs, warm-up over {trial.warm_up:.0%} of them",
            fontsize=11,
        )


def _rates(axis: Any, models: Sequence[Trained], colours: Sequence[str]) -> None:
    """Draw each model at its rate and distortion, with lines of equal ELBO."""
    rates = [trained.outcome.test_rate for trained in models]
    distortions = [trained.outcome.test_distortion for trained in models]
    axis.plot(rates, distortions, color="grey", lw=0.8, zorder=1)
    for trained, colour, rate, distortion in zip(models, colours, rates, distortions, strict=True):
        axis.scatter(rate, distortion, color=colour, zorder=2)
        label = f"β = {trained.outcome.trial.beta:g}"
        axis.annotate(label, (rate, distortion), (5, 4), textcoords="offset points", fontsize=8)
    axis.set(xlabel="rate: KL, nats", ylabel="distortion: −E ln p(x|z), nats", xscale="symlog")
    axis.set_xlim(0, max(rates) * 2 + 1)
    place = np.linspace(0, max(rates) + 1, 200)
    best = min(np.add(rates, distortions))
    axis.plot(
        place, best - place, color="k", lw=0.8, ls="--", label=f"ELBO = {-best:.1f}, the best"
    )
    axis.set_ylim(min(distortions) - 10, max(distortions) + 10)
    axis.legend(fontsize=8, loc="upper right")
    axis.grid(alpha=0.3)


def _traversals(axis: Any, models: Sequence[Trained]) -> None:
    """Draw, for each model, its strongest dimensions moved alone, the others at 0."""
    height = min(_MOVED, models[0].model.latent_dim)
    pictures = []
    for trained in models:
        latent = torch.zeros(height, _STEPS, trained.model.latent_dim)
        for row, dimension in enumerate(trained.outcome.kl_order[:height]):
            latent[row, :, dimension] = torch.linspace(-_SPAN, _SPAN, _STEPS)
        pictures.append(_sheet(trained.model, latent.flatten(0, 1), _STEPS))
    _show(axis, np.concatenate(pictures))
    for number in range(1, len(models)):
        axis.axhline(number * height * SIDE - 0.5, color="C0", lw=1)
    middles = [(number + 0.5) * height * SIDE for number in range(len(models))]
    axis.set_yticks(middles, [f"β = {trained.outcome.trial.beta:g}" for trained in models])
    axis.set_xlabel(f"the {height} dimensions of largest KL, each from −{_SPAN:g} to {_SPAN:g}")


def _sheet(model: VAE, latent: torch.Tensor, columns: int) -> NDArray[np.float32]:
    """Return decoded latents, row by row, as one picture of the probability of ink."""
    with torch.no_grad():
        pixels = model.decode(latent).numpy()
    rows = len(latent) // columns
    grid = pixels.reshape(rows, columns, SIDE, SIDE).transpose(0, 2, 1, 3)
    sheet: NDArray[np.float32] = grid.reshape(rows * SIDE, columns * SIDE)
    return sheet


def _show(axis: Any, picture: NDArray[np.float32]) -> None:
    axis.imshow(picture, cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
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
