"""Control of one model on one dataset: every number, or the reason why there is none."""

from dataclasses import dataclass, field

import numpy as np

from benchmark.code_metrics import Reading
from benchmark.codes import Plan
from benchmark.control.playing import (
    COLUMNS,
    SAMPLES,
    LatentPlay,
    Playable,
    Played,
    play,
    read_reconstructions,
)
from benchmark.control.readers import Readers, fit_readers
from benchmark.guard import GuardedModel
from benchmark.heard import Heard
from benchmark.protocol import Floats, read_text
from toysound.dataset import Dataset
from toysound.errors import ToySoundError

#: Columns that need a decoder that plays any latent.
_PLAYED = tuple(column.column for column in COLUMNS if column.column != "factor_error")

#: Columns that need to know the factors.
_LABELLED = tuple(c.column for c in COLUMNS if not c.column.startswith("prior_"))


@dataclass(frozen=True, eq=False)
class Control:
    """Control of a model.

    Attributes
    ----------
    readings : every headline column, and ``factor_error_<factor>`` for each factor
    units : of the latter
    latents : what each latent does
    """

    readings: dict[str, Reading]
    units: dict[str, str] = field(default_factory=dict)
    latents: tuple[LatentPlay, ...] = ()


def measure_control(
    model: GuardedModel,
    dataset: Dataset,
    plan: Plan,
    heard: Heard,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Control:
    """Return the control of a model.

    Parameters
    ----------
    model : the model, whose decoder is played
    dataset, plan : its sounds
    heard : its walk over them
    seed : of the samples of the prior
    progress : draw progress bars on a terminal
    """
    try:
        readers = fit_readers(dataset, progress=progress)
    except ToySoundError as error:
        return Control({column.column: Reading(None, str(error)) for column in COLUMNS})
    played = _of_reconstructions(dataset, plan, heard, readers)
    why = _why_not_played(model, heard)
    if why is None and heard.codes is not None:
        playable = _playable(model, dataset, plan, heard, readers, seed)
        more = play(playable, readers, label="control", progress=progress)
        played = Played(
            played.values | more.values, played.intervals | more.intervals, more.latents
        )
    readings = {
        name: Reading(value, interval=played.intervals.get(name))
        for name, value in played.values.items()
        if np.isfinite(value)
    }
    for column in COLUMNS:
        if column.column not in readings:
            reason = _reason(column.column, dataset, why, played)
            readings[column.column] = Reading(None, reason)
    units = {f"factor_error_{axis.name}": axis.error_unit for axis in readers.axes}
    return Control(readings, units, played.latents)


def _of_reconstructions(dataset: Dataset, plan: Plan, heard: Heard, readers: Readers) -> Played:
    if not len(heard.listened) or not readers.axes:
        return Played()
    truth = dataset.classes(plan.test)[:, readers.columns]
    return read_reconstructions(
        readers, heard.listened.astype(np.float64), truth, heard.test_clusters
    )


def _why_not_played(model: GuardedModel, heard: Heard) -> str | None:
    """Return why the latent space cannot be played, or None."""
    if heard.codes is None:
        return read_text(model.model, "opaque_latent") or "its latent is opaque"
    closed = read_text(model.model, "closed")
    if closed is not None:
        return closed
    if not (heard.codes.mean.max(axis=0) > heard.codes.mean.min(axis=0)).any():
        return "no latent varies: the codes are the same for every sound"
    return None


def _playable(
    model: GuardedModel, dataset: Dataset, plan: Plan, heard: Heard, readers: Readers, seed: int
) -> Playable:
    codes = heard.codes
    if codes is None:
        raise ValueError("a model without codes cannot be played")
    prior: Floats | None = None
    prior_audio: Floats | None = None
    if model.offers("prior_sample"):
        prior_audio = model.prior_sample(SAMPLES, seed)
    elif codes.log_variance is not None:
        rng = np.random.default_rng(seed)
        prior = rng.standard_normal((SAMPLES, codes.mean.shape[1])).astype(np.float32)
    return Playable(model.decode, codes.mean, codes.classes, prior, prior_audio, model.sample_rate)


def _reason(column: str, dataset: Dataset, why: str | None, played: Played) -> str:
    if column in _LABELLED and not dataset.labelled:
        return "it needs factors, and this dataset has none"
    if column in _PLAYED and why is not None:
        return why
    if column == "factor_error":
        return "the dataset has no test sounds"
    return "it is not defined for these factors"
