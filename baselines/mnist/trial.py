"""One training in a folder of its own, which goes on where it was stopped.

==========================  ====================================================================
``checkpoint.safetensors``  the state after the last epoch; gone at the end
``model.safetensors``       the trained model
``outcome.json``            what it is worth, written last
==========================  ====================================================================

After each epoch the bound is measured on the test digits and on the first 10,000 training digits,
with one sample of the posterior that is the same in every epoch. Nothing is chosen by the test
digits: the epoch whose weights are kept is the best one on those training digits.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import torch

from baselines.mnist import measures
from baselines.mnist.digits import DigitSet
from baselines.mnist.experiment import Trial, untrained
from baselines.mnist.targets import FixedDigits, FreshDigits
from baselines.recipes import to_toml
from baselines.tensors import load_tensors, save_tensors
from baselines.threads import one_thread
from baselines.training import State, evaluate, fit, start
from baselines.vae import VAE
from toysound.errors import ToySoundError
from toysound.files import write_text

CHECKPOINT_FILE, MODEL_FILE = "checkpoint.safetensors", "model.safetensors"
OUTCOME_FILE = "outcome.json"

#: Training digits on which the bound is measured, and by which the best epoch is known.
MEASURED_DIGITS = 10_000

#: Weights of the importance-weighted bound, and test digits it is measured on.
IMPORTANCE_SAMPLES, IMPORTANCE_DIGITS = 500, 1000


@dataclass(frozen=True)
class Scoring:
    """How the importance-weighted bound is measured.

    Attributes
    ----------
    samples : weights of each digit
    digits : how many test digits, the first ones
    """

    samples: int = IMPORTANCE_SAMPLES
    digits: int = IMPORTANCE_DIGITS


@dataclass(frozen=True)
class Point:
    """The bound after an epoch, nats per digit at weight 1.

    Attributes
    ----------
    seen : training digits evaluated so far, repetitions counted
    train, test : on the first training digits, and on the test digits
    """

    seen: int
    train: float
    test: float


@dataclass(frozen=True)
class Outcome:
    """What a trial gave; nats per digit.

    Attributes
    ----------
    trial : what was trained
    data, data_sha256 : on which digits
    train_digits, test_digits : how many
    test_elbo : at weight 1, with one sample
    test_distortion, test_rate : minus its two terms, ``elbo = -(distortion + rate)``
    train_elbo : the same on the first training digits
    importance_nll : minus the importance-weighted bound
    scoring : with how many samples, on how many test digits
    active_units : dimensions whose mean varies
    informed_dimensions : dimensions over 0.1 nat
    kl_spectrum : nats of each dimension, largest first
    kl_order : which dimensions these are, counted from 0
    curve : the bound after each epoch
    parameters : numbers that were learnt
    cpu_seconds : of training and scoring
    """

    trial: Trial
    data: str
    data_sha256: str
    train_digits: int
    test_digits: int
    test_elbo: float
    test_distortion: float
    test_rate: float
    train_elbo: float
    importance_nll: float
    scoring: Scoring
    active_units: int
    informed_dimensions: int
    kl_spectrum: list[float]
    kl_order: list[int]
    curve: list[Point]
    parameters: int
    cpu_seconds: float

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as plain data; ``targets`` says in words what the pixels were."""
        return {"targets": self.trial.targets} | asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Outcome":
        """Return the outcome in plain data.

        Raises
        ------
        KeyError, TypeError, ToySoundError
            If the data are not of an outcome.
        """
        plain = {name: value for name, value in data.items() if name != "targets"}
        plain["trial"] = Trial(**plain["trial"])
        plain["scoring"] = Scoring(**plain["scoring"])
        plain["curve"] = [Point(**point) for point in plain["curve"]]
        return cls(**plain)


@dataclass(frozen=True)
class Trained:
    """A model and what it is worth."""

    model: VAE
    outcome: Outcome


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
    ToySoundError
        If the folder holds a training on other digits, or a file in it is damaged, or the objective
        is not a finite number.
    """
    scoring = scoring or Scoring()
    folder = out / trial.name
    if force:
        for name in (OUTCOME_FILE, MODEL_FILE, CHECKPOINT_FILE):
            (folder / name).unlink(missing_ok=True)
    with one_thread():
        done = _finished(trial, digits, folder)
        if done is None:
            work = _Work(trial, digits, folder)
            work.train(show)
            return work.finish(scoring)
        if done.outcome.scoring == scoring:
            return done
        test = _targets(trial, digits, done.model.features)[-1]
        nll = -measures.importance_bound(done.model, test, scoring.digits, scoring.samples)
        outcome = replace(done.outcome, importance_nll=nll, scoring=scoring)
        _write(outcome, folder)
        return Trained(done.model, outcome)


def read_outcome(path: Path) -> Outcome:
    """Return the outcome in a file.

    Raises
    ------
    ToySoundError
        If it is not one.
    """
    try:
        return Outcome.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError, AttributeError, ToySoundError):
        raise ToySoundError(f"'{path}' is no outcome of a trial; --force trains anew") from None


class _Work:
    """A trial under way."""

    def __init__(self, trial: Trial, digits: DigitSet, folder: Path) -> None:
        self.trial, self.digits, self.folder = trial, digits, folder
        self.recipe = trial.recipe
        self.model = untrained(trial, digits.train.images)
        self.state = start(self.model, self.recipe.training)
        self.curve: list[Point] = []
        self.cpu_seconds_before, self._started = 0.0, process_time()
        self.train_digits, self.measured, self.test = _targets(trial, digits, self.model.features)
        self._restore()

    @property
    def cpu_seconds(self) -> float:
        """Processor time so far, earlier processes included."""
        return self.cpu_seconds_before + process_time() - self._started

    def train(self, show: bool) -> None:
        """Do the epochs that are left."""
        self._begin()
        table, pressure = self.recipe.training, self.recipe.pressure
        fit(
            self.state, table, pressure, self.train_digits, self.measured,
            seed=self.trial.seed, keep=self._keep, show=show,
        )  # fmt: skip
        metadata = _identity(self.trial, self.digits)
        save_tensors(self.folder / MODEL_FILE, self.model.state_dict(), metadata)

    def finish(self, scoring: Scoring) -> Trained:
        """Measure the trained model and write what it is worth."""
        test = evaluate(self.model, self.test, self.trial.seed)
        train = evaluate(self.model, self.measured, self.trial.seed)
        found = measures.posteriors(self.model, self.test)
        spectrum = measures.kl_spectrum(found)
        bound = measures.importance_bound(self.model, self.test, scoring.digits, scoring.samples)
        outcome = Outcome(
            trial=self.trial,
            data=self.digits.name,
            data_sha256=self.digits.sha256,
            train_digits=len(self.digits.train),
            test_digits=len(self.digits.test),
            test_elbo=test.log_likelihood - test.divergence,
            test_distortion=-test.log_likelihood,
            test_rate=test.divergence,
            train_elbo=train.log_likelihood - train.divergence,
            importance_nll=-bound,
            scoring=scoring,
            active_units=measures.active_units(found),
            informed_dimensions=spectrum.informed,
            kl_spectrum=spectrum.nats,
            kl_order=spectrum.order,
            curve=self.curve,
            parameters=sum(p.numel() for p in self.model.parameters()),
            cpu_seconds=round(self.cpu_seconds, 2),
        )
        _write(outcome, self.folder)
        (self.folder / CHECKPOINT_FILE).unlink(missing_ok=True)
        return Trained(self.model, outcome)

    def _keep(self, state: State) -> None:
        """Measure the test digits after an epoch, and write a checkpoint."""
        epoch = state.history[-1]
        test = evaluate(self.model, self.test, self.trial.seed)
        self.curve.append(
            Point(
                seen=epoch.epoch * len(self.digits.train),
                train=epoch.log_likelihood - epoch.divergence,
                test=test.log_likelihood - test.divergence,
            )
        )
        progress = {
            "rows": state.rows(),
            "curve": [asdict(point) for point in self.curve],
            "cpu_seconds": self.cpu_seconds,
        }
        metadata = _identity(self.trial, self.digits) | {"progress": json.dumps(progress)}
        save_tensors(self.folder / CHECKPOINT_FILE, state.tensors(), metadata)
        self._begin()

    def _begin(self) -> None:
        """Start the draws of the next epoch, where digits are drawn."""
        if isinstance(self.train_digits, FreshDigits):
            self.train_digits.begin(len(self.state.history) + 1)

    def _restore(self) -> None:
        """Take up the checkpoint of an earlier process, if there is one."""
        path = self.folder / CHECKPOINT_FILE
        if not path.exists():
            return
        tensors, metadata = load_tensors(path)
        _must_be_same(path, metadata, self.trial, self.digits)
        try:
            progress = json.loads(metadata["progress"])
            self.state.restore(tensors, progress["rows"])
            self.curve = [Point(**point) for point in progress["curve"]]
            self.cpu_seconds_before = float(progress["cpu_seconds"])
        except (KeyError, TypeError, ValueError, RuntimeError):
            raise ToySoundError(
                f"'{path}' is damaged or of another version of toysound; --force trains anew"
            ) from None


def _targets(
    trial: Trial, digits: DigitSet, view: Callable[[torch.Tensor], Any]
) -> tuple[FixedDigits | FreshDigits, FixedDigits, FixedDigits]:
    """Return the digits to train on, the first of them as they are measured, the test digits."""
    measured, test = (
        FixedDigits(images, view, binarised=trial.binarised)
        for images in (digits.train.images[:MEASURED_DIGITS], digits.test.images)
    )
    if trial.binarised:
        return FreshDigits(digits.train.images, view, trial.seed), measured, test
    return FixedDigits(digits.train.images, view, binarised=False), measured, test


def _identity(trial: Trial, digits: DigitSet) -> dict[str, str]:
    """Return what decides a training, as the metadata of a file."""
    return {
        "format": "toysound-mnist-1",
        "trial": json.dumps(asdict(trial)),
        "recipe_toml": to_toml(trial.recipe),
        "data": digits.name,
        "data_sha256": digits.sha256,
    }


def _must_be_same(path: Path, metadata: dict[str, str], trial: Trial, digits: DigitSet) -> None:
    mine = _identity(trial, digits)
    differs = [
        what for what in ("format", "trial", "data_sha256") if metadata.get(what) != mine[what]
    ]
    if differs:
        what = {"data_sha256": "digits"}.get(differs[0], differs[0])
        raise ToySoundError(
            f"'{path}' is of another training (its {what} differs from what was asked for); give "
            "another --out, or --force to train anew"
        )


def _write(outcome: Outcome, folder: Path) -> None:
    write_text(folder / OUTCOME_FILE, json.dumps(outcome.to_json(), indent=2) + "\n")


def _finished(trial: Trial, digits: DigitSet, folder: Path) -> Trained | None:
    """Return what an earlier process finished, or None."""
    path = folder / MODEL_FILE
    if not path.exists() or not (folder / OUTCOME_FILE).exists():
        return None
    tensors, metadata = load_tensors(path)
    _must_be_same(path, metadata, trial, digits)
    model = untrained(trial, digits.train.images)
    try:
        model.load_state_dict(tensors)
    except RuntimeError:
        raise ToySoundError(f"'{path}' does not fit its recipe; --force trains anew") from None
    return Trained(model, read_outcome(folder / OUTCOME_FILE))
