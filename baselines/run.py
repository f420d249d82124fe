"""From a recipe and a dataset to a folder with a trained model.

Everything runs on one thread, so that sums are taken in one order and the same seed gives the same
bytes on the same machine; the networks of these baselines are too small to gain from more.

A training that was stopped, by Ctrl-C or by the machine, goes on when it is started again in the
same folder, and ends with the same bytes as an undisturbed one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.audio_decoder import AudioDecoder, CodedFeatures, PlayedModel
from baselines.checkpoint import (
    Identity,
    audio_of_shape,
    untrained_audio,
    untrained_vae,
    vae_of_shape,
)
from baselines.coefficients import coefficients_on_disk
from baselines.decoder import Decoder, Features
from baselines.divergences import DIVERGENCES
from baselines.folder import AUDIO, CODES, RunFolder, Summary
from baselines.job import Job, Tensors
from baselines.model import LatentModel
from baselines.pairs import PairedFeatures, partners
from baselines.pca import PCA, PCAS
from baselines.priors import relevance
from baselines.recipes import PcaRecipe, Recipe, VaeRecipe, to_toml
from baselines.recipes.schema import AudioTable, LikelihoodPart
from baselines.representations.protocol import Representation
from baselines.rotation import Rotated, independent_components
from baselines.schedule import NO_PRESSURE
from baselines.stem import STEMS, Stem
from baselines.threads import one_thread
from baselines.training import Epoch, evaluate, fit
from baselines.vae import VAE
from toysound.dataset import Dataset
from toysound.errors import ToySoundError

#: Seconds between checkpoints.
CHECKPOINT_EVERY_S = 10.0

#: The spread of coefficients is at least this many times the smallest scale of a likelihood.
_LEAST_RANGE = 10.0

#: Tells the draws of partners from all others by the same seed.
_PAIRS = 0x9A125

#: Sounds that vary less than this, in any unit, are all the same.
_NOTHING = 1e-6

#: Sounds that are encoded at a time.
_BLOCK = 256


@dataclass(frozen=True)
class Fitted:
    """What fitting a model of codes gives.

    Attributes
    ----------
    model : trained
    history : of its epochs; empty for a model that is fitted in closed form
    best_epoch : the one whose weights were kept, 0 without epochs
    validation_nats, nats_are, relevance : as in the summary
    """

    model: VAE | PCA
    history: list[Epoch]
    best_epoch: int
    validation_nats: float
    nats_are: str
    relevance: list[float] | None = None


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
        If it holds another training, the dataset has no training sounds, or too few for batches of
        at least two where the divergence compares them, the scale of the noise is one of another
        view, or the objective is not a finite number.
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
    views = identity.representation(), identity.audio_representation()
    job = Job(dataset, *views, folder, seed, checkpoint_every_s, show)
    with one_thread():
        fitted = _FIT[type(recipe)](recipe, job)
        model: LatentModel = fitted.model
        histories = {CODES: fitted.history}
        if recipe.audio:
            audio = _fit_audio(recipe, recipe.audio, fitted.model, job)
            model = PlayedModel(fitted.model, audio.model)
            histories[AUDIO] = audio.history
        if recipe.rotation:
            means, _ = _posteriors(fitted.model, dataset.split("train"), job)
            least = recipe.rotation.least_variance
            model = Rotated(model, independent_components(means.numpy(), least, seed))
        summary = Summary(
            recipe=recipe.name,
            dataset=dataset.name,
            seed=seed,
            epochs=len(fitted.history),
            best_epoch=fitted.best_epoch,
            validation_rmse=_rmse(model, job),
            rmse_unit=job.audio_view.unit,
            cpu_seconds=round(job.cpu_seconds, 2),
            validation_nats=fitted.validation_nats,
            nats_are=fitted.nats_are,
            num_parameters=sum(t.numel() for t in model.state_dict().values()),
            audio_epochs=len(histories.get(AUDIO, [])),
            kl=[*fitted.history[fitted.best_epoch - 1].kl] if fitted.history else [],
            relevance=fitted.relevance,
        )
        folder.finish(model, histories, summary)
    return summary, False


def _fit_pca(recipe: PcaRecipe, job: Job) -> Fitted:
    model = PCAS[recipe.model](job.sounds(job.view).principal_components(recipe.latent_dim))
    nats = [model.log_likelihood(block) for block in job.walk(job.validation, job.view)]
    return Fitted(model, [], 0, float(torch.cat(nats).double().mean()), "log-likelihood")


def _fit_vae(recipe: VaeRecipe, job: Job) -> Fitted:
    if DIVERGENCES[recipe.divergence.name].needs_batch:
        _check_batches(recipe, len(job.dataset.split("train")), len(job.validation))

    def make(tensors: Tensors | None) -> VAE:
        if tensors is not None:
            return vae_of_shape(recipe, tensors, "model.decoder.stem.", job.view.shape)
        stem = STEMS[recipe.stem.name].fit(job.sounds(job.view), **recipe.stem.options)
        _check_scale(recipe.likelihood, "likelihood", stem, job.view)
        return untrained_vae(recipe, stem, job.seed)

    state = job.resume(CODES, make, recipe.training)
    model = cast(VAE, state.model)
    train, validation = (
        _features(model.decoder, job.view, cells, job)
        for cells in (job.dataset.split("train"), job.validation)
    )
    seen = _paired(train, recipe.pairs.partners, job) if recipe.pairs else train
    fit(
        state, recipe.training, recipe.pressure, seen, validation,
        seed=job.seed, keep=job.keeper(CODES), show=job.show,
    )  # fmt: skip
    if recipe.audio:
        job.checkpoint(state, CODES)
    means = evaluate(model, validation, job.seed)
    weight = 1.0 if recipe.trains == "ELBO" else recipe.divergence.weight
    nats = means.log_likelihood - weight * means.divergence
    found = _relevance(model, validation) if recipe.prior else None
    return Fitted(model, state.history, state.best_epoch, nats, recipe.trains, found)


def _paired(sounds: Features, count: int, job: Job) -> PairedFeatures:
    """Return training sounds with partners that share some of their factors."""
    cells, rng = job.dataset.split("train"), np.random.default_rng([job.seed, _PAIRS])
    found = partners(job.dataset.space, cells, count, rng)
    return PairedFeatures(sounds, torch.from_numpy(found), sounds)


def _relevance(model: VAE, sounds: Features) -> list[float]:
    """Return how relevant each dimension is, see :mod:`baselines.priors`."""
    with torch.no_grad():
        blocks = torch.arange(sounds.num_sounds).tensor_split(math.ceil(sounds.num_sounds / _BLOCK))
        log_variances = [model.posterior(sounds.rows(rows))[1] for rows in blocks]
    return [round(value, 4) for value in relevance(torch.cat(log_variances)).tolist()]


def _check_batches(recipe: VaeRecipe, training: int, validation: int) -> None:
    """Refuse a batch of one sound before any time is spent.

    Raises
    ------
    ToySoundError
        If the smallest batch of an epoch, or the validation sounds, are a single one.
    """
    name, size = recipe.divergence.name, recipe.training.batch_size
    head = f"divergence '{name}' compares the sounds of a batch with each other; "
    if min(training, validation) < 2:
        raise ToySoundError(
            f"{head}there are {training} for training and {validation} for validation, and both "
            "must be at least 2"
        )
    if training // math.ceil(training / size) < 2:
        raise ToySoundError(
            f"{head}{training} of them in batches of at most {size} leave a batch of one: such as "
            f"--set training.batch_size={size + 1} leaves none"
        )


#: How a recipe of each kind is fitted.
_FIT: dict[type, Callable[[Any, Job], Fitted]] = {VaeRecipe: _fit_vae, PcaRecipe: _fit_pca}


class FittedAudio(NamedTuple):
    """A second decoder and the history of its epochs."""

    model: AudioDecoder
    history: list[Epoch]


def _fit_audio(recipe: Recipe, table: AudioTable, codes: VAE | PCA, job: Job) -> FittedAudio:
    def make(tensors: Tensors | None) -> AudioDecoder:
        if tensors is not None:
            return audio_of_shape(recipe, tensors, "model.decoder.stem.", job.audio_view.shape)
        stem = STEMS[table.stem.name].fit(job.sounds(job.audio_view), **table.stem.options)
        _check_scale(table.likelihood, "audio.likelihood", stem, job.audio_view)
        return untrained_audio(recipe, stem, job.seed)

    state = job.resume(AUDIO, make, table.training)
    model = cast(AudioDecoder, state.model)

    def coded(cells: NDArray[np.int64]) -> CodedFeatures:
        sounds = _features(model.decoder, job.audio_view, cells, job)
        return CodedFeatures(*_posteriors(codes, cells, job), sounds)

    train, validation = coded(job.dataset.split("train")), coded(job.validation)
    fit(
        state, table.training, NO_PRESSURE, train, validation,
        seed=job.seed, keep=job.keeper(AUDIO), show=job.show,
    )  # fmt: skip
    return FittedAudio(model, state.history)


def _check_scale(
    part: LikelihoodPart, field: str, stem: Stem, representation: Representation
) -> None:
    """Refuse a scale of noise that was meant for a view with another unit.

    Raises
    ------
    ToySoundError
        If the smallest learned scale is not well below what coefficients vary by.
    """
    smallest = part.options.get("minimum_scale", 0.0)
    learnt = part.options.get("scale") != "fixed" and stem.deviation > _NOTHING
    if not learnt or smallest <= stem.deviation / _LEAST_RANGE:
        return
    raise ToySoundError(
        f"{field}.minimum_scale is {smallest:g}, and coefficients of '{representation.name}' "
        f"({representation.unit}) vary by {stem.deviation:.2g} only: nothing could be learnt below "
        f"it; such as --set {field}.initial_scale={stem.deviation / 3:.1g} "
        f"--set {field}.minimum_scale={stem.deviation / 1000:.1g} suits them"
    )


def _features(
    decoder: Decoder, view: Representation, cells: NDArray[np.int64], job: Job
) -> Features:
    """Return sounds as networks and the likelihood see them."""
    coordinates, outside = torch.empty(len(cells), decoder.stem.size), torch.empty(len(cells))
    coefficients: torch.Tensor | None = None
    if not decoder.compares_coordinates:
        size = decoder.num_coefficients
        coefficients = coefficients_on_disk(len(cells), size, job.folder.path)
    place = 0
    with torch.no_grad():
        for block in job.walk(cells, view):
            rows = slice(place, place + len(block))
            coordinates[rows], outside[rows] = decoder.stem.project(block)
            if coefficients is not None:
                coefficients[rows] = block
            place += len(block)
    return Features(coordinates, outside, coefficients)


def _posteriors(
    codes: VAE | PCA, cells: NDArray[np.int64], job: Job
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return means and deviations of the posteriors of sounds; 0 where a code is a point."""
    means, deviations = [], []
    with torch.no_grad():
        for block in job.walk(cells, job.view):
            mean, log_variance = codes.encode(block)
            means.append(mean)
            deviations.append(
                torch.zeros_like(mean) if log_variance is None else torch.exp(log_variance / 2)
            )
    return torch.cat(means), torch.cat(deviations)


def _rmse(model: LatentModel, job: Job) -> float:
    """Return the root mean square error of the validation sounds, decoded from their means."""
    total = count = 0.0
    blocks = (job.walk(job.validation, view) for view in (job.view, job.audio_view))
    with torch.no_grad():
        for seen, played in zip(*blocks, strict=True):
            decoded = job.audio_view.clip(model.decode(model.encode(seen)[0]))
            total += float((decoded - played).double().square().sum())
            count += played.numel()
    return float((total / count) ** 0.5)
