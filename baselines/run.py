"""From a recipe and a dataset to a folder with a trained model.

Everything runs on one thread, so that sums are taken in one order and the same seed gives the same
bytes on the same machine; the networks of these baselines are too small to gain from more.

A training that was stopped, by Ctrl-C or by the machine, goes on when it is started again in the
same folder, and ends with the same bytes as an undisturbed one.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.checkpoint import Identity, untrained_vae, vae_of_shape
from baselines.coefficients import TrainingSounds, coefficients_on_disk, walk
from baselines.folder import Progress, RunFolder, Summary
from baselines.model import LatentModel
from baselines.pca import PCA
from baselines.recipes import PcaRecipe, Recipe, VaeRecipe, to_toml
from baselines.representations.protocol import Representation
from baselines.stem import STEMS
from baselines.threads import one_thread
from baselines.training import Epoch, State, evaluate, fit, start
from baselines.vae import VAE, Features
from toysound.dataset import Dataset

#: Seconds between checkpoints.
CHECKPOINT_EVERY_S = 10.0


@dataclass(frozen=True)
class Fitted:
    """What fitting a recipe gives.

    Attributes
    ----------
    model : trained
    history : of its epochs; empty for a model that is fitted in closed form
    best_epoch : the one whose weights were kept, 0 without epochs
    validation_nats, nats_are : as in the summary
    """

    model: LatentModel
    history: list[Epoch]
    best_epoch: int
    validation_nats: float
    nats_are: str


@dataclass
class Job:
    """A training under way.

    Attributes
    ----------
    dataset, representation : the sounds and how they are seen
    folder : where it happens
    seed : of every random draw
    checkpoint_every_s : seconds between checkpoints
    show : draw progress bars where standard error is a terminal
    cpu_seconds_before : processor time of earlier processes
    """

    dataset: Dataset
    representation: Representation
    folder: RunFolder
    seed: int
    checkpoint_every_s: float
    show: bool
    cpu_seconds_before: float = 0.0

    def __post_init__(self) -> None:
        self._started = time.process_time()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all threads so far."""
        return self.cpu_seconds_before + time.process_time() - self._started

    @property
    def validation(self) -> NDArray[np.int64]:
        """The validation sounds; the training sounds where a dataset has none."""
        cells = self.dataset.split("validation")
        return cells if len(cells) else self.dataset.split("train")

    @property
    def sounds(self) -> TrainingSounds:
        """The training sounds, to fit something on."""
        return TrainingSounds(self.dataset, self.representation, self.seed, self.show)


def train(
    recipe: Recipe,
    dataset: Dataset,
    out: Path,
    *,
    seed: int = 0,
    force: bool = False,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    show: bool = False,
) -> tuple[Summary, bool]:
    """Train a baseline, or go on where an earlier process stopped.

    Parameters
    ----------
    recipe : what to train
    dataset : what to train it on
    out : the folder, see :mod:`baselines.folder`
    seed : of every random draw, at least 0
    force : train anew whatever the folder holds
    checkpoint_every_s : seconds between checkpoints; one is taken at the end of an epoch
    show : draw progress bars where standard error is a terminal

    Returns
    -------
    tuple
        The final figures, and whether the training had been finished before.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    ToySoundError
        If it holds another training, the dataset has no training sounds, or the objective is not a
        finite number.
    """
    identity = Identity(
        recipe_toml=to_toml(recipe),
        dataset=dataset.name,
        dataset_version=dataset.version,
        num_sounds=len(dataset),
        sample_rate=dataset.sample_rate,
        num_samples=dataset.num_samples,
        seed=seed,
    )
    folder = RunFolder(out, identity, force)
    if (summary := folder.finished()) is not None:
        return summary, True
    representation = identity.representation()
    job = Job(dataset, representation, folder, seed, checkpoint_every_s, show)
    with one_thread():
        fitted = _FIT[type(recipe)](recipe, job)
        summary = Summary(
            recipe=recipe.name,
            dataset=dataset.name,
            seed=seed,
            epochs=len(fitted.history),
            best_epoch=fitted.best_epoch,
            validation_rmse=_rmse(fitted.model, job),
            rmse_unit=representation.unit,
            cpu_seconds=round(job.cpu_seconds, 2),
            validation_nats=fitted.validation_nats,
            nats_are=fitted.nats_are,
            num_parameters=sum(t.numel() for t in fitted.model.state_dict().values()),
        )
        folder.finish(fitted.model, fitted.history, summary)
    return summary, False


def _fit_pca(recipe: PcaRecipe, job: Job) -> Fitted:
    model = PCA(job.sounds.principal_components(recipe.latent_dim))
    nats = [model.log_likelihood(block) for block in _seen(job.validation, job)]
    return Fitted(model, [], 0, float(torch.cat(nats).double().mean()), "log-likelihood")


def _fit_vae(recipe: VaeRecipe, job: Job) -> Fitted:
    state = _resume(recipe, job)
    train = _features(state.model, job.dataset.split("train"), job)
    validation = _features(state.model, job.validation, job)
    last = time.monotonic()

    def keep(state: State) -> None:
        nonlocal last
        if time.monotonic() - last >= job.checkpoint_every_s:
            _checkpoint(state, job)
            last = time.monotonic()

    fit(state, recipe, train, validation, seed=job.seed, keep=keep, show=job.show)
    means = evaluate(state.model, validation, job.seed)
    bound = means.log_likelihood - means.divergence
    return Fitted(state.model, state.history, state.best_epoch, bound, "ELBO")


#: How a recipe of each kind is fitted.
_FIT: dict[type, Callable[[Any, Job], Fitted]] = {VaeRecipe: _fit_vae, PcaRecipe: _fit_pca}


def _resume(recipe: VaeRecipe, job: Job) -> State:
    """Return the state to go on from: that of the checkpoint, or a new one."""
    progress = job.folder.load_progress()
    if progress is None:
        stem = STEMS[recipe.stem.name].fit(job.sounds, **recipe.stem.options)
        state = start(untrained_vae(recipe, stem, job.seed), recipe.training)
        _checkpoint(state, job)
        return state
    job.cpu_seconds_before = progress.cpu_seconds
    model = vae_of_shape(recipe, progress.tensors, "model.stem.")
    state = start(model, recipe.training)
    state.restore(progress.tensors, progress.rows)
    return state


def _checkpoint(state: State, job: Job) -> None:
    job.folder.save_progress(Progress(state.tensors(), state.rows(), job.cpu_seconds))


def _features(model: VAE, indices: NDArray[np.int64], job: Job) -> Features:
    """Return sounds as the network and the likelihood see them."""
    coordinates, outside = torch.empty(len(indices), model.stem.size), torch.empty(len(indices))
    coefficients: torch.Tensor | None = None
    if not model.compares_coordinates:
        size = model.num_coefficients
        coefficients = coefficients_on_disk(len(indices), size, job.folder.path)
    place = 0
    with torch.no_grad():
        for block in _seen(indices, job):
            rows = slice(place, place + len(block))
            coordinates[rows], outside[rows] = model.stem.project(block)
            if coefficients is not None:
                coefficients[rows] = block
            place += len(block)
    return Features(coordinates, outside, coefficients)


def _seen(indices: NDArray[np.int64], job: Job) -> Iterator[torch.Tensor]:
    return walk(job.dataset, indices, job.representation, "preparing sounds", job.show)


def _rmse(model: LatentModel, job: Job) -> float:
    """Return the root mean square error of the validation sounds, decoded from their means."""
    total = count = 0.0
    with torch.no_grad():
        for block in _seen(job.validation, job):
            decoded = job.representation.clip(model.decode(model.encode(block)[0]))
            total += float((decoded - block).double().square().sum())
            count += block.numel()
    return float((total / count) ** 0.5)
