"""From a recipe and a dataset to a folder with a trained model.

Everything runs on one thread, so that sums are taken in one order and the same seed gives the same
bytes on the same machine; the networks of these baselines are too small to gain from more.

A training that was stopped, by Ctrl-C or by the machine, goes on when it is started again in the
same folder, and ends with the same bytes as an undisturbed one.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray

from baselines.arithmetic import Arithmetic
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
from baselines.folder import (
    AUDIO,
    CODES,
    CURVES_FILE,
    HISTORY_FILE,
    PARTS,
    SPECTRUM_FILE,
    Finished,
    RunFolder,
    Summary,
    open_unturned,
)
from baselines.job import Job, Tensors
from baselines.model import LatentModel
from baselines.monitoring import QUIET, Monitoring, figures
from baselines.monitoring.health import active_units, collapsed, final_warning
from baselines.monitoring.samples import Ends
from baselines.pairs import PairedFeatures, partners, require_factors
from baselines.pca import PCA, PCAS
from baselines.priors import relevance
from baselines.recipes import PcaRecipe, Recipe, VaeRecipe, to_toml
from baselines.recipes.schema import AudioTable, LikelihoodPart
from baselines.representations.protocol import Representation
from baselines.rotation import Rotated, independent_components
from baselines.schedule import NO_PRESSURE
from baselines.stem import STEMS, Stem
from baselines.threads import one_thread
from baselines.training import Epoch, evaluate
from baselines.vae import VAE
from toysound.dataset import Dataset
from toysound.errors import ToySoundError, UsageError
from toysound.progress import say

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

#: By how much coefficients may be outside of a support, relative to the largest.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Fitted:
    """What fitting a model of codes gives.

    Attributes
    ----------
    model : trained
    history : of its epochs; empty for a model that is fitted in closed form
    best_epoch : the one whose weights were kept, 0 without epochs
    validation_nats, nats_are, relevance, active_units, collapsed : as in the summary
    """

    model: VAE | PCA
    history: list[Epoch]
    best_epoch: int
    validation_nats: float
    nats_are: str
    relevance: list[float] | None = None
    active_units: int | None = None
    collapsed: bool = False


def train(
    recipe: Recipe,
    dataset: Dataset,
    out: Path,
    *,
    seed: int = 0,
    force: bool = False,
    turn: Path | None = None,
    checkpoint_every_s: float = CHECKPOINT_EVERY_S,
    arithmetic: Arithmetic | None = None,
    monitoring: Monitoring = QUIET,
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
    turn : folder of a finished training of the same recipe without its rotation: its codes are
        turned, and nothing is trained again; the model is the same either way
    checkpoint_every_s : seconds between checkpoints; one is taken at the end of an epoch
    arithmetic : where and how exactly it computes; single precision on the processor by default
    monitoring : what is written beside the results; figures are drawn of a finished training, too
    show : draw progress bars where standard error is a terminal

    Returns
    -------
    tuple
        The final figures, and whether the training had been finished before.

    Raises
    ------
    ModuleNotFoundError
        If monitoring takes a package that is not installed.
    UsageError
        If the folder cannot be written, or a recipe without a rotation is to ``turn`` something.
    ToySoundError
        If it, or the folder to ``turn``, holds another training, the dataset has no training
        sounds, or too few for batches of at least two where the divergence compares them, the scale
        of the noise is one of another view, or the objective is not a finite number.
    """
    monitoring.require()
    if turn is not None and recipe.rotation is None:
        raise UsageError(
            f"--turn is for recipes with a rotation, and '{recipe.name}' has none; "
            "--set rotation.name=ica gives it one"
        )
    arithmetic = arithmetic or Arithmetic()
    identity = Identity(
        recipe_toml=to_toml(recipe),
        dataset=dataset.name,
        dataset_version=dataset.version,
        num_sounds=len(dataset),
        sample_rate=dataset.sample_rate,
        num_samples=dataset.num_samples,
        seed=seed,
        precision=arithmetic.precision,
    )
    folder = RunFolder(out, identity, force)
    if (summary := folder.finished()) is not None:
        if monitoring.plots:
            _draw(folder)
        if monitoring.during:
            say(
                "the training was finished before: only --plots can still be drawn; --force trains "
                "it anew"
            )
        return summary, True
    views = identity.representation(), identity.audio_representation()
    job = Job(dataset, *views, folder, seed, checkpoint_every_s, show, arithmetic, monitoring)
    with one_thread():
        if turn is None:
            model, histories, summary = _trained(recipe, job)
        else:
            model, histories, summary = open_unturned(turn, identity)
            job.cpu_seconds_before = summary.cpu_seconds
        if recipe.rotation:
            means, _ = _posteriors(model, dataset.split("train"), job)
            least = recipe.rotation.least_variance
            model = Rotated(model, independent_components(means.numpy(), least, seed))
            summary = replace(
                summary,
                recipe=recipe.name,
                validation_rmse=_rmse(model, job),
                num_parameters=_count(model),
                cpu_seconds=round(job.cpu_seconds, 2),
            )
        folder.finish(model, histories, summary)
    if monitoring.plots:
        _draw(folder)
    return summary, False


def _trained(recipe: Recipe, job: Job) -> Finished:
    """Train a model, before its codes are turned."""
    fitted = _FIT[type(recipe)](recipe, job)
    model: LatentModel = fitted.model
    histories = {CODES: fitted.history}
    if recipe.audio:
        audio = _fit_audio(recipe, recipe.audio, fitted.model, job)
        model = PlayedModel(fitted.model, audio.model)
        histories[AUDIO] = audio.history
    summary = Summary(
        recipe=recipe.name,
        dataset=job.dataset.name,
        seed=job.seed,
        epochs=len(fitted.history),
        best_epoch=fitted.best_epoch,
        validation_rmse=_rmse(model, job),
        rmse_unit=job.audio_view.unit,
        cpu_seconds=round(job.cpu_seconds, 2),
        validation_nats=fitted.validation_nats,
        nats_are=fitted.nats_are,
        num_parameters=_count(model),
        audio_epochs=len(histories.get(AUDIO, [])),
        kl=[*fitted.history[fitted.best_epoch - 1].kl] if fitted.history else [],
        relevance=fitted.relevance,
        active_units=fitted.active_units,
        collapsed=fitted.collapsed,
    )
    return Finished(model, histories, summary)


def _count(model: LatentModel) -> int:
    """Return how many numbers a model has learnt."""
    return sum(t.numel() for t in model.state_dict().values())


def _draw(folder: RunFolder) -> None:
    """Draw the figures of a finished training."""
    for part in PARTS:
        files = HISTORY_FILE, CURVES_FILE, SPECTRUM_FILE
        figures.draw(*(folder.path / f"{part}{file}" for file in files))


def _fit_pca(recipe: PcaRecipe, job: Job) -> Fitted:
    sounds = len(job.dataset.split("train"))
    if recipe.latent_dim > max(sounds - 2, 1):  # one is the mean, one is left as noise
        raise ToySoundError(
            f"{recipe.latent_dim} principal components take at least {recipe.latent_dim + 2} "
            f"training sounds, and '{job.dataset.name}' has {sounds}; --set latent_dim=10 takes 10"
        )
    model = PCAS[recipe.model](job.sounds(job.view).principal_components(recipe.latent_dim))
    nats = [model.log_likelihood(block) for block in job.walk(job.validation, job.view)]
    return Fitted(model, [], 0, float(torch.cat(nats).double().mean()), "log-likelihood")


def _fit_vae(recipe: VaeRecipe, job: Job) -> Fitted:
    if DIVERGENCES[recipe.divergence.name].needs_batch:
        _check_batches(recipe, len(job.dataset.split("train")), len(job.validation))

    if recipe.pairs:
        require_factors(job.dataset.space)

    def make(tensors: Tensors | None) -> VAE:
        if tensors is not None:
            return vae_of_shape(recipe, tensors, "model.decoder.stem.", job.view.shape)
        stem = STEMS[recipe.stem.name].fit(job.sounds(job.view), **recipe.stem.options)
        _check_scale(recipe.likelihood, "likelihood", stem, job.view)
        model = untrained_vae(recipe, stem, job.seed)
        _check_support(model.decoder, recipe.likelihood, "likelihood", job.view, job)
        return model

    state = job.resume(CODES, make, recipe.training)
    model = cast(VAE, state.model)
    train, validation = (
        _features(model.decoder, job.view, cells, job)
        for cells in (job.dataset.split("train"), job.validation)
    )
    seen = _paired(train, recipe.pairs.partners, job) if recipe.pairs else train
    ends = Ends(job.view, job.view, lambda seen: model.encode(seen)[0], model.decode)
    job.fit(state, recipe.training, recipe.pressure, seen, validation, ends, CODES)
    if recipe.audio:
        job.checkpoint(state, CODES)
    means = evaluate(model, validation, job.seed)
    weight = 1.0 if recipe.trains == "ELBO" else recipe.divergence.weight
    nats = means.log_likelihood - weight * means.divergence
    if (sentence := final_warning(means.kl)) is not None:
        say(sentence)
    mean, log_variance = _posteriors_of(model, validation)
    return Fitted(
        model=model,
        history=state.history,
        best_epoch=state.best_epoch,
        validation_nats=nats,
        nats_are=recipe.trains,
        relevance=_relevance(log_variance) if recipe.prior else None,
        active_units=active_units(mean),
        collapsed=collapsed(means.kl),
    )


def _paired(sounds: Features, count: int, job: Job) -> PairedFeatures:
    """Return training sounds with partners that share some of their factors."""
    cells, rng = job.dataset.split("train"), np.random.default_rng([job.seed, _PAIRS])
    found = partners(job.dataset.space, cells, count, rng)
    return PairedFeatures(sounds, torch.from_numpy(found), sounds)


def _posteriors_of(model: VAE, sounds: Features) -> tuple[torch.Tensor, torch.Tensor]:
    """Return means and log-variances of the posteriors of sounds, each (N, D)."""
    with torch.no_grad():
        blocks = torch.arange(sounds.num_sounds).tensor_split(math.ceil(sounds.num_sounds / _BLOCK))
        found = [model.posterior(sounds.rows(rows)) for rows in blocks]
    mean, log_variance = zip(*found, strict=True)
    return torch.cat(mean), torch.cat(log_variance)


def _relevance(log_variance: torch.Tensor) -> list[float]:
    """Return how relevant each dimension is, see :mod:`baselines.priors`."""
    return [round(value, 4) for value in relevance(log_variance).tolist()]


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
        model = untrained_audio(recipe, stem, job.seed)
        _check_support(model.decoder, table.likelihood, "audio.likelihood", job.audio_view, job)
        return model

    state = job.resume(AUDIO, make, table.training)
    model = cast(AudioDecoder, state.model)

    def coded(cells: NDArray[np.int64]) -> CodedFeatures:
        sounds = _features(model.decoder, job.audio_view, cells, job)
        return CodedFeatures(*_posteriors(codes, cells, job), sounds)

    train, validation = coded(job.dataset.split("train")), coded(job.validation)
    ends = Ends(
        job.view, job.audio_view, lambda seen: codes.encode(seen.cpu())[0], model.decoder.decode
    )
    job.fit(state, table.training, NO_PRESSURE, train, validation, ends, AUDIO)
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


def _check_support(
    decoder: Decoder, part: LikelihoodPart, field: str, view: Representation, job: Job
) -> None:
    """Refuse a density of other numbers than the coefficients are.

    Raises
    ------
    ToySoundError
        If some of the training sounds have coefficients outside of its support.
    """
    low, high = decoder.likelihood.support
    cells = job.dataset.split("train")
    some = cells[:: math.ceil(len(cells) / _BLOCK)]
    for block in job.walk(some, view):
        least, most = float(block.min()), float(block.max())
        margin = _ROUNDING * max(abs(least), abs(most))
        if least < low - margin or most > high + margin:
            raise ToySoundError(
                f"{field} '{part.name}' is a density of numbers from {low:g} to {high:g}, and "
                f"coefficients of '{view.name}' ({view.unit}) go from {least:.4g} to {most:.4g}; "
                f"such as --set {field}.name={view.likelihood} suits them"
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
    codes: LatentModel, cells: NDArray[np.int64], job: Job
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
