"""All trials of a command, in one folder, with their figures and one file of results.

======================================  =======================================================
``<trial>/``                            each training, see :mod:`baselines.mnist.trial`
``<targets>-elbo.png``                  bound against digits seen, a panel for each N_z
``<targets>-manifold.png``              the plane of a model with two dimensions, if one was asked
``<targets>-samples.png``               decoded draws of the prior, a sheet for each N_z
``results.json``                        the outcomes of all trials that the folder holds
======================================  =======================================================

``<targets>`` is ``grey`` or ``binarised``. A picture shows the trials of the last command only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.mnist import figures, outcome
from baselines.mnist.digits import DigitSet
from baselines.mnist.experiment import Trial
from baselines.mnist.outcome import Outcome, Scoring
from baselines.mnist.trial import OUTCOME_FILE, Trained, run
from toysound.progress import bar

RESULTS_FILE = "results.json"


@dataclass(frozen=True)
class Study:
    """What a command trained and wrote.

    Attributes
    ----------
    outcomes : of its trials, in their order
    files : that were written beside the trials
    """

    outcomes: list[Outcome]
    files: list[Path]


def study(
    trials: Sequence[Trial],
    digits: DigitSet,
    out: Path,
    scoring: Scoring,
    *,
    force: bool = False,
    show: bool = False,
) -> Study:
    """Train models, or take up those that are there, and draw them.

    Parameters
    ----------
    trials : at least one, of the same targets
    digits : to train on and test with
    out : the folder
    scoring : of the importance-weighted bound
    force : train all anew
    show : draw progress bars where standard error is a terminal

    Raises
    ------
    UsageError, ToySoundError
        If a trial cannot be trained, see :func:`baselines.mnist.trial.run`.
    """
    models = []
    with bar("models", len(trials), "models", show) as drawn:
        for trial in trials:
            models.append(run(trial, digits, out, scoring, force=force, show=show))
            drawn.update()
    pictures = _draw(models, out)
    results = out / RESULTS_FILE
    found = [outcome.read(path) for path in out.glob(f"*/{OUTCOME_FILE}")]
    outcome.write(results, sorted(found, key=_place))
    return Study([trained.outcome for trained in models], [*pictures, results])


def _draw(models: Sequence[Trained], out: Path) -> list[Path]:
    """Draw models of the same targets, and return the pictures."""
    head = "binarised" if models[0].outcome.trial.binarised else "grey"
    pictures = [out / f"{head}-elbo.png", out / f"{head}-samples.png"]
    figures.elbo(models, pictures[0])
    figures.samples(models, pictures[1])
    for trained in models:
        if trained.model.latent_dim == 2:
            pictures.append(out / f"{head}-manifold.png")
            figures.manifold(trained, pictures[-1])
    return pictures


def _place(found: Outcome) -> tuple[bool, int, float, float, str]:
    """Return what outcomes are sorted by."""
    trial = found.trial
    return trial.binarised, trial.latent_dim, trial.beta, trial.step, trial.name
