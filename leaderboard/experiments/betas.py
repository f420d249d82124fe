"""What the weight of the divergence buys: the same VAE with beta from 0 to 4, on sounds and digits.

    python -m leaderboard.experiments.betas --digits DIR --out DIR \\
        --json docs/data/betas.json --figure docs/images/betas.png

For each weight a model is trained, with the weight warmed up, and measured on test sounds or digits
at weight 1:

rate
    mean KL divergence of q(z|x) from the prior, nats: what the code says.
distortion
    mean of -ln p(x|z), nats: what it leaves out. ``ELBO = -(rate + distortion)``, so on the plane
    of the two, lines of equal ELBO fall with slope -1, and a model trained with weight beta seeks
    the point where the curve of the best models falls with slope -beta.
spectrum
    the rate of each dimension, largest first: how many are in use.
traversals
    the dimension that says most, moved alone from -2 to 2, the others as they are for one sound, or
    at 0 for digits.

A training that was stopped goes on when the command is given again.

References
----------
A. A. Alemi et al., "Fixing a broken ELBO", ICML 2018: the plane of rate and distortion.
I. Higgins et al., "beta-VAE", ICLR 2017.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from baselines import recipes
from baselines.checkpoint import load_model
from baselines.coefficients import walk
from baselines.decoder import Features
from baselines.mnist.digits import SIDE, DigitSet
from baselines.mnist.digits import load as load_digits
from baselines.mnist.experiment import Trial
from baselines.mnist.outcome import Scoring
from baselines.mnist.trial import run
from baselines.run import train
from baselines.training import evaluate
from baselines.vae import VAE
from toysound.command import said
from toysound.dataset import Dataset, load
from toysound.files import atomic, write_text
from toysound.progress import bar

#: The weights.
WEIGHTS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)

#: Fraction of the training of digits over which the weight rises; that of sounds is the recipe's.
WARM_UP = 0.3

#: Dimensions that digits are coded in.
DIGIT_LATENTS = 20

#: Places along a traversal.
_STEPS = np.linspace(-2.0, 2.0, 7)

#: Nats above which a dimension counts as being in use.
_IN_USE = 0.1


@dataclass(frozen=True)
class Point:
    """A trained model on the plane of rate and distortion; nats, means over the test set.

    Attributes
    ----------
    data : what it codes
    weight : of its divergence
    rate, distortion : see the module
    spectrum : rate of each dimension, largest first
    """

    data: str
    weight: float
    rate: float
    distortion: float
    spectrum: list[float]

    @property
    def in_use(self) -> int:
        """How many dimensions say more than 0.1 nat."""
        return sum(nats > _IN_USE for nats in self.spectrum)


class Swept(NamedTuple):
    """A point, and pictures along its strongest dimension, shape (steps, height, width)."""

    point: Point
    pictures: NDArray[np.float32]


def over_sounds(
    dataset: Dataset,
    out: Path,
    weights: Sequence[float] = WEIGHTS,
    changes: Sequence[str] = (),
    show: bool = False,
) -> list[Swept]:
    """Train recipe ``vae`` on sounds with every weight.

    Parameters
    ----------
    dataset : the sounds
    out : folder of the trainings
    weights : of the divergence
    changes : of the recipe, ``key=value``
    show : draw progress bars where standard error is a terminal

    Raises
    ------
    ToySoundError
        If a folder holds another training.
    """
    swept = []
    with bar("weights", len(weights), "models", show) as drawn:
        for weight in weights:
            folder = out / dataset.name / f"beta-{weight:g}"
            recipe = recipes.load("vae", [*changes, f"divergence.weight={weight}"])
            train(recipe, dataset, folder, show=show)
            baseline = load_model(folder)
            vae = baseline.latent_model
            if not isinstance(vae, VAE):
                raise TypeError(f"expected a VAE, got {type(vae).__name__}")
            with torch.no_grad():
                sounds = _features(vae, dataset, baseline.representation)
                point, strongest = _measure(vae, sounds, dataset.name, weight)
                middle = torch.tensor([sounds.num_sounds // 2])
                latent = vae.posterior(sounds.rows(middle))[0].repeat(len(_STEPS), 1)
                latent[:, strongest] = torch.from_numpy(_STEPS).to(latent)
                pictures = vae.decode(latent).reshape(-1, *baseline.representation.shape)
            swept.append(Swept(point, pictures.numpy()))
            drawn.update()
    return swept


def over_digits(
    digits: DigitSet,
    out: Path,
    weights: Sequence[float] = WEIGHTS,
    epochs: int = 10,
    scoring: Scoring | None = None,
    show: bool = False,
) -> list[Swept]:
    """Train Kingma and Welling's network on grey digits with every weight.

    Parameters
    ----------
    digits : see :func:`baselines.mnist.digits.load`
    out : folder of the trainings
    weights : of the divergence
    epochs : passes over the digits
    scoring : of the importance-weighted bound, which is not asked for here
    show : draw progress bars where standard error is a terminal

    Raises
    ------
    ToySoundError
        If the folder holds other trainings.
    """
    swept = []
    for weight in weights:
        trial = Trial(DIGIT_LATENTS, epochs=epochs, beta=weight, warm_up=WARM_UP)
        trained = run(trial, digits, out / "digits", scoring, show=show)
        found = trained.outcome
        point = Point(
            "digits", found.trial.beta, found.test_rate, found.test_distortion, found.kl_spectrum
        )
        latent = torch.zeros(len(_STEPS), DIGIT_LATENTS)
        latent[:, found.kl_order[0]] = torch.from_numpy(_STEPS).float()
        with torch.no_grad():
            pictures = trained.model.decode(latent).reshape(-1, SIDE, SIDE)
        swept.append(Swept(point, pictures.numpy()))
    return swept


def _features(vae: VAE, dataset: Dataset, view: Any) -> Features:
    """Return the test sounds as networks see them."""
    cells = dataset.split("test")
    blocks = [vae.features(block) for block in walk(dataset, cells, view, "test sounds", False)]
    return Features(
        torch.cat([block.coordinates for block in blocks]),
        torch.cat([block.outside for block in blocks]),
    )


def _measure(vae: VAE, sounds: Features, data: str, weight: float) -> tuple[Point, int]:
    """Return the point of a model, and its strongest dimension."""
    means = evaluate(vae, sounds, seed=0)
    spectrum = sorted(means.kl, reverse=True)
    point = Point(data, weight, means.divergence, -means.log_likelihood, spectrum)
    return point, means.kl.index(spectrum[0])


def draw(swept: Sequence[Sequence[Swept]], out: Path) -> None:
    """Write the figure: a row for each set of data.

    Parameters
    ----------
    swept : of each set of data, one model for each weight
    out : PNG file
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 4.2 * len(swept)), layout="constrained")
    panels = figure.subplots(len(swept), 3, squeeze=False, width_ratios=(1.1, 1, 1.2))
    for row, models in zip(panels, swept, strict=True):
        points = [model.point for model in models]
        colors = [f"C{k}" for k in range(len(points))]
        _plane(row[0], points, colors)
        _spectra(row[1], points, colors)
        _traversals(row[2], models)
        for panel in row[:2]:
            panel.spines[["top", "right"]].set_visible(False)
            panel.grid(color="#d9d9d9", linewidth=0.6)
            panel.set_axisbelow(True)
    with atomic(out) as path:
        figure.savefig(path, dpi=100, format="png", metadata={"Software": None})


def _plane(panel: Any, points: Sequence[Point], colors: Sequence[str]) -> None:
    from matplotlib.ticker import LogLocator

    best = max(-(point.rate + point.distortion) for point in points)
    rates = np.geomspace(0.5 * min(p.rate for p in points), 2 * max(p.rate for p in points), 200)
    low = min(point.distortion for point in points)
    high = max(point.distortion for point in points)
    margin = 0.15 * (high - low)
    panel.plot(
        rates, -best - rates, "--", color="#888888", lw=1, label=f"ELBO {best:.1f}, the best"
    )
    panel.plot([p.rate for p in points], [p.distortion for p in points], color="#888888", lw=0.8)
    for point, color in zip(points, colors, strict=True):
        panel.plot(point.rate, point.distortion, "o", color=color)
        panel.annotate(
            f"{point.weight:g}", (point.rate, point.distortion), (5, 5), textcoords="offset points"
        )
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter("")
    panel.set_ylim(low - margin, high + margin)
    panel.set_xlabel("rate (nats)")
    panel.set_ylabel("distortion (nats)")
    panel.set_title(f"{points[0].data}: rate and distortion by weight")
    panel.legend(frameon=False, fontsize=8)


def _spectra(panel: Any, points: Sequence[Point], colors: Sequence[str]) -> None:
    for point, color in zip(points, colors, strict=True):
        places = range(1, len(point.spectrum) + 1)
        label = f"{point.weight:g}: {point.in_use} in use"
        panel.plot(places, point.spectrum, "o-", ms=3, lw=1, color=color, label=label)
    panel.axhline(_IN_USE, color="#888888", lw=0.8, ls=":")
    panel.set_yscale("symlog", linthresh=0.1)
    panel.set_ylim(bottom=0)
    panel.set_xlabel("dimension, by rate")
    panel.set_ylabel("KL divergence (nats)")
    panel.set_title("how much each dimension says")
    panel.legend(frameon=False, fontsize=8)


def _traversals(panel: Any, models: Sequence[Swept]) -> None:
    rows = [np.concatenate([_upright(p) for p in model.pictures], axis=1) for model in models]
    sheet = np.concatenate(rows)
    panel.imshow(sheet, aspect="auto", cmap="magma", interpolation="nearest")
    height = len(rows[0])
    for k in range(1, len(rows)):
        panel.axhline(k * height - 0.5, color="white", lw=1)
    panel.set_yticks(
        [(k + 0.5) * height for k in range(len(rows))], [f"{m.point.weight:g}" for m in models]
    )
    width = sheet.shape[1] / len(_STEPS)
    panel.set_xticks(
        [(k + 0.5) * width for k in range(len(_STEPS))], [f"{step:.1f}" for step in _STEPS]
    )
    panel.tick_params(length=0)
    panel.set_xlabel("value of the dimension that says most")
    panel.set_title("one dimension moved alone")


def _upright(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture as it is shown: of spectrograms the lowest quarter, from the bottom up."""
    return picture if len(picture) == SIDE else picture[len(picture) // 4 - 1 :: -1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, write the numbers, draw the figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dataset", default="tones", help="of sounds (default: tones)")
    parser.add_argument(
        "--digits", required=True, metavar="DIR", help="of MNIST, as for toysound mnist"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="of the trainings")
    parser.add_argument("--json", type=Path, required=True, metavar="FILE")
    parser.add_argument("--figure", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    sounds, digits = load(chosen.dataset), load_digits(chosen.digits)
    swept = [
        over_sounds(sounds, chosen.out, show=True),
        over_digits(digits, chosen.out, show=True),
    ]
    points = [asdict(model.point) for models in swept for model in models]
    write_text(chosen.json, json.dumps(points, indent=1) + "\n")
    draw(swept, chosen.figure)
    for point in points:
        print(
            f"{point['data']} {point['weight']:g}: {point['rate']:.1f} + {point['distortion']:.1f}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(said(main))
