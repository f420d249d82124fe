"""All trials of a command, in one folder, with their figures and one file of results.

======================================  =======================================================
``<trial>/``                            each training, see :mod:`baselines.mnist.trial`
``<targets>-elbo.png``                  bound against digits seen, a panel for each N_z
``<targets>-manifold.png``              the plane of a model with two dimensions, if one was asked
``<targets>-samples.png``               decoded draws of the prior, a sheet for each N_z
``<targets>-rate-distortion.png``       of a sweep over weights
``results.json``                        the outcomes of all trials that the folder holds
======================================  =======================================================

``<targets>`` is ``grey`` or ``binarised``. A picture shows the trials of the last command only.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.mnist import figures
from baselines.mnist.digits import DigitSet
from baselines.mnist.experiment import Trial
from baselines.mnist.trial import OUTCOME_FILE, Outcome, Scoring, Trained, read_outcome, run
from toysound.files import write_text
from toysound.progress import bar

RESULTS_FILE = "results.json"


@dataclass(frozen=True)
class Study:
    """What a command trained and wrote.

    Attributes
    ----------
    outcomes : of its trials, in their order
    pictures : the files that were drawn
    """

    outcomes: list[Outcome]
    pictures: list[Path]


def over_latents(
    trials: Sequence[Trial],
    digits: DigitSet,
    out: Path,
    scoring: Scoring,
    *,
    force: bool = False,
    show: bool = False,
) -> Study:
    """Train models that differ in N_z, or take up those that are there, and draw them.

    Parameters
    ----------
    trials : at least one
    digits : to train on and test with
    out : the folder
    scoring : of the importance-weighted bound
    force : train all anew
    show : draw progress bars where standard error is a terminal

    Raises
    ------
    ToySoundError
        If a trial cannot be trained, see :func:`baselines.mnist.trial.run`.
    """
    models = _train(trials, digits, out, scoring, force, show)
    head = _head(trials[0])
    pictures = [out / f"{head}-elbo.png", out / f"{head}-samples.png"]
    figures.elbo(models, pictures[0])
    figures.samples(models, pictures[1])
    for trained in models:
        if trained.model.latent_dim == 2:
            pictures.append(out / f"{head}-manifold.png")
            figures.manifold(trained, pictures[-1])
    return _finish(models, pictures, out)


def over_weights(
    trials: Sequence[Trial],
    digits: DigitSet,
    out: Path,
    scoring: Scoring,
    *,
    force: bool = False,
    show: bool = False,
) -> Study:
    """Train models that differ in the weight of the divergence, and draw what it buys.

    Parameters, errors: as for :func:`over_latents`.
    """
    models = _train(trials, digits, out, scoring, force, show)
    picture = out / f"{_head(trials[0])}-rate-distortion.png"
    figures.rate_distortion(models, picture)
    return _finish(models, [picture], out)


def _train(
    trials: Sequence[Trial],
    digits: DigitSet,
    out: Path,
    scoring: Scoring,
    force: bool,
    show: bool,
) -> list[Trained]:
    models = []
    with bar("models", len(trials), "models", show) as drawn:
        for trial in trials:
            models.append(run(trial, digits, out, scoring, force=force, show=show))
            drawn.update()
    return models


def _finish(models: Sequence[Trained], pictures: list[Path], out: Path) -> Study:
    """Gather all outcomes of the folder in one file."""
    found = [read_outcome(path) for path in sorted(out.glob(f"*/{OUTCOME_FILE}"))]
    found.sort(key=lambda row: (row.trial.binarised, row.trial.latent_dim, row.trial.beta))
    text = json.dumps([outcome.to_json() for outcome in found], indent=2)
    write_text(out / RESULTS_FILE, f"{text}\n")
    return Study([trained.outcome for trained in models], pictures)


def _head(trial: Trial) -> str:
    return "binarised" if trial.binarised else "grey"
