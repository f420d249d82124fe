"""One training in a folder of its own, which goes on where it was stopped.

The folder is that of any training of this package, see :mod:`baselines.folder`, with one file more,
``outcome.json``: what the model is worth.

After each epoch the bound is measured on the test digits and on the first 10,000 training digits,
with one sample of the posterior that is the same in every epoch. Nothing is chosen by the test
digits: the epoch whose weights are kept is the best one on those training digits.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import NamedTuple

from baselines.checkpoint import Identity
from baselines.folder import CODES, Progress, RunFolder, Summary
from baselines.mnist import measures, outcome
from baselines.mnist.digits import PIXELS, DigitSet
from baselines.mnist.experiment import Trial, untrained
from baselines.mnist.outcome import Outcome, Point, Scoring
from baselines.mnist.targets import FixedDigits, FreshDigits
from baselines.monitoring.health import Health, collapsed, final_warning
from baselines.recipes import to_toml
from baselines.tensors import load_tensors
from baselines.threads import one_thread
from baselines.training import Diverged, State, evaluate, fit, start
from baselines.vae import VAE
from toysound.errors import ToySoundError
from toysound.progress import say

OUTCOME_FILE = "outcome.json"

#: Training digits on which the bound is measured, and by which the best epoch is known.
MEASURED_DIGITS = 10_000


#: Words of a recipe as those of the command.
_OPTIONS = {
    "divergence.weight": "--beta",
    "training.learning_rate": "--step",
    "validation sounds": "training digits",
    "sounds are played": "digits are drawn",
}


@dataclass(frozen=True)
class Trained:
    """A model and what it is worth."""

    model: VAE
    outcome: Outcome


class Targets(NamedTuple):
    """Digits as a model sees them.

    Attributes
    ----------
    train : to train on
    measured : the first of them, as they are measured
    test : test digits
    """

    train: FixedDigits | FreshDigits
    measured: FixedDigits
    test: FixedDigits


def run(
    trial: Trial,
    digits: DigitSet,
    out: Path,
    scoring: Scoring | None = None,
    *,
    force: bool = False,
    show: bool = False,
) -> Trained:
    """Train and measure, or go on where an earlier process stopped, or read what it finished.

    Parameters
    ----------
    trial : what
    digits : on what
    out : the folder in which the trial has a folder named after it
    scoring : of the importance-weighted bound; a finished trial is scored again if it was scored
        otherwise
    force : train anew whatever the folder holds
    show : draw a progress bar where standard error is a terminal

    Raises
    ------
    UsageError
        If the folder cannot be written.
    ToySoundError
        If the folder holds a training on other digits, or a file in it is damaged, or the objective
        is not a finite number.
    """
    scoring = scoring or Scoring()
    folder = RunFolder(out / trial.name, _identity(trial, digits), force, more=[OUTCOME_FILE])
    path = folder.path / OUTCOME_FILE
    with one_thread():
        model = untrained(trial, digits.train.images)
        if folder.finished() is None:
            return Trained(model, _train(trial, model, digits, folder, scoring, show))
        model.load_state_dict(load_tensors(folder.model_path)[0])
        found = outcome.read(path)
        if found.scoring != scoring:
            nll = _importance_nll(model, _targets(trial, model, digits).test, scoring)
            found = replace(found, importance_nll=nll, scoring=scoring)
            outcome.write(path, found)
        return Trained(model, found)


def _train(
    trial: Trial, model: VAE, digits: DigitSet, folder: RunFolder, scoring: Scoring, show: bool
) -> Outcome:
    """Do the epochs that are left, measure the model, and write everything."""
    started = process_time()
    table = trial.recipe.training
    state = start(model, table)
    test_elbos: list[float] = []
    progress = folder.load_progress()
    if progress is not None:
        started -= progress.cpu_seconds
        test_elbos += [row.pop("test_elbo") for row in progress.rows]
        state.restore(progress.tensors, progress.rows)
    targets = _targets(trial, model, digits, epochs_done=len(test_elbos))
    watch = Health(trial.recipe.pressure, table.epochs, lambda text: _say(trial, text))

    def keep(state: State) -> None:
        watch(state)
        means = evaluate(model, targets.test, trial.seed)
        test_elbos.append(means.log_likelihood - means.divergence)
        pairs = zip(state.rows(), test_elbos, strict=True)
        rows = [row | {"test_elbo": test_elbo} for row, test_elbo in pairs]
        folder.save_progress(Progress(state.tensors(), rows, process_time() - started))

    try:
        fit(
            state, table, trial.recipe.pressure, targets.train, targets.measured,
            seed=trial.seed, keep=keep, show=show,
        )  # fmt: skip
    except Diverged as error:
        raise ToySoundError(
            f"{error.what}; what was trained until epoch {len(test_elbos)} is kept in "
            f"'{folder.path}'; train into another folder with smaller steps, such as "
            f"--step {error.learning_rate / 3:.1g}"
        ) from None
    cpu_seconds = round(process_time() - started, 2)
    kl = state.history[state.best_epoch - 1].kl
    if (sentence := final_warning(kl)) is not None:
        _say(trial, sentence)
    curve = [
        Point(row.epoch * len(digits.train), row.log_likelihood - row.divergence, test_elbo)
        for row, test_elbo in zip(state.history, test_elbos, strict=True)
    ]
    found = _measure(trial, model, digits, targets, scoring, curve, cpu_seconds)
    outcome.write(folder.path / OUTCOME_FILE, found)
    summary = Summary(
        recipe=trial.recipe.name,
        dataset=folder.identity.dataset,
        seed=trial.seed,
        epochs=len(curve),
        best_epoch=state.best_epoch,
        cpu_seconds=cpu_seconds,
        validation_nats=found.train_elbo,
        nats_are=trial.recipe.trains,
        validation_rmse=measures.rmse(model, targets.measured),
        rmse_unit="of ink",
        num_parameters=found.parameters,
        kl=[*kl],
        active_units=measures.active_units(measures.posteriors(model, targets.measured)),
        collapsed=collapsed(kl),
    )
    folder.finish(model, {CODES: state.history}, summary)
    return found


def _say(trial: Trial, sentence: str) -> None:
    """Say what is wrong with a trial, in the options of ``toysound mnist``."""
    for field, option in _OPTIONS.items():
        sentence = sentence.replace(field, option)
    say(f"{trial.name}: {sentence}")


def _measure(
    trial: Trial,
    model: VAE,
    digits: DigitSet,
    targets: Targets,
    scoring: Scoring,
    curve: list[Point],
    cpu_seconds: float,
) -> Outcome:
    """Return what a trained model is worth."""
    test, train = (evaluate(model, part, trial.seed) for part in (targets.test, targets.measured))
    found = measures.posteriors(model, targets.test)
    spectrum = measures.kl_spectrum(found)
    return Outcome(
        trial=trial,
        data=digits.name,
        data_sha256=digits.sha256,
        train_digits=len(digits.train),
        test_digits=len(digits.test),
        test_elbo=test.log_likelihood - test.divergence,
        train_elbo=train.log_likelihood - train.divergence,
        test_distortion=-test.log_likelihood,
        test_rate=test.divergence,
        importance_nll=_importance_nll(model, targets.test, scoring),
        scoring=scoring,
        active_units=measures.active_units(found),
        informed_dimensions=spectrum.informed,
        kl_spectrum=spectrum.nats,
        kl_order=spectrum.order,
        curve=curve,
        parameters=sum(p.numel() for p in model.parameters()),
        cpu_seconds=cpu_seconds,
    )


def _importance_nll(model: VAE, test: FixedDigits, scoring: Scoring) -> float:
    return -measures.importance_bound(model, test, scoring.digits, scoring.samples)


def _targets(trial: Trial, model: VAE, digits: DigitSet, epochs_done: int = 0) -> Targets:
    images, view, binarised = digits.train.images, model.features, trial.binarised
    measured = FixedDigits(images[:MEASURED_DIGITS], view, binarised=binarised)
    test = FixedDigits(digits.test.images, view, binarised=binarised)
    if binarised:
        return Targets(FreshDigits(images, view, trial.seed, epochs_done), measured, test)
    return Targets(FixedDigits(images, view, binarised=False), measured, test)


def _identity(trial: Trial, digits: DigitSet) -> Identity:
    """Return what decides a training; a digit is a "sound" of 784 samples, at no rate."""
    return Identity(
        recipe_toml=to_toml(trial.recipe),
        dataset=f"{digits.name}, {trial.targets}",
        dataset_version=digits.sha256,
        num_sounds=len(digits.train),
        sample_rate=1,
        num_samples=PIXELS,
        seed=trial.seed,
    )
